"""Training curves of run folders: what `metrics.csv` recorded, epoch by epoch, configuration by configuration."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genrekit.errors import DataError, NoSuchRunError, RecipeError
from genrekit.evaluation.parquet import read_columns
from genrekit.evaluation.recipe_identity import FREE, without
from genrekit.evaluation.run_folder import METRICS_NAME, RunFolder, run_below

__all__ = ["Configuration", "Curves", "find_curves", "group_curves", "load_curves"]

COLUMNS = ("train_loss", "train_accuracy", "valid_loss", "valid_accuracy", "valid_file_accuracy")
# What a clean and a contaminated run of one configuration may differ in, besides what is free.
OF_THE_SPLIT = frozenset({"name", "split"})


@dataclass(frozen=True, eq=False)
class Curves:
    """The recorded epochs of one run.

    Attributes
    ----------
    run : name of its folder
    values : column of metrics.csv -> [n_epochs] float64; losses in nats, accuracies 0..1, NaN where not recorded
    epoch : [n_epochs] int, from 0
    recipe : as resolved, nested
    dataset : name of the data set, as the run's predictions have it; by the recipe as long as there are none
    protocol, contaminated, fold, n_folds, seed : of its split and recipe; n_folds is what the split has
    validates_on_test : whether the validation curves are of the very part that is scored
    """

    run: str
    epoch: NDArray[np.int64]
    values: Mapping[str, NDArray[np.float64]]
    recipe: Mapping[str, Any]
    dataset: str
    protocol: str
    contaminated: bool
    fold: int
    n_folds: int
    seed: int
    validates_on_test: bool

    @property
    def system(self) -> str:
        """The folder's name without fold and seed: the recipe's name and hash."""
        return self.run.partition("-fold")[0]

    @property
    def title(self) -> str:
        return str(self.recipe.get("title") or self.recipe.get("name") or self.run)


@dataclass(frozen=True, eq=False)
class Configuration:
    """Runs of one recipe on one kind of split: its folds and seeds."""

    runs: tuple[Curves, ...]

    @property
    def title(self) -> str:
        return self.runs[0].title

    @property
    def dataset(self) -> str:
        return self.runs[0].dataset

    @property
    def n_folds(self) -> int:
        """How many folds the split has, of which the runs are some."""
        return max(run.n_folds for run in self.runs)

    @property
    def protocol(self) -> str:
        return self.runs[0].protocol

    @property
    def contaminated(self) -> bool:
        return any(run.contaminated for run in self.runs)

    @property
    def validates_on_test(self) -> bool:
        """Whether training was stopped on the part that is scored."""
        return any(run.validates_on_test for run in self.runs)

    def mean(self, column: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Mean over the runs of a column, for the epochs that all of them have: (epochs [n], means [n])."""
        recorded = [run.epoch[np.isfinite(run.values[column])] for run in self.runs]
        common = recorded[0]
        for epochs in recorded[1:]:
            common = np.intersect1d(common, epochs)
        stack = [run.values[column][np.searchsorted(run.epoch, common)] for run in self.runs]
        return common, np.mean(stack, axis=0)


def load_curves(folder: str | Path) -> Curves:
    """Read the metrics of a run folder, finished or not.

    Raises
    ------
    RunError : no such folder, or one without metrics.csv, recipe.yaml or split.json
    DataError : a file that cannot be read, predictions among them; the message names it
    """
    folder = Path(folder)
    stored = RunFolder(folder)
    for path in (stored.metrics_path, stored.recipe_path, stored.split_path):
        if not path.is_file():
            raise NoSuchRunError(f"{folder} has no {path.name}; a run folder of 'genrekit train' is expected.")
    epoch, values = _read_metrics(stored.metrics_path)
    recipe, split = stored.recipe_values() or {}, stored.split_values() or {}
    try:
        return Curves(
            run=folder.resolve().name,
            epoch=epoch,
            values=values,
            recipe=recipe,
            dataset=_dataset(stored, recipe),
            protocol=str(split["protocol"]),
            contaminated=split["protocol"] == "P1",
            fold=int(split["fold"]),
            n_folds=int(split.get("n_folds") or 1),
            seed=int(recipe["seed"]),
            validates_on_test=split.get("validation") == "test",
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"The recipe or the split of the run {folder} cannot be read: {error!r}.") from error


