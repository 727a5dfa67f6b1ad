"""What files were when they were classified, kept beside the results, so that `--resume` knows those that changed.

`FILE.state` has a JSON line a file: its key, size and time of change. A file whose state is not there is taken as
unchanged, so that results of before go on as they did.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from genrekit.inference.result_file import OutputError, path_key
from genrekit.whole_file import written_whole

__all__ = ["FileStates", "states_path"]


def states_path(output: Path) -> Path:
    """Where the states of the files in `output` are."""
    return output.with_name(output.name + ".state")


class FileStates:
    """States of the files of one output; lines are appended, and of several for one file the last counts."""

    def __init__(self, output: Path, *, keep: bool) -> None:
        """Read what an earlier run left if `keep`, else begin anew. Lines that cannot be read count as not there."""
        self._path = states_path(output)
        self._known: dict[str, tuple[int, int]] = {}
        if keep and self._path.is_file():
            for line in self._path.read_text(encoding="utf-8", errors="replace").splitlines():
                try:
                    key, size_bytes, mtime_ns = json.loads(line)
                    self._known[str(key)] = (int(size_bytes), int(mtime_ns))
                except (ValueError, TypeError):
                    continue
        self._now: dict[str, tuple[int, int]] = {}
        text = "".join(_line(key, state) for key, state in self._known.items())
        with _told(self._path), written_whole(self._path) as partial:
            partial.write_text(text, encoding="utf-8")

    def look(self, files: Iterable[str]) -> frozenset[str]:
        """Note what each file is now, before it is read; gives the `path_key` of those that changed since."""
        changed = set()
        for file in files:
            state = _state(file)
            if state is None:
                continue
            key = path_key(file)
            self._now[key] = state
            if self._known.get(key, state) != state:
                changed.add(key)
        return frozenset(changed)

    def record(self, file: str) -> None:
        """Write down the state that a file had when it was looked at; called before its result is written."""
        key = path_key(file)
        state = self._now.get(key)
        if state is not None:
            with _told(self._path), self._path.open("a", encoding="utf-8") as stream:
                stream.write(_line(key, state))


def _state(file: str) -> tuple[int, int] | None:
    try:
        status = os.stat(file)  # noqa: PTH116 - a Path would tidy the name
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot write results to {path}: {error.strerror or error}") from error


def _line(key: str, state: tuple[int, int]) -> str:
    return json.dumps([key, *state]) + "\n"
