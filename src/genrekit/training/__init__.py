"""Training: strict recipes, data held in memory and cut into batches as tensors, and run folders that can be continued.

`prepare` checks a recipe against its data and proves its split; `train` makes or finishes the `Run`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genrekit.training.recipe import Recipe, load_recipe
    from genrekit.training.run import Run
    from genrekit.training.trainer import Prepared, predict, prepare, train

__all__ = ["Prepared", "Recipe", "Run", "load_recipe", "predict", "prepare", "train"]

_HOMES = {"Recipe": "recipe", "load_recipe": "recipe", "Run": "run"}


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'trainer')}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
