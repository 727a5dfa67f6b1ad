"""What is to be trained: recipes x folds x seeds, each a resolved recipe with its run folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from genrekit.data.splits.makers import SPLITS
from genrekit.data.splits.split import read_split
from genrekit.errors import DataError, NoSuchDataError, RecipeError
from genrekit.suggestion import did_you_mean
from genrekit.training.recipes.recipe import Recipe
from genrekit.training.run import Run

__all__ = ["Plan", "PlannedRun", "contaminated_mark", "make_plan", "parse_folds", "parse_seeds"]


@dataclass(frozen=True)
class PlannedRun:
    """One run of a plan.

    Attributes
    ----------
    recipe : resolved, with its fold and seed
    run : the folder that it has or will have
    """

    recipe: Recipe
    run: Run

    def __repr__(self) -> str:
        return f"<PlannedRun {self.label}: {self.run.folder}>"

    @property
    def name(self) -> str:
        """Name of the run folder; unique in a plan."""
        return self.run.folder.name

    @cached_property
    def label(self) -> str:
        """For people: recipe, fold and seed; and whether excerpts of one track lie in several parts."""
        return (
            f"{contaminated_mark(self.recipe)}{self.recipe.name} fold {self.recipe.split.fold} seed {self.recipe.seed}"
        )


@dataclass(frozen=True)
class Plan:
    """All runs of an experiment in the order in which they are trained: all folds of a seed before the next seed."""

    runs: tuple[PlannedRun, ...]

    def __len__(self) -> int:
        return len(self.runs)

    def __repr__(self) -> str:
        first = ", ".join(run.label for run in self.runs[:3])
        return f"<Plan, runs: {len(self)}; {first}{', ...' if len(self) > 3 else ''}>"


def contaminated_mark(recipe: Recipe) -> str:
    """What stands before all that is made by a recipe whose split mixes the excerpts of a track; "" for others."""
    choice = recipe.split
    if choice.file is not None:
        # A list that is gone or broken is told when it is needed; a mark is no place for it.
        mixed = False
        with suppress(DataError):
            mixed = choice.file.is_file() and read_split(choice.file).contaminated
    else:
        kind = SPLITS.get(choice.name or "")
        mixed = kind is not None and kind.protocol == "P1"
    return "CONTAMINATED: " if mixed else ""


def make_plan(
    recipes: Sequence[Recipe],
    runs: str | Path,
    *,
    folds: Sequence[int] | None = None,
    seeds: Sequence[int] | None = None,
) -> Plan:
    """The runs of each recipe on each fold with each seed; what is named twice is planned once.

    Parameters
    ----------
    recipes : each with the place of its data
    runs : folder of run folders
    folds : counted from 0; None for all that the recipe's split has
    seeds : None for the recipe's own

    Raises
    ------
    NoSuchDataError, RecipeError
        If a recipe's split is unknown or has no such fold.
    """
    planned: dict[str, PlannedRun] = {}
    for recipe in recipes:
        chosen = _folds(recipe, folds)
        for seed in (recipe.seed,) if seeds is None else seeds:
            for fold in chosen:
                split = recipe.split.model_copy(update={"fold": fold})
                single = recipe.model_copy(update={"seed": seed, "split": split})
                run = PlannedRun(single, Run.of(single, Path(runs)))
                planned.setdefault(run.name, run)
    return Plan(tuple(planned.values()))


def parse_folds(text: str) -> tuple[int, ...] | None:
    """Folds as they are written: "all" (None), "0,2", "0-4".

    Raises
    ------
    ValueError
        If it is neither.
    """
    return None if text.strip() == "all" else _numbers(text)


def parse_seeds(text: str) -> tuple[int, ...]:
    """Seeds as they are written: "3" is a number of seeds, 0 to 2; "7," or "0,1,2" or "5-9" are the seeds themselves.

    Raises
    ------
    ValueError
        If it is none of these.
    """
    if text.strip().isdecimal():
        if int(text) == 0:
            raise ValueError("0 seeds would train nothing; expected a number of seeds, such as 3, or a list: 0,1,2")
        return tuple(range(int(text)))
    return _numbers(text)


def _numbers(text: str) -> tuple[int, ...]:
    numbers: dict[int, None] = {}
    for item in text.strip().removesuffix(",").split(","):
        match = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", item)
        if match is None or int(match[2] or match[1]) < int(match[1]):
            raise ValueError(f"{text!r} is not a list of whole numbers, such as 0,2 or 0-4")
        numbers |= dict.fromkeys(range(int(match[1]), int(match[2] or match[1]) + 1))
    return tuple(numbers)


def _folds(recipe: Recipe, folds: Sequence[int] | None) -> tuple[int, ...]:
    choice = recipe.split
    if choice.name is None:
        if folds is not None and tuple(folds) != (choice.fold,):
            raise RecipeError(
                f"Recipe {recipe.name!r} takes its split from {choice.file}, which is one fold; leave --folds out, or "
                "name one of the splits of 'genrekit split make --help'."
            )
        return (choice.fold,)
    if choice.name not in SPLITS:
        raise NoSuchDataError(
            f"Recipe {recipe.name!r}: there is no split {choice.name!r}{did_you_mean(choice.name, SPLITS)}. "
            f"Known: {', '.join(SPLITS)}."
        )
    count = SPLITS[choice.name].n_folds
    for fold in folds or ():
        if not 0 <= fold < count:
            has = "only fold 0" if count == 1 else f"the folds 0 to {count - 1}"
            raise NoSuchDataError(
                f"Recipe {recipe.name!r}: split {choice.name!r} has {has}; fold {fold} was asked for."
            )
    return tuple(range(count)) if folds is None else tuple(folds)
