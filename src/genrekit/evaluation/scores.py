"""Accuracy, macro precision, recall and F1, and confusion matrices, per run and over folds and seeds.

Everything is computed from confusion matrices, so that the bootstrap can score thousands of them at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genrekit.errors import DataError
from genrekit.evaluation.predictions import Predictions

__all__ = [
    "METRICS",
    "GenreScores",
    "RunScores",
    "Scores",
    "Spread",
    "confusion_matrix",
    "genre_rates",
    "macro_metrics",
    "per_run",
    "score",
    "spread",
]

METRICS = ("accuracy", "precision", "recall", "f1")


@dataclass(frozen=True)
class GenreScores:
    """One genre against the rest. `n` counts its rows over all seeds; a rate without a denominator is None."""

    genre: str
    n: int
    precision: float
    recall: float | None
    f1: float | None
    taken_for: str | None
    n_taken_for: int


@dataclass(frozen=True)
class Scores:
    """Scores of one table: 0..1 each; macro means are over the genres that occur as truth.

    With several seeds, each seed's folds are pooled and scored, and the figures are the means over the seeds;
    `confusion` (row: truth, column: decision) and `n` count all of them together.
    """

    accuracy: float
    precision: float
    recall: float
    f1: float
    n: int
    genres: tuple[str, ...]
    confusion: NDArray[np.int64]

    def __repr__(self) -> str:
        figures = ", ".join(f"{name} {getattr(self, name):.4f}" for name in METRICS)
        return f"<Scores {figures} of {self.n}, {len(self.genres)} genres>"

    def per_genre(self) -> tuple[GenreScores, ...]:
        """Precision, recall, F1 and the most frequent wrong answer, genre by genre."""
        precision, recall, f1 = genre_rates(self.confusion)
        rows = []
        for index, genre in enumerate(self.genres):
            wrong = self.confusion[index].copy()
            wrong[index] = 0
            n = int(self.confusion[index].sum())
            worst = int(wrong.argmax())
            rows.append(
                GenreScores(
                    genre=genre,
                    n=n,
                    precision=float(precision[index]),
                    recall=float(recall[index]) if n else None,
                    f1=float(f1[index]) if n else None,
                    taken_for=self.genres[worst] if wrong[worst] else None,
                    n_taken_for=int(wrong[worst]),
                )
            )
        return tuple(rows)


@dataclass(frozen=True)
class RunScores:
    """One trained model: one fold with one seed."""

    fold: int
    seed: int
    scores: Scores


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation over runs.

    The deviation is the population's (ddof 0) over all runs, folds and seeds alike, since that is what reproduces
    every "Avg. +-" of report A (tables 2 to 5: 77.14 +- 1.99 and, with repeated runs per fold, 81.03 +- 2.87).
    None for fewer than two runs.
    """

    mean: float
    deviation: float | None
    n_runs: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        if not len(values):
            raise DataError("A mean over runs needs at least one run; none was given.")
        deviation = float(np.std(values, ddof=0)) if len(values) > 1 else None
        return cls(float(np.mean(values)), deviation, len(values))


def confusion_matrix(label: NDArray[Any], predicted: NDArray[Any], n_genres: int) -> NDArray[np.int64]:
    """[n_genres, n_genres] counts, row: true genre, column: decision."""
    cells = np.asarray(label) * n_genres + np.asarray(predicted)
    return np.bincount(cells, minlength=n_genres**2).reshape(n_genres, n_genres).astype(np.int64)


def genre_rates(
    confusion: NDArray[Any],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Precision, recall and F1 of each genre, [..., n_genres] from confusion matrices [..., n_genres, n_genres].

    Zero division: a genre that was never decided for has precision 0; recall and F1 of a genre that does not occur as
    truth are NaN.
    """
    counts = np.asarray(confusion, dtype=np.float64)
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    support, decided = counts.sum(axis=-1), counts.sum(axis=-2)
    precision = np.divide(hits, decided, out=np.zeros_like(hits), where=decided > 0)
    nothing = np.full_like(hits, np.nan)
    recall = np.divide(hits, support, out=nothing.copy(), where=support > 0)
    f1 = np.divide(2 * hits, support + decided, out=nothing.copy(), where=support > 0)
    return precision, recall, f1


def macro_metrics(confusion: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
    """Accuracy and macro precision, recall and F1, each [...] from confusion matrices [..., n_genres, n_genres].

    Macro means are over the genres that occur as truth (scikit-learn with `labels` set to them and `zero_division=0`
    gives the same). A matrix without counts gives NaN.
    """
    counts = np.asarray(confusion, dtype=np.float64)
    precision, recall, f1 = genre_rates(counts)
    occurs = counts.sum(axis=-1) > 0
    n_occurring = occurs.sum(axis=-1).astype(np.float64)
    total = counts.sum(axis=(-2, -1))
    nothing = np.full(total.shape, np.nan)

    def mean(rates: NDArray[np.float64]) -> NDArray[np.float64]:
        summed = np.where(occurs, rates, 0.0).sum(axis=-1)
        return np.asarray(np.divide(summed, n_occurring, out=nothing.copy(), where=n_occurring > 0))

    hits = np.trace(counts, axis1=-2, axis2=-1)
    return {
        "accuracy": np.divide(hits, total, out=nothing.copy(), where=total > 0),
        "precision": mean(precision),
        "recall": mean(recall),
        "f1": mean(f1),
    }


def score(predictions: Predictions) -> Scores:
    """Score a table row by row; fuse it first for file-wise scores.

    Raises
    ------
    DataError : the table has no rows
    """
    if not len(predictions):
        raise DataError(
            f"No predictions of {predictions.recipe!r} to score: the chosen part, fold or seed has no rows."
        )
    seeds = np.unique(predictions.seed)
    confusions = np.stack([_confusion(predictions.select(seed=int(seed))) for seed in seeds])
    means = {name: float(values.mean()) for name, values in macro_metrics(confusions).items()}
    return Scores(**means, n=len(predictions), genres=predictions.genres, confusion=confusions.sum(axis=0))


def per_run(predictions: Predictions) -> tuple[RunScores, ...]:
    """Scores of each fold and seed that occur, ordered by fold, then seed."""
    pairs = np.unique(np.stack([predictions.fold, predictions.seed], axis=1), axis=0)
    return tuple(
        RunScores(int(fold), int(seed), score(predictions.select(fold=int(fold), seed=int(seed))))
        for fold, seed in pairs
    )


def spread(runs: Sequence[RunScores]) -> dict[str, Spread]:
    """Mean and deviation over runs of accuracy, precision, recall and f1."""
    return {name: Spread.of([getattr(run.scores, name) for run in runs]) for name in METRICS}


def _confusion(predictions: Predictions) -> NDArray[np.int64]:
    return confusion_matrix(predictions.label, predictions.predicted, predictions.n_genres)
