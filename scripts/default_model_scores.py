"""What the bundled model is worth, in figures that the stored predictions give."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genrekit.evaluation.calibration import apply_temperature, error_if_calibrated, expected_calibration_error
from genrekit.evaluation.fusion import fuse
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.runs import StoredRun, find_runs
from genrekit.evaluation.view_names import view_name
from genrekit.export.calibration import Calibration, fit_calibration

__all__ = [
    "GROUPS",
    "HOP_S",
    "RECIPE",
    "RESULTS",
    "Accuracy",
    "Confidence",
    "accuracy_of",
    "calibration_of",
    "confidence_of",
    "confusions",
    "file_confidence",
    "held_out_confidence",
    "pooled",
    "read_json",
    "runs_of",
]

REPOSITORY = Path(__file__).parents[1]
RECIPE = REPOSITORY / "recipes" / "default_model.yaml"
RESULTS = REPOSITORY / "results" / "default_model"
# Groups of runs whose test parts are scored, by folder; P4's also calibrate.
GROUPS = ("p3", "p4", "random_folds", "a_folds")
# Windows of long recordings do not overlap: it halves the time, and costs well under a point. Those of recordings of up
# to a minute do, as in evaluation: of GTZAN's tracks, what is used is what is scored.
HOP_S = 10.0


@dataclass(frozen=True)
class Accuracy:
    """File-wise accuracy by mean fusion, 0..1, with its 95 % interval.

    as_long : with the windows that a long recording would get, every `HOP_S`
    """

    accuracy: float
    low: float
    high: float
    as_long: float


@dataclass(frozen=True)
class Confidence:
    """What a calibration is worth on tracks; all 0..1.

    error_if_calibrated_high : calibration error that a perfectly calibrated model does not exceed in 95 of 100 cases
    """

    calibration_error: float
    error_if_calibrated_high: float
    share_answered: float
    accuracy_answered: float


def runs_of(group: str) -> tuple[StoredRun, ...]:
    """The stored runs of a group."""
    return find_runs(RESULTS / group)


def pooled(group: str) -> Predictions:
    """Stored test predictions of all runs of a group."""
    return Predictions.concatenate([run.predictions.select(part="test") for run in runs_of(group)])


def accuracy_of(group: str) -> Accuracy:
    """Accuracy of a group, out of the scores of its report card."""
    scores = json.loads((RESULTS / group / "scores.json").read_text(encoding="utf-8"))
    view = next(view for view in scores["views"] if view["name"] == view_name("mean"))
    interval = view["intervals"]["accuracy"]
    table = pooled(group)
    long = table.take(np.flatnonzero(table.start_s % HOP_S == 0))
    as_long = float(fuse(long, "mean").correct.mean())
    return Accuracy(view["accuracy"], interval["low"], interval["high"], as_long)


def calibration_of(values: dict[str, float]) -> Calibration:
    """The calibration that stands in calibration.json."""
    return Calibration(values["window_temperature"], values["file_temperature"], values["unknown_threshold"])


def file_confidence(table: Predictions, calibration: Calibration) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Of each track how sure the calibrated model is, 0..1, and whether it is right."""
    warm = apply_temperature(table.probabilities, calibration.window_temperature).astype(np.float32)
    files = fuse(replace(table, probabilities=warm), "mean")
    return apply_temperature(files.probabilities, calibration.file_temperature).max(1), files.correct


def confidence_of(table: Predictions, calibration: Calibration) -> Confidence:
    """What a calibration is worth on these predictions; of several seeds the mean."""
    of_seeds = (file_confidence(one, calibration) for one in _by_seed(table))
    return _mean([_of(sure, right, sure >= calibration.unknown_threshold) for sure, right in of_seeds])


def held_out_confidence(table: Predictions) -> Confidence:
    """The same where each fold is answered by a calibration of the other folds with this seed, known tracks alone."""
    return _mean([_held_out_of_a_seed(one) for one in _by_seed(table)])


def confusions(group: str) -> list[tuple[str, str, float]]:
    """(genre, answer, tracks) of each confusion of a group's stored runs, mean over seeds, the most frequent first."""
    table = pooled(group)
    files, n_seeds = fuse(table, "mean"), len(np.unique(table.seed))
    answers = files.probabilities.argmax(1)
    wrong = ((files.genres[label], files.genres[answer]) for label, answer in zip(files.label, answers, strict=True))
    counts = Counter(pair for pair in wrong if pair[0] != pair[1])
    return [(*pair, n / n_seeds) for pair, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]


def read_json(name: str) -> dict[str, float]:
    """A file of results/default_model."""
    values: dict[str, float] = json.loads((RESULTS / name).read_text(encoding="utf-8"))
    return values


def _by_seed(table: Predictions) -> list[Predictions]:
    return [table.select(seed=int(seed)) for seed in np.unique(table.seed)]


def _held_out_of_a_seed(table: Predictions) -> Confidence:
    confidences, corrects, answered = [], [], []
    for fold in np.unique(table.fold):
        calibration = fit_calibration(table.take(np.flatnonzero(table.fold != fold)))
        confidence, correct = file_confidence(table.select(fold=int(fold)), calibration)
        confidences.append(confidence)
        corrects.append(correct)
        answered.append(confidence >= calibration.unknown_threshold)
    return _of(np.concatenate(confidences), np.concatenate(corrects), np.concatenate(answered))


def _of(confidence: NDArray[np.float64], correct: NDArray[np.bool_], answered: NDArray[np.bool_]) -> Confidence:
    error, by_chance = expected_calibration_error(confidence, correct), error_if_calibrated(confidence).high
    return Confidence(error, by_chance, float(answered.mean()), float(correct[answered].mean()))


def _mean(found: list[Confidence]) -> Confidence:
    return Confidence(*np.mean([astuple(one) for one in found], axis=0).tolist())
