"""Evaluation: scores, intervals, calibration and report cards, all from a stored table of predictions.

Nothing here needs the model that made the predictions. The unit of statistics is the track, never the excerpt.
"""

from __future__ import annotations

from genrekit.evaluation.calibration import (
    Reliability,
    TemperatureFit,
    ThresholdFit,
    apply_temperature,
    brier_score,
    expected_calibration_error,
    fit_temperature,
    fit_unknown_threshold,
    negative_log_likelihood,
    reliability_table,
)
from genrekit.evaluation.from_runs import RunComparison, compare_runs, evaluate_runs
from genrekit.evaluation.fusion import FusionMethod, fuse
from genrekit.evaluation.intervals import Interval, bootstrap_scores
from genrekit.evaluation.paired import McNemar, PairedComparison, compare, mcnemar_exact
from genrekit.evaluation.predictions import PARTS, PROTOCOLS, Predictions
from genrekit.evaluation.readings import Reading, load_readings, record_digest, record_reading
from genrekit.evaluation.report import write_report
from genrekit.evaluation.runs import SplitProof, StoredRun, find_runs, load_run, pool_runs
from genrekit.evaluation.scores import Scores, Spread, confusion_matrix, per_run, score, spread
from genrekit.evaluation.summary import Evaluation, evaluate_predictions

__all__ = [
    "PARTS",
    "PROTOCOLS",
    "Evaluation",
    "FusionMethod",
    "Interval",
    "McNemar",
    "PairedComparison",
    "Predictions",
    "Reading",
    "Reliability",
    "RunComparison",
    "Scores",
    "SplitProof",
    "Spread",
    "StoredRun",
    "TemperatureFit",
    "ThresholdFit",
    "apply_temperature",
    "bootstrap_scores",
    "brier_score",
    "compare",
    "compare_runs",
    "confusion_matrix",
    "evaluate_predictions",
    "evaluate_runs",
    "expected_calibration_error",
    "find_runs",
    "fit_temperature",
    "fit_unknown_threshold",
    "fuse",
    "load_readings",
    "load_run",
    "mcnemar_exact",
    "negative_log_likelihood",
    "per_run",
    "pool_runs",
    "record_digest",
    "record_reading",
    "reliability_table",
    "score",
    "spread",
    "write_report",
]
