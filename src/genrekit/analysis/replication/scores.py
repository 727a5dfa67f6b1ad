"""The scores of a replication for programs: a row for each system, data set, protocol and way of counting."""

from __future__ import annotations

import csv
import io

from genrekit.analysis.replication.tables import Column, Replication
from genrekit.evaluation.summary import Evaluation

__all__ = ["HEADER", "scores_csv"]

HEADER = (
    "recipe", "dataset", "protocol", "stopped_on_test", "counted", "accuracy_mean", "accuracy_deviation",
    "accuracy", "accuracy_low", "accuracy_high", "precision", "recall", "f1",
    "folds", "seeds", "n_tracks", "n_excerpts", "contaminated",
)  # fmt: skip


def scores_csv(replication: Replication) -> str:
    """A table in CSV.

    Scores are 0 to 1: mean and deviation over runs, then of all pooled, accuracy with its 95 % interval.
    """
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(HEADER)
    for (recipe, dataset, column), evaluation in replication.evaluations.items():
        for counted in ("excerpts", "tracks"):
            writer.writerow([recipe, dataset, *_row(evaluation, column, counted)])
    return table.getvalue()


def _row(evaluation: Evaluation, column: Column, counted: str) -> list[object]:
    of_excerpts = counted == "excerpts"
    view = evaluation.view(None) if of_excerpts else evaluation.headline
    spread = evaluation.excerpt_spread if of_excerpts else evaluation.spread["accuracy"]
    interval, scores = view.intervals["accuracy"], view.scores
    figures = (
        spread.mean, spread.deviation, scores.accuracy, interval.low, interval.high, scores.precision, scores.recall,
        scores.f1,
    )  # fmt: skip
    return [
        column.split()[0],
        column == "P2 stopped on test",
        counted if of_excerpts else f"tracks, {evaluation.fusion}",
        *("" if figure is None else f"{figure:.4f}" for figure in figures),
        " ".join(map(str, evaluation.folds)),
        " ".join(map(str, evaluation.seeds)),
        evaluation.n_tracks,
        evaluation.n_excerpts,
        evaluation.contaminated,
    ]
