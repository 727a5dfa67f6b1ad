"""Files that are there whole or not at all, whatever ends the work on them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["partial_of", "written_whole"]


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A name beside `path` to write to, which becomes `path` when the block ends.

    If the block raises, whatever was at `path` stays, and nothing is left beside it. Errors of the disk pass through.
    """
    partial = partial_of(path)
    try:
        yield partial
        partial.replace(path)
    finally:
        # What is not there any more, or has a name too long to be there, needs no removal.
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def partial_of(path: Path) -> Path:
    """Where this process writes `path` before it is whole."""
    return path.with_name(f".{path.name}.{os.getpid()}.partial")
