"""Whether confidence means anything: calibration error, temperature, and the threshold for "unknown"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genrekit.errors import DataError

__all__ = [
    "N_BINS",
    "ErrorIfCalibrated",
    "Reliability",
    "TemperatureFit",
    "ThresholdFit",
    "apply_temperature",
    "brier_score",
    "error_if_calibrated",
    "expected_calibration_error",
    "fit_temperature",
    "fit_unknown_threshold",
    "negative_log_likelihood",
    "reliability_table",
]

N_BINS = 15
N_DRAWS = 1000
# Draws that are held in memory at once have about so many values.
DRAWN_AT_ONCE = 2_000_000
FLOOR = 1e-12
TEMPERATURE_RANGE = (0.05, 20.0)


@dataclass(frozen=True, eq=False)
class Reliability:
    """Equal-width bins of confidence, [n_bins] each; mean and accuracy are NaN in an empty bin.

    A confidence c lies in the bin (low, high], and 0 in the first.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    n: NDArray[np.int64]
    mean_confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]

    @property
    def error(self) -> float:
        """Expected calibration error: mean of |accuracy - confidence| over bins, weighted by their counts, 0..1."""
        filled = self.n > 0
        gaps = np.abs(self.accuracy[filled] - self.mean_confidence[filled])
        return float(np.average(gaps, weights=self.n[filled]))


@dataclass(frozen=True)
class ErrorIfCalibrated:
    """The expected calibration error that a perfectly calibrated model would have on as many tracks: 0..1.

    A bin of few tracks errs by chance; an error that is no greater than these says nothing against a model. Tracks are
    taken as independent: where those of one artist are right and wrong together, chance does more than this.

    mean : over draws of who is right
    high : which 95 % of the draws do not exceed
    """

    mean: float
    high: float


@dataclass(frozen=True)
class TemperatureFit:
    """The temperature, and the mean negative log likelihood in nats before and after.

    `at_bound` says that the best temperature lies outside the range that was searched, 0.05..20: the predictions that
    it was fitted on cannot tell it (all right, or worse than chance), so it should not be used.
    """

    temperature: float
    nll_before: float
    nll_after: float
    at_bound: bool


@dataclass(frozen=True)
class ThresholdFit:
    """A threshold of confidence below which the answer is "unknown", and what it does on the data it was chosen on.

    coverage : share of tracks of known genres that get an answer
    accuracy_answered : accuracy among those; None if there are none
    negatives_rejected : share of the negatives that end in "unknown"; None if none were given
    """

    threshold: float
    coverage: float
    accuracy_answered: float | None
    negatives_rejected: float | None


def reliability_table(confidence: ArrayLike, correct: ArrayLike, *, n_bins: int = N_BINS) -> Reliability:
    """Accuracy and mean confidence per bin of confidence.

    Parameters
    ----------
    confidence : [n] 0..1
    correct : [n] bool
    n_bins : >= 1, of equal width

    Raises
    ------
    DataError : no values, different lengths, or a confidence outside 0..1
    """
    c, right = _paired("confidence", confidence, "correct", correct)
    index, edges = _bin_index(c, n_bins), np.linspace(0, 1, n_bins + 1)
    n = np.bincount(index, minlength=n_bins)

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        summed = np.bincount(index, weights=values, minlength=n_bins)
        return np.asarray(np.divide(summed, n, out=np.full(n_bins, np.nan), where=n > 0))

    return Reliability(edges[:-1], edges[1:], n.astype(np.int64), mean(c), mean(right))


def expected_calibration_error(confidence: ArrayLike, correct: ArrayLike, *, n_bins: int = N_BINS) -> float:
    """Expected calibration error over equal-width bins, 0..1 (Guo et al. 2017, section 2)."""
    return reliability_table(confidence, correct, n_bins=n_bins).error


