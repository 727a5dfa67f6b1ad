"""What makes two recipes one: the keys of a recipe that may differ between runs of the same system."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

__all__ = ["FREE", "PLACES", "flat", "is_free", "without"]

# Where things lie on a machine. A split's file is none of them: its path tells one such split from another.
PLACES = frozenset({"data.root", "negatives.root", "distillation.runs"})
# And what runs of one system may differ in besides: what people call it, which fold, which seed. A member of an
# ensemble is free in the same keys as a recipe.
FREE = PLACES | {"title", "seed", "split.fold"}
ENSEMBLE = "ensemble"


def is_free(key: str) -> bool:
    """Whether runs of one recipe may differ in this key of `flat`, such as "ensemble.0.negatives.root"."""
    return re.sub(rf"^{ENSEMBLE}\.\d+\.", "", key) in FREE


def without(values: Mapping[str, Any], keys: Collection[str]) -> dict[str, Any]:
    """A recipe's values without these keys, such as "data.root", of its own and of an ensemble's members.

    A group that loses its last key stays, empty: that it is there says something.
    """
    kept: dict[str, Any] = {}
    for key, value in values.items():
        if key in keys:
            continue
        if key == ENSEMBLE and isinstance(value, list | tuple):
            value = [without(member, keys) if isinstance(member, Mapping) else member for member in value]
        elif isinstance(value, Mapping):
            inner = {name.removeprefix(f"{key}.") for name in keys if name.startswith(f"{key}.")}
            value = without(value, inner) if inner else value
        kept[key] = value
    return kept


def flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """A recipe's values by the whole name of their keys: ("optimisation.max_epochs", 50), ("ensemble.0.name", ...)."""
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            value = {str(number): item for number, item in enumerate(value)}
        if isinstance(value, dict):
            yield from flat(value, f"{name}.")
        else:
            yield name, value
