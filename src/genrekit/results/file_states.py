"""What files were when they were classified, and by which model, kept beside the results.

So `--resume` knows which files changed since. `FILE.state` has a JSON line a file: its key, size and time of change; a
line that is an object names the model file by its SHA-256, or says which file's key it is that results have under a
relative name, so that it is known again from another folder. Results of before there were states go on as they did:
their files are taken as unchanged, and those out of reach get null for size and time. Lines are added and none is taken
back: states of files that were heard from another folder must stay.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from genrekit.file_identity import FileState, file_state, same_sound
from genrekit.results.errors import ResultsError
from genrekit.results.result_file import part_of, path_key, path_name
from genrekit.whole_file import written_whole

__all__ = ["FileStates", "States", "read_states", "states_path"]

MODEL_SHA256 = "model_sha256"
NAME, KEY = "name", "key"


def states_path(output: Path) -> Path:
    """Where the states of the files in `output` are."""
    return output.with_name(output.name + ".state")


@dataclass
class States:
    """What is written down beside results; of several lines for one file or name, the last.

    Attributes
    ----------
    of_key : state by `path_key`; None of a file that was taken as unchanged without being in reach
    key_of_name : `path_key` by `path_name`, of files that results have under a relative name
    model_sha256 : of the model file; None if it is not named
    """

    of_key: dict[str, FileState | None] = field(default_factory=dict)
    key_of_name: dict[str, str] = field(default_factory=dict)
    model_sha256: str | None = None

    def key(self, name: str | os.PathLike[str]) -> str:
        """`path_key` of the file that results have under a name, in whatever folder it was heard."""
        return self.key_of_name.get(path_name(name)) or path_key(name)


def read_states(output: Path) -> States | None:
    """The states of the files in `output`; None if there are none."""
    read = _read(states_path(output))
    return read if read.of_key else None


class FileStates:
    """States of the files of one output; lines are appended, and of several for one file the last counts.

    `look` at the files, find out which results are kept, `begin`, and then `record` each file.

    Attributes
    ----------
    known : what an earlier run wrote down
    """

    def __init__(self, output: Path, *, keep: bool, model_sha256: str | None = None) -> None:
        """Read what an earlier run left if `keep`. Lines that cannot be read count as not there.

        Parameters
        ----------
        output : of the results
        keep : whether it is gone on with
        model_sha256 : of the model file; None if somebody else sees to it that there is but one
        """
        self._output, self._path, self._model = output, states_path(output), model_sha256
        # States whose results were removed are of no use.
        keep = keep and (output.is_file() or part_of(output).is_file())
        self.known = _read(self._path) if keep else States()
        self._now: dict[str, FileState] = {}

    def look(self, files: Iterable[str]) -> frozenset[str]:
        """Note what each file is now, before it is read; gives the `path_key` of those that sound otherwise since."""
        changed = set()
        for file in files:
            state = file_state(file)
            if state is None:
                continue
            key = path_key(file)
            self._now[key] = state
            if not same_sound(self.known.of_key.get(key) or state, state):
                changed.add(key)
        return frozenset(changed)

    def begin(self, files: Iterable[str] = (), done: Collection[str] = frozenset()) -> None:
        """Refuse to go on with results that are not of these files or this model, and write down what is known.

        Parameters
        ----------
        files : of this run, looked at
        done : `path_key` of what has results that are kept

        Raises
        ------
        ResultsError : if the earlier run had another model file, a result is of a file of the same name in another
            folder, or the states cannot be written
        """
        known = self.known
        if done and known.model_sha256 and self._model and known.model_sha256 != self._model:
            raise ResultsError(
                f"{self._output} was made with another model file, though of the same name; give another --output"
            )
        if not known.of_key:
            # Without states of their own, results are taken as those of the files that are there.
            known.of_key = {key: self._now.get(key) or file_state(key) for key in sorted(done)}
        elif strange := [file for file in files if self._is_another(file, done)]:
            raise ResultsError(
                f"{self._output} has the result of another {strange[0]}, heard from another folder; go on from there, "
                "or give another --output"
            )
        lines = [json.dumps({MODEL_SHA256: self._model}) + "\n"] if self._model else []
        lines += [_line(key, state) for key, state in known.of_key.items()]
        lines += [_name_line(name, key) for name, key in known.key_of_name.items()]
        with _told(self._path), written_whole(self._path) as partial:
            partial.write_text("".join(lines), encoding="utf-8")

    def record(self, file: str) -> None:
        """Write down what a file was when it was looked at, and its name; called before its result is written."""
        key = path_key(file)
        # A file that was out of reach then has been read since.
        state = self._now.get(key) or file_state(file)
        lines = _line(key, state) if state is not None else ""
        if (name := path_name(file)) != key:
            lines += _name_line(name, key)
        if lines:
            with _told(self._path), self._path.open("a", encoding="utf-8") as stream:
                stream.write(lines)

    def _is_another(self, file: str, done: Collection[str]) -> bool:
        """Whether what is kept under the name of a file is another's, heard from another folder."""
        key = path_key(file)
        return key not in self.known.of_key if key in done else self.known.key(file) in done


def _read(path: Path) -> States:
    """What a file says; nothing if there is no such file."""
    states = States()
    if not path.is_file():
        return states
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            values = json.loads(line)
            if not isinstance(values, dict):
                key, size_bytes, mtime_ns = values
                states.of_key[str(key)] = None if size_bytes is None else FileState(int(size_bytes), int(mtime_ns))
            elif NAME in values:
                states.key_of_name[str(values[NAME])] = str(values[KEY])
            else:
                states.model_sha256 = str(values[MODEL_SHA256])
        except (ValueError, TypeError, KeyError):
            continue
    return states


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ResultsError(f"cannot write results to {path}: {error.strerror or error}") from error


def _line(key: str, state: FileState | None) -> str:
    return json.dumps([key, *(state or (None, None))]) + "\n"


def _name_line(name: str, key: str) -> str:
    return json.dumps({NAME: name, KEY: key}) + "\n"
