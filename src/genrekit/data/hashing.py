"""Identity of files: SHA-256, read no more than needed."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

__all__ = ["file_sha256", "hash_possible_copies"]


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def hash_possible_copies(paths: Iterable[Path]) -> dict[Path, str]:
    """SHA-256 of the files that share their size with another; the rest can have no copy and are not read.

    Files that cannot be read are left out.
    """
    by_size: dict[int, list[Path]] = defaultdict(list)
    for path in paths:
        try:
            by_size[path.stat().st_size].append(path)
        except OSError:
            continue
    hashes = {}
    for size, alike in by_size.items():
        if size == 0 or len(alike) < 2:
            continue
        for path in alike:
            try:
                hashes[path] = file_sha256(path)
            except OSError:
                continue
    return hashes
