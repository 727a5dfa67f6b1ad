"""SHA-256 of files that may be copies; no more are read than needed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from pathlib import Path

from genrekit.file_identity import file_sha256

__all__ = ["hash_of_sizes", "hash_possible_copies"]


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
    return _hashes(path for size, alike in by_size.items() if size > 0 and len(alike) > 1 for path in alike)


def hash_of_sizes(paths: Iterable[Path], sizes: Collection[int]) -> dict[Path, str]:
    """SHA-256 of the files that have one of these sizes in bytes; the rest is no copy of theirs and is not read.

    Files that cannot be read are left out.
    """

    def fits(path: Path) -> bool:
        try:
            return path.stat().st_size in sizes
        except OSError:
            return False

    return _hashes(path for path in paths if fits(path))


def _hashes(paths: Iterable[Path]) -> dict[Path, str]:
    hashes = {}
    for path in paths:
        try:
            hashes[path] = file_sha256(path)
        except OSError:
            continue
    return hashes
