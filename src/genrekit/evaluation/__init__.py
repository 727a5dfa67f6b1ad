"""Evaluation: scores, intervals, calibration and report cards, all from a stored table of predictions.

Nothing here needs the model that made the predictions. The unit of statistics is the track, never the excerpt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from genrekit.lazy_names import lazy_names

if TYPE_CHECKING:
    from genrekit.evaluation.card.writing import write_report
    from genrekit.evaluation.from_runs import RunComparison, compare_runs, evaluate_runs
    from genrekit.evaluation.fusion import fuse
    from genrekit.evaluation.intervals import Interval
    from genrekit.evaluation.paired import PairedComparison, compare
    from genrekit.evaluation.predictions import Predictions
    from genrekit.evaluation.runs import StoredRun, find_runs, load_run
    from genrekit.evaluation.scores import Scores, score
    from genrekit.evaluation.summary import Evaluation, View, evaluate_predictions

__all__ = [
    "Evaluation",
    "Interval",
    "PairedComparison",
    "Predictions",
    "RunComparison",
    "Scores",
    "StoredRun",
    "View",
    "compare",
    "compare_runs",
    "evaluate_predictions",
    "evaluate_runs",
    "find_runs",
    "fuse",
    "load_run",
    "score",
    "write_report",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "from_runs": ("RunComparison", "compare_runs", "evaluate_runs"),
            "fusion": ("fuse",),
            "intervals": ("Interval",),
            "paired": ("PairedComparison", "compare"),
            "predictions": ("Predictions",),
            "card.writing": ("write_report",),
            "runs": ("StoredRun", "find_runs", "load_run"),
            "scores": ("Scores", "score"),
            "summary": ("Evaluation", "View", "evaluate_predictions"),
        },
    )
