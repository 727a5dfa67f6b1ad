"""How far long work is: the function that it calls, and that whoever shows it gives."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Progress"]

Progress = Callable[[int, int, str], None]
"""Is called with the steps that are done, their total, and what was done last."""
