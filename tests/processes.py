"""Looking at other processes, in /proc."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def children_of(pid: int) -> list[int]:
    """Processes that a process has started; none where there is no /proc, or once it has ended."""
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # a thread may end while it is looked at
            found += map(int, children.read_text().split())
    return found


def workers_of(pid: int) -> list[int]:
    """Those that a process spawned for work, found by their command line; its resource tracker is none."""
    found = []
    for child in children_of(pid):
        with suppress(OSError):
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(child)
    return found


def is_running(pid: int) -> bool:
    """Whether it is there and has not ended; one that ended, and that nobody has asked for its exit code, is there."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