def find_curves(paths: Iterable[str | Path]) -> tuple[Curves, ...]:
    """The curves of run folders, and of the runs in folders of runs, in the order given.

    Raises
    ------
    RunError : nothing there, or no run in it; a run named twice
    DataError : as `load_curves`
    """
    found: dict[Path, Curves] = {}
    for path in map(Path, paths):
        if not path.is_dir():
            raise NoSuchRunError(f"No run folder at {path}.")
        folders = [path]
        if not (path / METRICS_NAME).is_file():
            folders = sorted(metrics.parent for metrics in path.glob(f"*/{METRICS_NAME}")) or [path]
            if folders == [path] and (below := run_below(path, METRICS_NAME)) is not None:
                raise NoSuchRunError(f"There is no run in {path} itself. Name what lies below, such as {below}.")
        for folder in folders:
            found.setdefault(folder.resolve(), load_curves(folder))
    return tuple(found.values())


def group_curves(curves: Sequence[Curves]) -> tuple[Configuration, ...]:
    """Configurations in the order of their first run; of one configuration the clean ones stand above contaminated.

    Runs are of one configuration if their recipes differ in nothing but name, title, seed and split.
    """
    kinds: dict[str, dict[tuple[bool, str], list[Curves]]] = {}
    for run in curves:
        kinds.setdefault(_configuration(run.recipe), {}).setdefault((run.contaminated, _split(run)), []).append(run)
    return tuple(
        Configuration(tuple(sorted(runs, key=lambda run: (run.fold, run.seed))))
        for splits in kinds.values()
        for _, runs in sorted(splits.items(), key=lambda item: item[0])
    )


def _dataset(run: RunFolder, recipe: Mapping[str, Any]) -> str:
    """A feature table is "table" in the recipe; what it was made from stands in the predictions."""
    if run.predictions_path.is_file():
        return str(read_columns(run.predictions_path)["dataset"])
    return str((recipe.get("data") or {}).get("dataset", "?"))


def _configuration(recipe: Mapping[str, Any]) -> str:
    return json.dumps(without(_without_defaults(recipe), FREE | OF_THE_SPLIT), sort_keys=True, default=str)


def _split(run: Curves) -> str:
    choice = without(_without_defaults(run.recipe), FREE).get("split")
    return json.dumps([run.protocol, choice or {}], sort_keys=True, default=str)


def _without_defaults(recipe: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a recipe says for itself: runs of before recipes learnt a new field have no line for it.

    As it is where pydantic is not installed, or recipes have lost one of its fields.
    """
    try:
        from genrekit.training.recipes.recipe import parse_recipe

        return parse_recipe(recipe, source="").model_dump(mode="json", exclude_defaults=True)
    except (ImportError, RecipeError):
        return recipe


def _read_metrics(path: Path) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float64]]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            table = csv.DictReader(file)
            rows = list(table)
        if "epoch" not in (table.fieldnames or ()):
            raise DataError(f"{path} has no column epoch: it is not the record of a training of genrekit's.")
        epoch = np.array([int(row["epoch"]) for row in rows], dtype=np.int64)
        values = {name: np.array([float(row.get(name) or "nan") for row in rows], dtype=np.float64) for name in COLUMNS}
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise DataError(f"The metrics of the run, {path}, cannot be read: {error!r}.") from error
    if not len(epoch):
        raise DataError(f"{path} holds no epoch yet; wait until the first one is done.")
    # A run that was killed and went on may have an epoch twice: what came last counts.
    _, last = np.unique(epoch[::-1], return_index=True)
    keep = np.sort(len(epoch) - 1 - last)
    return epoch[keep], {name: column[keep] for name, column in values.items()}
