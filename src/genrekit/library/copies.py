"""The hidden copies that files are replaced by: made so that one which a kill has left behind can be told and removed.

A copy's name ends with a checksum of itself, so that no name of anybody else's is taken for one. While a process works
on a copy it holds a lock of the operating system on it, which ends with the process however that ends: a copy that
nobody holds is left over. Windows lacks such locks; there, nothing is ever found left over.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

if sys.platform != "win32":
    import fcntl

__all__ = ["find_leftovers", "is_copy_name", "new_copy", "remove_leftover"]

PREFIX = ".genrekit-"
NAME = re.compile(re.escape(PREFIX) + r"(?P<drawn>[0-9a-f]{12})-(?P<check>[0-9a-f]{8})(?P<suffix>(\..*)?)", re.DOTALL)
ATTEMPTS = 100
PRIVATE = 0o600


def is_copy_name(name: str) -> bool:
    """Whether a file name is one that `new_copy` makes."""
    match = NAME.fullmatch(name)
    return match is not None and match["check"] == _check(match["drawn"], match["suffix"])


@contextlib.contextmanager
def new_copy(folder: Path, suffix: str) -> Iterator[Path]:
    """An empty file that this process holds until the end, under whatever name it has then.

    Raises
    ------
    OSError : if none can be made in the folder
    """
    for _ in range(ATTEMPTS):
        drawn = secrets.token_hex(6)
        path = folder / f"{PREFIX}{drawn}-{_check(drawn, suffix)}{suffix}"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), PRIVATE)
        except FileExistsError:
            continue
        if sys.platform == "win32":
            # An open file could not take another's name.
            os.close(descriptor)
            yield path
            return
        try:
            try:
                # Between its making and its lock, another process may have taken it for left over.
                ours = _locked(descriptor) and _is_named(descriptor, path)
            except OSError:
                # A disk without locks: nobody finds anything left over there.
                ours = True
            if ours:
                yield path
                return
            path.unlink(missing_ok=True)
        finally:
            os.close(descriptor)
    raise FileExistsError(f"no free name for a copy in {folder}")


def find_leftovers(folders: Iterable[Path]) -> list[Path]:
    """Copies in these folders (not below them) on which no living process works."""
    return [path for folder in dict.fromkeys(folders) for path in _copies(folder) if _is_left(path)]


def remove_leftover(path: Path) -> bool:
    """Remove one of `find_leftovers`, if it still is one.

    Raises
    ------
    OSError : if it cannot be removed
    """
    with _taken(path) as taken:
        if taken:
            path.unlink()
        return taken


def _check(drawn: str, suffix: str) -> str:
    return hashlib.sha256(os.fsencode(f"{PREFIX}{drawn}{suffix}")).hexdigest()[:8]


def _copies(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(folder / entry.name for entry in entries if is_copy_name(entry.name))
    except OSError:
        return []


def _is_left(path: Path) -> bool:
    # One that may not be opened cannot be told from one in use, and neither can one on a disk without locks.
    with contextlib.suppress(OSError), _taken(path) as taken:
        return taken
    return False


@contextlib.contextmanager
def _taken(path: Path) -> Iterator[bool]:
    """Whether it is a copy that nobody held; it is held here then."""
    if sys.platform == "win32" or not is_copy_name(path.name):
        yield False
        return
    # For writing, because NFS locks for writing alone what is open for it.
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        alone = stat.S_ISREG(status.st_mode) and status.st_nlink == 1
        yield alone and _locked(descriptor) and _is_named(descriptor, path)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    """Lock it, unless another process has; OSError on a disk without locks."""
    if sys.platform != "win32":
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _is_named(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except OSError:
        return False
