"""What files were when they were classified, and by which model, kept beside the results.

So `--resume` knows which files changed since. `FILE.state` has a JSON line a file: its key, size and time of change; a
line that is an object names the model file by its SHA-256. Results of before there were states go on as they did: their
files are taken as unchanged, and those out of reach get null for size and time. Lines are added and none is taken back:
states of files that were heard from another folder must stay.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from genrekit.file_identity import FileState, file_state, same_sound
from genrekit.results.errors import ResultsError
from genrekit.results.result_file import part_of, path_key
from genrekit.whole_file import written_whole

__all__ = ["FileStates", "read_states", "states_path"]

MODEL_SHA256 = "model_sha256"


def states_path(output: Path) -> Path:
    """Where the states of the files in `output` are."""
    return output.with_name(output.name + ".state")


def read_states(output: Path) -> dict[str, FileState | None] | None:
    """States by `path_key`, of several for one file the last; None if nothing was written down.

    The state of a file that was taken as unchanged without being in reach is None.
    """
    read = _read(states_path(output))
    return (read[0] or None) if read is not None else None


class FileStates:
    """States of the files of one output; lines are appended, and of several for one file the last counts.

    `look` at the files, find out which results are kept, `begin`, and then `record` each file.
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
        self._known, self._known_model = (_read(self._path) if keep else None) or ({}, None)
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
            if not same_sound(self._known.get(key) or state, state):
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
        if done and self._known_model and self._model and self._known_model != self._model:
            raise ResultsError(
                f"{self._output} was made with another model file, though of the same name; give another --output"
            )
        if not self._known:
            # Without states of their own, results are taken as those of the files that are there.
            self._known = {key: self._now.get(key) or file_state(key) for key in sorted(done)}
        elif strange := [file for file in files if path_key(file) in done and path_key(file) not in self._known]:
            raise ResultsError(
                f"{self._output} has the result of another {strange[0]}, heard from another folder; go on from there, "
                "or give another --output"
            )
        lines = [json.dumps({MODEL_SHA256: self._model}) + "\n"] if self._model else []
        lines += [_line(key, state) for key, state in self._known.items()]
        with _told(self._path), written_whole(self._path) as partial:
            partial.write_text("".join(lines), encoding="utf-8")

    def record(self, file: str) -> None:
        """Write down the state that a file had when it was looked at; called before its result is written."""
        key = path_key(file)
        # A file that was out of reach then has been read since.
        state = self._now.get(key) or file_state(file)
        if state is not None:
            with _told(self._path), self._path.open("a", encoding="utf-8") as stream:
                stream.write(_line(key, state))


def _read(path: Path) -> tuple[dict[str, FileState | None], str | None] | None:
    """The states in a file and the model that it names; None if there is no such file."""
    if not path.is_file():
        return None
    states: dict[str, FileState | None] = {}
    model: str | None = None
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            values = json.loads(line)
            if isinstance(values, dict):
                model = str(values[MODEL_SHA256])
                continue
            key, size_bytes, mtime_ns = values
            states[str(key)] = None if size_bytes is None else FileState(int(size_bytes), int(mtime_ns))
        except (ValueError, TypeError, KeyError):
            continue
    return states, model


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ResultsError(f"cannot write results to {path}: {error.strerror or error}") from error


def _line(key: str, state: FileState | None) -> str:
    return json.dumps([key, *(state or (None, None))]) + "\n"
