"""How far confidence is to be trusted: the figures of a report card, and the bins of its diagram."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from genrekit.evaluation.calibration import (
    ErrorIfCalibrated,
    Reliability,
    brier_score,
    error_if_calibrated,
    negative_log_likelihood,
    reliability_table,
)
from genrekit.evaluation.predictions import Predictions

__all__ = ["CalibrationScores", "calibration_of"]


@dataclass(frozen=True, eq=False)
class CalibrationScores:
    """Of the file-wise mean fusion: calibration error (15 bins), what it would be if all were well, mean NLL in nats,
    Brier score, and the bins.

    The figures are means over the seeds, each with its folds pooled, as `Scores` are: more seeds in one bin would even
    out what a single model is over- and underconfident of. `reliability` counts the tracks of all seeds together.
    """

    error: float
    if_calibrated: ErrorIfCalibrated
    nll: float
    brier: float
    mean_confidence: float
    accuracy: float
    reliability: Reliability

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, without NaN."""
        bins = self.reliability
        return {
            "expected_calibration_error": self.error,
            "error_if_calibrated": asdict(self.if_calibrated),
            "negative_log_likelihood": self.nll,
            "brier": self.brier,
            "mean_confidence": self.mean_confidence,
            "accuracy": self.accuracy,
            "bins": [
                {
                    "low": float(bins.low[i]),
                    "high": float(bins.high[i]),
                    "n": int(bins.n[i]),
                    "mean_confidence": float(bins.mean_confidence[i]) if bins.n[i] else None,
                    "accuracy": float(bins.accuracy[i]) if bins.n[i] else None,
                }
                for i in range(len(bins.n))
            ],
        }


def calibration_of(fused: Predictions) -> CalibrationScores:
    """How far the confidence of each decision (a row of the table) is to be trusted."""
    seeds = [_calibration_of_seed(fused.select(seed=int(seed))) for seed in np.unique(fused.seed)]

    def mean(figure: Callable[[CalibrationScores], float]) -> float:
        return float(np.mean([figure(seed) for seed in seeds]))

    return CalibrationScores(
        error=mean(lambda seed: seed.error),
        if_calibrated=ErrorIfCalibrated(
            mean(lambda seed: seed.if_calibrated.mean), mean(lambda seed: seed.if_calibrated.high)
        ),
        nll=mean(lambda seed: seed.nll),
        brier=mean(lambda seed: seed.brier),
        mean_confidence=mean(lambda seed: seed.mean_confidence),
        accuracy=mean(lambda seed: seed.accuracy),
        reliability=_reliability(fused),
    )


def _calibration_of_seed(fused: Predictions) -> CalibrationScores:
    confidence = np.minimum(fused.confidence.astype(np.float64), 1.0)
    reliability = _reliability(fused)
    return CalibrationScores(
        error=reliability.error,
        if_calibrated=error_if_calibrated(confidence),
        nll=negative_log_likelihood(fused.probabilities, fused.label),
        brier=brier_score(fused.probabilities, fused.label),
        mean_confidence=float(confidence.mean()),
        accuracy=float(fused.correct.mean()),
        reliability=reliability,
    )


def _reliability(fused: Predictions) -> Reliability:
    return reliability_table(np.minimum(fused.confidence.astype(np.float64), 1.0), fused.correct)
