"""What a run reached on its validation part, read from its log; the test part is never looked at here."""

from __future__ import annotations

import csv
from dataclasses import dataclass

from genrekit.training.recipe import Recipe
from genrekit.training.run import Run

__all__ = ["Validation", "read_validation"]


@dataclass(frozen=True)
class Validation:
    """The kept epoch's scores on the validation part.

    Attributes
    ----------
    epochs : trained so far
    kept_epoch : whose weights are kept, counted from 1; None for an ensemble, each of whose members has its own
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
    try:
        with run.metrics_path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not rows:
        return None
    kept = rows[-1]
    if optimisation.keep == "best" and all(row[optimisation.monitor] for row in rows):
        sign = -1 if optimisation.monitor == "valid_loss" else 1
        kept = max(rows, key=lambda row: sign * float(row[optimisation.monitor]))
    return Validation(
        epochs=len(rows),
        kept_epoch=int(kept["epoch"]) + 1,
        excerpt_accuracy=_number(kept["valid_accuracy"]),
        file_accuracy=_number(kept["valid_file_accuracy"]),
        monitor=_number(kept[optimisation.monitor]),
    )


def _number(text: str) -> float | None:
    return float(text) if text else None
