"""By what a file is known to have changed, without reading it."""

from __future__ import annotations

import os
from typing import NamedTuple

__all__ = ["FileState", "file_state"]


class FileState(NamedTuple):
    """Size and time of the last change."""

    size_bytes: int
    mtime_ns: int


def file_state(path: str | os.PathLike[str]) -> FileState | None:
    """What a file is now; None if there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116 - a Path would tidy the name
    except (OSError, ValueError):
        return None
    return FileState(status.st_size, status.st_mtime_ns)
