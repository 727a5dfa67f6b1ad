"""One process a run: a lock that the operating system gives up with its process, so that none is ever stale."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from genrekit.errors import RunError
from genrekit.training.run import Run

__all__ = ["RunBusyError", "hold", "is_held"]


LOOK_S = 1.0


class RunBusyError(RunError):
    """Another process is training this very run."""


def lock_path(run: Run) -> Path:
    """The lock's file, beside the run folder: a finished run folder holds nothing of it."""
    return run.folder.parent / f".{run.folder.name}.lock"


@contextmanager
def hold(run: Run) -> Iterator[None]:
    """Keep other processes from training this run, until the end of the block or of the process.

    Raises
    ------
    RunBusyError
        If another process holds it.
    RunError
        If the folder of runs cannot be written.
    """
    path = lock_path(run)
    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Who only looks whether it is held (`is_held`) holds it for a moment.
        lock.acquire(timeout=LOOK_S, poll_interval=LOOK_S / 20)
    except Timeout:
        raise RunBusyError(f"Another process is training {run.folder}; wait for it, or stop it.") from None
    except OSError as error:
        raise RunError(
            f"Cannot lock {run.folder}: {error.strerror or error}. Choose another folder (--runs)."
        ) from error
    try:
        yield
    finally:
        if run.done:
            # Removed while it is held: who waits for it looks again whether the run is done.
            path.unlink(missing_ok=True)
        lock.release()


def is_held(run: Run) -> bool:
    """Whether some process is training this run right now; no, as far as is known, where this one may not ask."""
    path = lock_path(run)
    if not path.is_file():
        return False
    try:
        with FileLock(path, blocking=False):
            return False
    except Timeout:
        return True
    except OSError:
        return False
