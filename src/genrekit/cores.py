"""How many processors this process may use: fewer than the machine has, in a container or under `taskset`."""

from __future__ import annotations

import math
import os
from contextlib import suppress
from pathlib import Path

__all__ = ["usable_cores"]

CGROUPS = Path("/sys/fs/cgroup")


def usable_cores(cgroups: Path = CGROUPS) -> int:
    """Processors that the system lets this process run on, at least 1; all of the machine's where it does not tell.

    Parameters
    ----------
    cgroups : Linux's folder of control groups, where a container's quota of processor time stands
    """
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(n_cores, _quota_cores(cgroups))))


def _quota_cores(cgroups: Path) -> float:
    """Seconds of processor time a second; infinite where there is no quota."""
    for names in (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):  # version 2, version 1
        with suppress(OSError, ValueError):
            quota, period = " ".join((cgroups / name).read_text(encoding="ascii") for name in names).split()
            if int(quota) > 0 and int(period) > 0:
                return int(quota) / int(period)
    return math.inf
