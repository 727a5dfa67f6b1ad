"""Overrides of a recipe's keys, as `--set key.sub=value` gives them."""

from __future__ import annotations

from typing import Any

from genrekit.errors import RecipeError
from genrekit.strict_yaml import YAMLTextError, load_strict_yaml
from genrekit.training.recipes.file import ENSEMBLE

__all__ = ["apply_override"]


def apply_override(values: dict[str, Any], override: str, *, shown: str = "") -> None:
    """Set one key of a recipe's plain values, in place.

    Parameters
    ----------
    values : of the recipe, or of a member of an ensemble
    override : `key.sub=value`, whose value is YAML
    shown : the whole override, where `override` is what is left of it for a member

    Raises
    ------
    RecipeError
        If it is no override, or a key in it is a value and no group.
    """
    key, separator, text = override.partition("=")
    shown = shown or override
    if not separator or not key:
        raise RecipeError(f"--set {shown!r}: expected key=value, such as optimisation.max_epochs=5.")
    *parents, last = key.split(".")
    node = values
    for place, parent in enumerate(parents):
        child = node.setdefault(parent, {})
        if child is None:
            child = node[parent] = {}
        if isinstance(child, list):
            # The members of an ensemble are numbered: ensemble.0.optimisation.max_epochs.
            number, rest = (*key.split(".")[place + 1 :], "")[:2]
            if not (number.isdecimal() and int(number) < len(child) and rest and isinstance(child[int(number)], dict)):
                raise RecipeError(
                    f"--set {shown!r}: {parent!r} is a list of {len(child)}; a key of a member of an ensemble is "
                    f"{ENSEMBLE}.0.key=value."
                )
            apply_override(child[int(number)], override.split(".", place + 2)[-1], shown=shown)
            return
        if not isinstance(child, dict):
            raise RecipeError(f"--set {shown!r}: {parent!r} is a value, not a group of keys.")
        node = child
    try:
        node[last] = load_strict_yaml(text)
    except YAMLTextError as error:
        raise RecipeError(f"--set {shown!r}: the value is not YAML: {error}") from error