def error_if_calibrated(
    confidence: ArrayLike, *, n_bins: int = N_BINS, n_draws: int = N_DRAWS, seed: int = 0
) -> ErrorIfCalibrated:
    """What `expected_calibration_error` would be if each decision were right with just the probability that it has:
    resampling for consistency (Bröcker and Smith 2007, Weather and Forecasting 22, section 3a).

    Parameters
    ----------
    confidence : [n] 0..1
    n_bins : >= 1, of equal width
    n_draws : >= 1, of who is right
    seed : of the draws

    Raises
    ------
    DataError : no values, or a confidence outside 0..1
    """
    c = np.asarray(confidence, dtype=np.float64)
    if c.ndim != 1 or not len(c):
        raise DataError(f"confidence {c.shape} is no list; one of at least one value is expected.")
    _require_unit_range("confidence", c)
    members = np.eye(n_bins)[_bin_index(c, n_bins)]
    generator = np.random.default_rng(seed)
    errors: list[float] = []
    while len(errors) < n_draws:
        n = min(n_draws - len(errors), max(1, DRAWN_AT_ONCE // len(c)))
        right = generator.random((n, len(c))) < c
        # The mean over bins of |accuracy - confidence|, weighted by their counts, has the counts cancelled.
        errors += (np.abs((right - c) @ members).sum(axis=1) / len(c)).tolist()
    return ErrorIfCalibrated(float(np.mean(errors)), float(np.quantile(errors, 0.95)))


def negative_log_likelihood(probabilities: ArrayLike, label: ArrayLike) -> float:
    """Mean of -log p(true genre) in nats; probabilities [n, n_genres] below 1e-12 count as 1e-12."""
    p, y = _distribution(probabilities, label)
    return float(-np.log(np.maximum(p[np.arange(len(y)), y], FLOOR)).mean())


def brier_score(probabilities: ArrayLike, label: ArrayLike) -> float:
    """Mean squared distance of probabilities [n, n_genres] from the truth, summed over genres: 0..2 (Brier 1950)."""
    p, y = _distribution(probabilities, label)
    return float(((p - np.eye(p.shape[1])[y]) ** 2).sum(axis=1).mean())


def apply_temperature(probabilities: ArrayLike, temperature: float) -> NDArray[np.float64]:
    """softmax(log p / temperature) over the last axis; above 1 the answer becomes less sure, the decision stays."""
    if not (np.isfinite(temperature) and temperature > 0):
        raise DataError(f"Temperature is {temperature}; a number > 0 is expected.")
    logits = np.log(np.maximum(np.asarray(probabilities, dtype=np.float64), FLOOR)) / temperature
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def fit_temperature(probabilities: ArrayLike, label: ArrayLike) -> TemperatureFit:
    """The temperature that minimises the negative log likelihood; give it predictions of the validation part.

    The likelihood is convex in 1 / temperature, so a golden-section search over its logarithm finds the one minimum.

    Parameters
    ----------
    probabilities : [n, n_genres]
    label : [n] index of the true genre

    Raises
    ------
    DataError : no rows or shapes that do not fit
    """
    p, y = _distribution(probabilities, label)

    def loss(log_temperature: float) -> float:
        return negative_log_likelihood(apply_temperature(p, float(np.exp(log_temperature))), y)

    low, high = np.log(TEMPERATURE_RANGE)
    ratio = (np.sqrt(5) - 1) / 2
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    loss_left, loss_right = loss(left), loss(right)
    while high - low > 1e-6:
        if loss_left <= loss_right:
            high, right, loss_right = right, left, loss_left
            left = high - ratio * (high - low)
            loss_left = loss(left)
        else:
            low, left, loss_left = left, right, loss_right
            right = low + ratio * (high - low)
            loss_right = loss(right)
    best = float((low + high) / 2)
    at_bound = bool(np.min(np.abs(best - np.log(TEMPERATURE_RANGE))) < 1e-4)
    return TemperatureFit(float(np.exp(best)), negative_log_likelihood(p, y), loss(best), at_bound)


def fit_unknown_threshold(
    confidence: ArrayLike,
    correct: ArrayLike,
    negative_confidence: ArrayLike = (),
    *,
    min_coverage: float = 0.9,
) -> ThresholdFit:
    """The confidence below which "unknown" is the better answer.

    Maximises the mean of two shares: tracks of known genres that are treated well (right and answered, or wrong and
    not answered), and negatives (speech, noise, silence, other music) that are not answered; without negatives the
    first alone. Only thresholds that answer at least `min_coverage` of the known tracks are considered; of equals the
    lowest. It lies halfway between neighbouring confidences. An answer is given when confidence >= threshold.

    Parameters
    ----------
    confidence : [n] 0..1, calibrated, of tracks of known genres that the model was not trained on
    correct : [n] bool
    negative_confidence : [m] 0..1, of what belongs to no genre; may be empty
    min_coverage : 0..1

    Raises
    ------
    DataError : no known tracks, different lengths, or a value outside 0..1
    """
    c, right = _paired("confidence", confidence, "correct", correct)
    negative = np.asarray(negative_confidence, dtype=np.float64).reshape(-1)
    _require_unit_range("negative_confidence", negative)
    if not 0 <= min_coverage <= 1:
        raise DataError(f"min_coverage is {min_coverage}; a share between 0 and 1 is expected.")
    seen = np.unique(np.concatenate([[0.0], c, negative]))
    candidates = np.concatenate([[0.0], (seen[1:] + seen[:-1]) / 2])
    coverage = _share_at_least(c, candidates)
    right_answered = _share_at_least(c[right > 0], candidates) * right.mean()
    wrong_answered = coverage - right_answered
    utility = right_answered + (1 - right.mean()) - wrong_answered
    rejected = 1 - _share_at_least(negative, candidates)
    if len(negative):
        utility = (utility + rejected) / 2
    allowed = coverage >= min_coverage - 1e-12
    # Rounded so that equals are equal, and the lowest of them is taken.
    best = int(np.where(allowed, utility.round(12), -1.0).argmax())
    return ThresholdFit(
        threshold=float(candidates[best]),
        coverage=float(coverage[best]),
        accuracy_answered=float(right_answered[best] / coverage[best]) if coverage[best] > 0 else None,
        negatives_rejected=float(rejected[best]) if len(negative) else None,
    )


def _bin_index(confidence: NDArray[np.float64], n_bins: int) -> NDArray[np.intp]:
    """Of each confidence [n], its bin among `n_bins` of equal width."""
    edges = np.linspace(0, 1, n_bins + 1)
    return np.asarray(np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, n_bins - 1))


def _share_at_least(values: NDArray[np.float64], thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
    if not len(values):
        return np.zeros(len(thresholds))
    n_below = np.searchsorted(np.sort(values), thresholds, side="left")
    return np.asarray(1 - n_below / len(values), dtype=np.float64)


def _distribution(probabilities: ArrayLike, label: ArrayLike) -> tuple[NDArray[np.float64], NDArray[Any]]:
    p, y = np.asarray(probabilities, dtype=np.float64), np.asarray(label)
    if p.ndim != 2 or y.shape != p.shape[:1] or not len(y):
        raise DataError(
            f"probabilities {p.shape} and label {y.shape} do not fit; [n, n_genres] and [n], n >= 1, expected."
        )
    return p, y


def _paired(name: str, values: ArrayLike, other: str, flags: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    x, y = np.asarray(values, dtype=np.float64), np.asarray(flags, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape or not len(x):
        raise DataError(
            f"{name} {x.shape} and {other} {y.shape} do not fit; two lists of the same length >= 1 expected."
        )
    _require_unit_range(name, x)
    return x, y


def _require_unit_range(name: str, values: NDArray[np.float64]) -> None:
    # float32 probabilities may sum to a hair more than one.
    if not ((values >= 0) & (values <= 1 + 1e-6)).all():
        raise DataError(f"{name} holds values outside 0..1; probabilities are expected.")
