"""By what a file is known again: its size and time, without reading it, or its content."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

__all__ = ["FileState", "file_sha256", "file_state"]


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


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal; OSError if it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
