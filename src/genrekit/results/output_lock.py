"""One run an output: a lock of the operating system that ends with its process, so that none is ever stale."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from genrekit.audio import display_name
from genrekit.results.errors import ResultsError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["hold_output"]


@contextlib.contextmanager
def hold_output(path: Path) -> Iterator[None]:
    """Keep every other run from writing `path`, its part and its states.

    A path that exists and is no regular file (a pipe, a device) is not held: several may well write there. Neither is
    one on a disk that knows no locks.

    Raises
    ------
    ResultsError : if another run writes it, or its folder cannot be written
    """
    if path.exists() and not path.is_file():
        yield
        return
    beside = path.with_name(f".{path.name}.lock")
    descriptor = _taken(path, beside)
    try:
        yield
    finally:
        # Removed while it is held, so that nobody waits on a name that is gone; Windows removes none that is open.
        with contextlib.suppress(OSError):
            beside.unlink()
        os.close(descriptor)


def _taken(path: Path, beside: Path) -> int:
    while True:
        try:
            descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        except OSError as error:
            raise ResultsError(f"cannot write results to {path}: {error.strerror or error}") from error
        try:
            _lock(descriptor)
        except (BlockingIOError, PermissionError):
            os.close(descriptor)
            raise ResultsError(
                f"{display_name(path)}: another genrekit writes it right now; wait for it, or give another --output"
            ) from None
        except OSError:
            return descriptor
        # Whoever held it before may have removed the name between the opening here and the lock.
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(descriptor), beside.stat()):
                return descriptor
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
