"""Files that are there whole or not at all, whatever ends the work on them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["followed", "partial_of", "written_whole"]


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A name beside `path` to write to, which becomes `path` when the block ends.

    If the block raises, whatever was at `path` stays, and nothing is left beside it. Errors of the disk pass through.
    A link leads to its file, a file keeps its permissions, and what is no regular file (a pipe, a device) is written
    directly.
    """
    target = followed(path)
    if target.exists() and not target.is_file():
        yield target
        return
    partial = partial_of(target)
    try:
        yield partial
        if target.exists():
            shutil.copymode(target, partial)
        partial.replace(target)
    finally:
        # What is not there any more, or has a name too long to be there, needs no removal.
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def followed(path: Path) -> Path:
    """Where a link leads, be there a file or none yet; any other path as it is."""
    # A pipe of the shell, under /dev/stdout or as `>(...)`, is behind a link, and has no name of its own.
    if not path.is_symlink() or (path.exists() and not path.is_file()):
        return path
    return Path(os.path.realpath(path))


def partial_of(path: Path) -> Path:
    """Where this process writes `path` before it is whole."""
    return path.with_name(f".{path.name}.{os.getpid()}.partial")
