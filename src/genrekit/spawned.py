"""Spawned processes and their parent: Ctrl-C is the parent's to hear, none outlives it, and a death has a reason."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import parent_process, resource_tracker
from multiprocessing.connection import wait

__all__ = ["ctrl_c_blocked", "leave_to_parent", "why_it_ended"]


@contextmanager
def ctrl_c_blocked() -> Iterator[None]:
    """Processes started meanwhile do not hear Ctrl-C, not even before `leave_to_parent` sees to that."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which lets the signal through again once it has started itself
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def leave_to_parent() -> None:
    """In the process: pass over Ctrl-C, which reaches the whole group, and end when the parent does, even if killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="genrekit-parent", daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    wait([parent.sentinel])
    # At once: the main thread may be deep in a computation, or wait for a disk that hangs.
    os._exit(1)


def why_it_ended(exit_code: int | None) -> str:
    """In words, from an exit code as `multiprocessing` has it: negative for a signal, None if there is none yet."""
    if exit_code is None or exit_code >= 0:
        return "the process ended" if exit_code is None else f"the process ended with code {exit_code}"
    with suppress(ValueError):
        name = signal.Signals(-exit_code).name
        return f"{name}, for want of memory perhaps" if name == "SIGKILL" else name
    return f"signal {-exit_code}"
