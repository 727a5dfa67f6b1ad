"""Training: strict recipes, data held in memory and cut into batches as tensors, and run folders that can be continued.

`prepare` checks a recipe against its data and proves its split; `train` makes or finishes the `Run`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from genrekit.lazy_names import lazy_names

if TYPE_CHECKING:
    from genrekit.training.preparation import Prepared, prepare
    from genrekit.training.recipes.recipe import Recipe, load_recipe, parse_recipe
    from genrekit.training.recipes.shipped import shipped_recipes
    from genrekit.training.run import Run
    from genrekit.training.trainer import load_network, train

__all__ = [
    "Prepared",
    "Recipe",
    "Run",
    "load_network",
    "load_recipe",
    "parse_recipe",
    "prepare",
    "shipped_recipes",
    "train",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "preparation": ("Prepared", "prepare"),
            "recipes.recipe": ("Recipe", "load_recipe", "parse_recipe"),
            "run": ("Run",),
            "recipes.shipped": ("shipped_recipes",),
            "trainer": ("load_network", "train"),
        },
    )
