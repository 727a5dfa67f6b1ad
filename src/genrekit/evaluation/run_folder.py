"""The format of a run folder: what its files are called, and how those are read that need no PyTorch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genrekit.data.parts import Part
from genrekit.errors import DataError

__all__ = [
    "JOURNAL_NAME",
    "LOGS_NAME",
    "METRICS_NAME",
    "PLAN_NAME",
    "PREDICTIONS_NAME",
    "SCORED",
    "RunFolder",
    "RunRecord",
    "run_below",
]

METRICS_NAME = "metrics.csv"
PREDICTIONS_NAME = "predictions.parquet"
# What an experiment keeps beside its run folders.
PLAN_NAME, JOURNAL_NAME, LOGS_NAME = "experiment.json", "journal.jsonl", "logs"
# The parts of a split that get predictions; nobody needs those of the training part.
SCORED: tuple[Part, ...] = ("valid", "test")


@dataclass(frozen=True)
class RunRecord:
    """What `run.json` says, which is written last: a run that has it is done.

    Attributes
    ----------
    recipe, hash : name and hash of what was trained; the hash is without fold, seed, places and fields at their
        defaults, so that runs of versions that know different fields are told to be of one recipe. None in a run of
        before it was written down
    dataset : its name; None in a run of before it was written down
    parts_predicted : parts of the split that have predictions
    parts_left_out : parts that were left without predictions on purpose, as a search leaves the test part
    """

    recipe: str | None = None
    dataset: str | None = None
    hash: str | None = None
    parts_predicted: tuple[str, ...] = ()
    parts_left_out: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RunRecord:
        """The record of JSON values; what is not there is at its default."""
        return cls(
            recipe=values.get("recipe"),
            dataset=values.get("dataset"),
            hash=values.get("hash"),
            parts_predicted=tuple(values.get("parts_predicted", ())),
            parts_left_out=tuple(values.get("parts_left_out", ())),
        )


@dataclass(frozen=True)
class RunFolder:
    """A folder in which one training leaves everything that its figures can be checked by.

    Each reader gives None for a file that is not there: parts of a run may be kept by themselves.

    Attributes
    ----------
    folder : named by the recipe's name and hash, the fold and the seed
    """

    folder: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", Path(self.folder))

    @property
    def recipe_path(self) -> Path:
        """The recipe with all its fields."""
        return self.folder / "recipe.yaml"

    @property
    def split_path(self) -> Path:
        """The split and the proof of it."""
        return self.folder / "split.json"

    @property
    def environment_path(self) -> Path:
        """What the run was made with."""
        return self.folder / "environment.json"

    @property
    def record_path(self) -> Path:
        """What was trained; written last."""
        return self.folder / "run.json"

    @property
    def metrics_path(self) -> Path:
        return self.folder / METRICS_NAME

    @property
    def predictions_path(self) -> Path:
        return self.folder / PREDICTIONS_NAME

    @property
    def weights_path(self) -> Path:
        return self.folder / "weights.safetensors"

    @property
    def scores_path(self) -> Path:
        """Of the report card of its test part."""
        return self.folder / "scores.json"

    @property
    def done(self) -> bool:
        """Whether the run is trained and its weights are written: `run.json` is written last."""
        return self.record_path.is_file()

    def record(self) -> RunRecord | None:
        """What `run.json` says; DataError if it cannot be read."""
        values = _read_json(self.record_path, "What was trained in the run")
        return None if values is None else RunRecord.from_dict(values)

    def split_values(self) -> dict[str, Any] | None:
        """The split with its proof, as JSON values; DataError if it cannot be read."""
        return _read_json(self.split_path, "The split of the run")

    def scores(self) -> dict[str, Any] | None:
        """The figures of its report card, as JSON values; DataError if they cannot be read."""
        return _read_json(self.scores_path, "The scores of the run")

    def environment(self) -> dict[str, Any]:
        """What the run was made with, as JSON values; empty if that cannot be told."""
        try:
            return _read_json(self.environment_path, "The environment of the run") or {}
        except DataError:
            return {}

    def recipe_values(self) -> dict[str, Any] | None:
        """The recipe as plain values; DataError if it cannot be read."""
        if not self.recipe_path.is_file():
            return None
        from genrekit.strict_yaml import load_strict_yaml

        try:
            values = load_strict_yaml(self.recipe_path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DataError(f"The recipe of the run, {self.recipe_path}, cannot be read: {error}.") from error
        if not isinstance(values, dict):
            raise DataError(f"The recipe of the run, {self.recipe_path}, is not a mapping of keys to values.")
        return values


def run_below(folder: Path, name: str) -> Path | None:
    """A run two or three folders below one that holds none itself: one whose folder has a file of that name."""
    return next((found.parent for depth in ("*/*", "*/*/*") for found in folder.glob(f"{depth}/{name}")), None)


def _read_json(path: Path, what: str) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{what}, {path}, cannot be read: {error}. Restore it, or move the run away.") from error
    if not isinstance(values, dict):
        raise DataError(f"{what}, {path}, is not a JSON object. Restore it, or move the run away.")
    return values
