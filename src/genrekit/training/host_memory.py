"""Keeping freed memory in the process, which makes training on a CPU about twice as fast."""

from __future__ import annotations

import ctypes
import sys

__all__ = ["keep_freed_memory"]

# Names and numbers from glibc's malloc.h.
_M_TRIM_THRESHOLD = -1
_M_TOP_PAD = -2
_M_MMAP_MAX = -4
_NEVER = 2**31 - 1
_GROW_BY_BYTES = 64 << 20


def keep_freed_memory() -> bool:
    """Tell the C library to keep what is freed; True if it does, False where it is not glibc (nothing is changed then).

    A training step on a CPU allocates and frees the same feature maps again and again, tens to hundreds of megabytes
    each. By default glibc hands such blocks back to the system at once, and at the next step the system clears every
    page anew, which takes longer than most operations on them. The setting holds for the whole process and cannot be
    taken back; the process then keeps its highest memory use until it ends. Call it once, before training.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:
        return False
    settings = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, _NEVER), (_M_TOP_PAD, _GROW_BY_BYTES))
    accepted = [mallopt(name, value) == 1 for name, value in settings]
    return all(accepted)
