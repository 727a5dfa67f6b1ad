"""What a run reached on its validation part, read from its log; the test part is never looked at here."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from genrekit.training.recipes.recipe import Recipe
from genrekit.training.run import Run

__all__ = ["Validation", "read_validation"]


@dataclass(frozen=True)
class Validation:
    """The kept epoch's scores on the validation part.

    Attributes
    ----------
    epochs : trained so far, those without labels included
    kept_epoch : whose weights are kept, counted from 1; None before any with labels, and for an ensemble, each of whose
        members has its own
    excerpt_accuracy, file_accuracy : 0 to 1; None without a validation part
    monitor : value of the recipe's monitor at that epoch; None without a validation part
    """

    epochs: int
    kept_epoch: int | None
    excerpt_accuracy: float | None
    file_accuracy: float | None
    monitor: float | None


def read_validation(run: Run, recipe: Recipe) -> Validation | None:
    """The scores in the run's log so far; None if no epoch is finished. Of an ensemble, its members' epochs in all."""
    if recipe.ensemble:
        members = [read_validation(Run.of(member, run.folder.parent), member) for member in recipe.members]
        epochs = sum(member.epochs for member in members if member is not None)
        return Validation(epochs, None, None, None, None) if epochs else None
    optimisation = recipe.optimisation
    assert optimisation is not None
    n_before = 0 if recipe.pretraining is None else len(_rows(run.pretraining_metrics_path))
    rows = _rows(run.metrics_path)
    if not rows:
        return Validation(n_before, None, None, None, None) if n_before else None
    kept = rows[-1]
    if optimisation.keep == "best" and all(row[optimisation.monitor] for row in rows):
        sign = -1 if optimisation.monitor == "valid_loss" else 1
        kept = max(rows, key=lambda row: sign * float(row[optimisation.monitor]))
    return Validation(
        epochs=n_before + len(rows),
        kept_epoch=n_before + int(kept["epoch"]) + 1,
        excerpt_accuracy=_number(kept["valid_accuracy"]),
        file_accuracy=_number(kept["valid_file_accuracy"]),
        monitor=_number(kept[optimisation.monitor]),
    )


def _rows(path: Path) -> list[dict[str, str]]:
    """Of a log of epochs; none if there is none yet."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _number(text: str) -> float | None:
    return float(text) if text else None
