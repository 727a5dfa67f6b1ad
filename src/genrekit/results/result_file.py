"""Results in a file: written line by line to `FILE.part`, which becomes `FILE` only when all is done.

So a file of that name is always whole, and what an interrupted run had done is kept for `resume`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from genrekit.results.errors import ResultsError
from genrekit.whole_file import written_whole

__all__ = ["ResultFile", "part_of", "path_key", "path_name"]


class ResultFile:
    """`path`, being written. Use it as a context manager; `finish` makes it whole, leaving without it keeps the part.

    A path that exists and is no regular file (a pipe, a device) is written directly.
    """

    def __init__(self, path: Path, *, text: str = "") -> None:
        """Open the part, with `text` that is kept of an earlier run; ResultsError if that cannot be done."""
        self.path = path
        self._direct = path.exists() and not path.is_file()
        self.part = path if self._direct else part_of(path)
        self._stream: TextIO = self._guard(lambda: self._open(text))

    def write(self, text: str) -> None:
        """Append `text` and hand it to the system, so that a kill loses nothing of it; ResultsError on a full disk."""

        def write() -> None:
            self._stream.write(text)
            self._stream.flush()

        self._guard(write)

    def finish(self) -> None:
        """Give the part its name; ResultsError if that fails, and the part stays."""

        def finish() -> None:
            if not self._direct:
                os.fsync(self._stream.fileno())
            self._stream.close()
            if not self._direct:
                self.part.replace(self.path)

        self._guard(finish)

    def __enter__(self) -> ResultFile:
        return self

    def __exit__(self, *_: object) -> None:
        # What could not be flushed has been reported by `write` already.
        with contextlib.suppress(OSError):
            self._stream.close()

    def _open(self, text: str) -> TextIO:
        if self._direct:
            return self.path.open("w", encoding="utf-8", newline="")
        # The part is replaced whole, so that a kill here cannot lose what the earlier run had done.
        with written_whole(self.part) as fresh, fresh.open("w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        return self.part.open("a", encoding="utf-8", newline="")

    def _guard(self, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except OSError as error:
            kept = f"; what was done is in {self.part}" if self.part.is_file() and not self._direct else ""
            raise ResultsError(f"cannot write results to {self.path}: {error.strerror or error}{kept}") from error


def part_of(path: Path) -> Path:
    """Where `path` is while it is being written."""
    return path.with_name(path.name + ".part")


def path_key(path: str | os.PathLike[str]) -> str:
    """The same text for the same file, named from the same folder or in full, also if its name is not UTF-8."""
    return path_name(Path(path).absolute())


def path_name(path: str | os.PathLike[str]) -> str:
    """A name of a file as text that all formats of results can hold, and the same for what they have made of it."""
    return str(Path(path)).encode("utf-8", "backslashreplace").decode("utf-8")
