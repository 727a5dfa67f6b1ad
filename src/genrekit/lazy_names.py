"""Names that a package hands on: imported when they are first used, so that importing the package is quick."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

__all__ = ["lazy_names"]


# What such a package is made with, and does not hand on: no completion should offer it.
MEANS = frozenset({"TYPE_CHECKING", "annotations", "lazy_names"})


def lazy_names(
    package: str, homes: Mapping[str, Sequence[str]], *, rooms: Sequence[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and the `__dir__` of a package.

    To be hidden from type checkers, which would take any name for one that is there.

    Parameters
    ----------
    package : its ``__name__``
    homes : modules of the package, and the names that each gives
    rooms : packages within it, which are imported by being named, too
    """
    home_of = {name: module for module, names in homes.items() for name in names}

    def get(name: str) -> Any:
        if name in home_of:
            return getattr(import_module(f"{package}.{home_of[name]}"), name)
        if name in rooms:
            return import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *home_of, *rooms} - MEANS)

    return get, names
