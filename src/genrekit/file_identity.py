"""By what a file is known again: its size and time, without reading it, or its content."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

__all__ = ["FileState", "file_sha256", "file_state", "same_sound"]

# What writing a genre may change of a size: the text, a new tag's padding (1 KiB and 0.1 % of the file), and padding
# that was there and is given up.
TAG_BYTES = 65_536
TAG_SHARE = 0.002


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


def same_sound(was: FileState, now: FileState) -> bool:
    """Whether a file sounds as it did, as far as that can be told without reading it.

    Tags that genrekit writes keep the time and change the size a little; whoever else writes changes the time. The size
    counts all the same, since files of an archive or on a simple disk may have one time, and one may take another's
    name.
    """
    tag_bytes = TAG_BYTES + TAG_SHARE * was.size_bytes
    return now.mtime_ns == was.mtime_ns and abs(now.size_bytes - was.size_bytes) <= tag_bytes


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal; OSError if it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
