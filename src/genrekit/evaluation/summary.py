"""Everything that a report card says, computed once from a table of predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from genrekit.errors import DataError
from genrekit.evaluation.calibration_scores import CalibrationScores, calibration_of
from genrekit.evaluation.cautions import cautions
from genrekit.evaluation.fusion import FusionMethod, fuse, require_fusion
from genrekit.evaluation.intervals import Interval, bootstrap_scores
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.published import PublishedFigure, published_for
from genrekit.evaluation.runs import StoredSplit
from genrekit.evaluation.scores import METRICS, RunScores, Scores, Spread, per_run, score, spread
from genrekit.evaluation.view_names import view_name

__all__ = [
    "BOOTSTRAP_SEED",
    "Evaluation",
    "RunRow",
    "View",
    "evaluate_predictions",
]

BOOTSTRAP_SEED = 20120421


@dataclass(frozen=True)
class View:
    """One way of counting decisions: track by track after a fusion, or, where `fusion` is None, excerpt by excerpt."""

    fusion: FusionMethod | None
    scores: Scores
    intervals: Mapping[str, Interval]

    def __repr__(self) -> str:
        return f"<View {self.name}: {self.figures()} of {self.scores.n} {self.unit}s>"

    def figures(self) -> str:
        """Accuracy with its interval, as text."""
        interval = self.intervals["accuracy"]
        return f"accuracy {self.scores.accuracy:.4f} ({interval.low:.4f} to {interval.high:.4f})"

    @property
    def name(self) -> str:
        return view_name(self.fusion)

    @property
    def unit(self) -> str:
        return "excerpt" if self.fusion is None else "track"


@dataclass(frozen=True)
class RunRow:
    """One fold and seed: accuracy by excerpts, and the file-wise scores of the headline fusion."""

    fold: int
    seed: int
    excerpt_accuracy: float
    scores: Scores


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The content of a report card.

    Parameters
    ----------
    system, dataset, protocol, contaminated, genres : as in the predictions
    part : the part that was scored
    fusion : of the headline figures
    n_tracks, n_excerpts : different tracks, and rows, that were scored
    n_artists : different artists that are known; None if artists were not recorded
    folds, seeds : that occur
    views : excerpt-wise, file-wise by mean, file-wise by vote
    runs, excerpt_spread, spread : each fold and seed, and mean and deviation over them
    splits : one per run that has a split on record
    n_readings : readings of the part, run by run; None where no record is kept
    published : figures of the same protocol on the same genres
    notes : what must be known to read the figures right, and what is missing
    predictions_sha256 : of the scored rows
    """

    system: str
    dataset: str
    protocol: str
    contaminated: bool
    genres: tuple[str, ...]
    part: str
    fusion: FusionMethod
    n_tracks: int
    n_excerpts: int
    n_artists: int | None
    folds: tuple[int, ...]
    seeds: tuple[int, ...]
    views: tuple[View, ...]
    runs: tuple[RunRow, ...]
    excerpt_spread: Spread
    spread: Mapping[str, Spread]
    calibration: CalibrationScores
    splits: tuple[StoredSplit, ...]
    n_readings: tuple[int, ...] | None
    published: tuple[PublishedFigure, ...]
    notes: tuple[str, ...]
    predictions_sha256: str

    def __repr__(self) -> str:
        view, n_runs = self.headline, len(self.runs)
        return (
            f"<Evaluation {self.title}, {self.part} part, runs: {n_runs}; {view.figures()} of {self.n_tracks} tracks>"
        )

    @property
    def headline(self) -> View:
        """The file-wise view of the chosen fusion."""
        return self.view(self.fusion)

    def view(self, fusion: FusionMethod | None) -> View:
        """The view of a fusion, or of None the excerpt-wise one.

        Raises
        ------
        DataError : another fusion
        """
        return next(view for view in self.views if view.fusion == require_fusion(fusion))

    @property
    def title(self) -> str:
        mark = "CONTAMINATED: " if self.contaminated else ""
        return f"{mark}{self.system} on {self.dataset}, {self.protocol}"

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, without NaN; scores as shares 0..1."""
        return {
            "format": 1,
            "title": self.title,
            "system": self.system,
            "dataset": self.dataset,
            "protocol": self.protocol,
            "contaminated": self.contaminated,
            "part": self.part,
            "fusion": self.fusion,
            "genres": list(self.genres),
            "n_tracks": self.n_tracks,
            "n_excerpts": self.n_excerpts,
            "n_artists": self.n_artists,
            "folds": list(self.folds),
            "seeds": list(self.seeds),
            "views": [_view_dict(view) for view in self.views],
            "runs": [
                {
                    "fold": row.fold,
                    "seed": row.seed,
                    "n": row.scores.n,
                    "excerpt_accuracy": row.excerpt_accuracy,
                    **{name: getattr(row.scores, name) for name in METRICS},
                }
                for row in self.runs
            ],
            "spread": {
                "ddof": 0,
                "excerpt_accuracy": asdict(self.excerpt_spread),
                **{name: asdict(value) for name, value in self.spread.items()},
            },
            "calibration": self.calibration.to_dict(),
            "n_readings": None if self.n_readings is None else list(self.n_readings),
            "splits": [split.to_dict() for split in self.splits],
            "published": [asdict(figure) for figure in self.published],
            "notes": list(self.notes),
            "predictions_sha256": self.predictions_sha256,
            "bootstrap_seed": BOOTSTRAP_SEED,
        }


def evaluate_predictions(
    predictions: Predictions,
    *,
    part: str = "test",
    fusion: FusionMethod = "mean",
    splits: Sequence[StoredSplit] = (),
    n_readings: Sequence[int] | None = None,
    generator: np.random.Generator | None = None,
    n_resamples: int = 5000,
) -> Evaluation:
    """Compute all that a report card says, from predictions alone.

    Parameters
    ----------
    part : which part's rows are scored
    fusion : the one whose figures are the headline; both are reported
    splits, n_readings : what the run folders know besides; what is not given is reported as missing
    generator : of the bootstrap; a fixed one if None, so that the same predictions give the same card
    n_resamples : >= 2000

    Raises
    ------
    DataError : the part has no rows, or there is no such fusion
    """
    require_fusion(fusion)
    rows = predictions.select(part=part)
    if not len(rows):
        there = ", ".join(sorted(set(predictions.part.tolist()))) or "none"
        raise DataError(f"{predictions.recipe!r} has no predictions of the {part} part; parts that are there: {there}.")
    rng = generator or np.random.default_rng(BOOTSTRAP_SEED)
    tables: dict[FusionMethod | None, Predictions] = {
        None: rows,
        "mean": fuse(rows, "mean"),
        "vote": fuse(rows, "vote"),
    }
    views = tuple(
        View(
            fusion=method,
            scores=score(table),
            intervals=bootstrap_scores(table, generator=rng, n_resamples=n_resamples),
        )
        for method, table in tables.items()
    )
    excerpt_runs = per_run(rows)
    file_runs = per_run(tables[fusion])
    return Evaluation(
        system=rows.recipe,
        dataset=rows.dataset,
        protocol=rows.protocol,
        contaminated=rows.contaminated,
        genres=rows.genres,
        part=part,
        fusion=fusion,
        n_tracks=len(np.unique(rows.track)),
        n_excerpts=len(rows),
        n_artists=rows.n_artists,
        folds=tuple(np.unique(rows.fold).tolist()),
        seeds=tuple(np.unique(rows.seed).tolist()),
        views=views,
        runs=_run_rows(excerpt_runs, file_runs),
        excerpt_spread=Spread.of([run.scores.accuracy for run in excerpt_runs]),
        spread=spread(file_runs),
        calibration=calibration_of(tables["mean"]),
        splits=tuple(splits),
        n_readings=tuple(n_readings) if n_readings else None,
        published=published_for(rows.protocol, rows.genres, rows.dataset) if part == "test" else (),
        notes=cautions(rows, splits, n_readings),
        predictions_sha256=rows.sha256,
    )


def _run_rows(excerpt_runs: Sequence[RunScores], file_runs: Sequence[RunScores]) -> tuple[RunRow, ...]:
    return tuple(
        RunRow(run.fold, run.seed, by_excerpt.scores.accuracy, run.scores)
        for by_excerpt, run in zip(excerpt_runs, file_runs, strict=True)
    )


def _view_dict(view: View) -> dict[str, Any]:
    return {
        "name": view.name,
        "unit": view.unit,
        "n": view.scores.n,
        **{name: getattr(view.scores, name) for name in METRICS},
        "intervals": {name: asdict(interval) for name, interval in view.intervals.items()},
        "confusion": view.scores.confusion.tolist(),
        "per_genre": [asdict(genre) for genre in view.scores.per_genre()],
    }
