"""Which network a model is, as one value that is stored in its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from genrekit.errors import RecipeError
from genrekit.features.strict import read_strict

__all__ = ["ModelSpec"]


@dataclass(frozen=True)
class ModelSpec:
    """A network by its name in the registry, its sizes and its options.

    Attributes
    ----------
    name : name in `genrekit.models.registry.MODELS`, or "module:Class" of one's own
    n_classes : genres, at least 1
    n_bins : rows of the features, at least 1
    n_columns : columns of the features; None for a network that takes any number (it pools over time)
    options : fields of the network's options; those left out take their defaults

    Raises
    ------
    RecipeError : if a size is not positive
    """

    name: str
    n_classes: int
    n_bins: int
    n_columns: int | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for label, value in (("n_classes", self.n_classes), ("n_bins", self.n_bins), ("n_columns", self.n_columns)):
            if value is not None and value < 1:
                raise RecipeError(f"model spec: {label} is {value}; expected at least 1")

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON values; `from_dict` of it gives an equal value."""
        return {
            "name": self.name,
            "n_classes": self.n_classes,
            "n_bins": self.n_bins,
            "n_columns": self.n_columns,
            "options": dict(self.options),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ModelSpec:
        """The inverse of `to_dict`; an unknown key is a RecipeError that names the nearest."""
        return read_strict(cls, values, what="model spec")
