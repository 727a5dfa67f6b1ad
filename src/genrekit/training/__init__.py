"""Training: strict recipes, data held in memory and cut into batches as tensors, and run folders that can be continued.

`prepare` checks a recipe against its data and proves its split; `train` makes or finishes the `Run`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genrekit.training.prediction import predict
    from genrekit.training.preparation import Prepared, prepare
    from genrekit.training.recipe import Recipe, load_recipe
    from genrekit.training.run import Run
    from genrekit.training.trainer import train

__all__ = ["Prepared", "Recipe", "Run", "load_recipe", "predict", "prepare", "train"]

_HOMES = {
    "Prepared": "preparation",
    "Recipe": "recipe",
    "Run": "run",
    "load_recipe": "recipe",
    "predict": "prediction",
    "prepare": "preparation",
    "train": "trainer",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
