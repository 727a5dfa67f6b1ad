"""Whether a plan can be trained, told for all of its runs before the first one starts."""

from __future__ import annotations

from pathlib import Path

from genrekit.data.dataset import Dataset
from genrekit.data.splits.split import Split, read_split
from genrekit.errors import DataError, GenrekitError, RecipeError
from genrekit.experiments.plan import Plan, PlannedRun
from genrekit.progress import Progress
from genrekit.training.material.data_identity import data_sha256
from genrekit.training.preparation import check, load_data, negatives_sha256, split_of
from genrekit.training.recipes.groups import Data
from genrekit.training.recipes.recipe import Recipe

__all__ = ["check_plan"]

MAX_NAMED = 3


def check_plan(
    plan: Plan,
    *,
    negatives: Path | None = None,
    on_progress: Progress = lambda done, total, what: None,
) -> None:
    """Check every run that is not complete: data, split and proof, genres of each part, front end, network, negatives.

    Of a complete one it is checked that it is of these data and negatives, if they are still there.

    Parameters
    ----------
    plan : what is to be trained
    negatives : archive for recipes that train on negatives and leave its place open
    on_progress : called with steps done, their total and what, while data are loaded

    Raises
    ------
    GenrekitError
        If any run cannot be trained. A fault of a single kind is raised as it is; several are told together.
    """
    datasets: dict[Data, Dataset | DataError] = {}
    known: dict[tuple[str, int], Split | GenrekitError] = {}
    faults: list[tuple[PlannedRun, GenrekitError]] = []
    for planned in plan.runs:
        recipe = planned.recipe
        planned.run.require(recipe)
        if planned.run.complete:
            dataset = _dataset(recipe, datasets, on_progress)
            _require_trained_on(planned, _split(recipe, dataset), dataset, negatives)
            continue
        # The seed changes nothing of what is checked, but for what was begun.
        key = (recipe.hash, recipe.split.fold)
        if key not in known:
            known[key] = _checked(recipe, datasets, negatives, on_progress)
        found = known[key]
        if isinstance(found, Split):
            _require_trained_on(planned, found, datasets[recipe.data], negatives)
        else:
            faults.append((planned, found))
    _raise(faults, len(plan))


def _require_trained_on(
    planned: PlannedRun, split: Split | None, dataset: Dataset | GenrekitError, negatives: Path | None
) -> None:
    """Refuse a run folder of another split, other data or other negatives, as far as they are there."""
    if not planned.run.recipe_path.is_file():
        return
    data = data_sha256(split, dataset) if isinstance(dataset, Dataset) and split is not None else None
    known = negatives_sha256(planned.recipe, negatives)
    planned.run.require(planned.recipe, split, data_sha256=data, negatives_sha256=known)


def _checked(
    recipe: Recipe,
    datasets: dict[Data, Dataset | DataError],
    negatives: Path | None,
    on_progress: Progress,
) -> Split | GenrekitError:
    """The recipe's split, or what is wrong with the recipe.

    `datasets` keeps what was loaded, or why it could not be, for the next one.
    """
    dataset = _dataset(recipe, datasets, on_progress)
    if not isinstance(dataset, Dataset):
        return dataset
    try:
        return check(recipe, dataset, negatives_root=negatives)
    except GenrekitError as error:
        return error


def _split(recipe: Recipe, dataset: Dataset | GenrekitError) -> Split | None:
    """The recipe's split; None if neither a file says it nor the data are there."""
    file = recipe.split.file
    if file is not None and not file.is_file():
        return None
    if file is not None and file.suffix.lower() != ".csv":
        return read_split(file)
    return split_of(recipe, dataset) if isinstance(dataset, Dataset) else None


def _dataset(
    recipe: Recipe,
    datasets: dict[Data, Dataset | DataError],
    on_progress: Progress,
) -> Dataset | GenrekitError:
    """The recipe's data, or why they cannot be had; `datasets` remembers both but what is the recipe's own fault."""
    try:
        if recipe.data not in datasets:
            datasets[recipe.data] = load_data(recipe, on_progress=on_progress)
    except DataError as error:
        datasets[recipe.data] = error
    except GenrekitError as error:
        return error
    return datasets[recipe.data]


def _raise(faults: list[tuple[PlannedRun, GenrekitError]], total: int) -> None:
    if not faults:
        return
    by_message: dict[str, list[PlannedRun]] = {}
    for planned, fault in faults:
        by_message.setdefault(str(fault), []).append(planned)
    told = []
    for message, runs in by_message.items():
        named = ", ".join(run.label for run in runs[:MAX_NAMED])
        rest = f" and {len(runs) - MAX_NAMED} more" if len(runs) > MAX_NAMED else ""
        told.append(f"{named}{rest}: {message}")
    kinds = {type(fault) for _, fault in faults}
    kind = kinds.pop() if len(kinds) == 1 else RecipeError
    raise kind(f"{len(faults)} of {total} planned runs cannot be trained, so nothing was started. " + " ".join(told))
