"""How many processors this process may use: fewer than the machine has, in a container or under `taskset`."""

from __future__ import annotations

import os

__all__ = ["usable_cores"]


def usable_cores() -> int:
    """Processors that the system lets this process run on, at least 1; all of the machine's where it does not tell."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
