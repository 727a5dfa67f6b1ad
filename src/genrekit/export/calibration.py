"""Temperatures and the threshold for "unknown", chosen on predictions for tracks that the model was not trained on."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from genrekit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genrekit.evaluation.calibration import TemperatureFit
    from genrekit.evaluation.predictions import Predictions

__all__ = ["Calibration", "fit_calibration", "fit_short_temperatures"]


@dataclass(frozen=True)
class Calibration:
    """What turns a network's logits into probabilities that hold.

    Attributes
    ----------
    window_temperature : > 0; a window's probabilities are softmax(logits / window_temperature)
    file_temperature : > 0; a file's are softmax(log(mean of its windows') / file_temperature)
    unknown_threshold : 0..1; a file whose best probability is below it is "unknown"

    Raises
    ------
    DataError : if a value is outside its range
    """

    window_temperature: float = 1.0
    file_temperature: float = 1.0
    unknown_threshold: float = 0.0

    def __post_init__(self) -> None:
        for name in ("window_temperature", "file_temperature"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise DataError(f"{name} is {value}; expected a number above 0")
        if not 0 <= self.unknown_threshold <= 1:
            raise DataError(f"unknown_threshold is {self.unknown_threshold}; expected a number from 0 to 1")


def fit_calibration(
    known: Predictions, negatives: Predictions | None = None, *, min_coverage: float = 0.9
) -> Calibration:
    """The calibration that fits out-of-fold predictions, made with both temperatures at 1.

    Windows first, since a file's mean is taken over calibrated windows; then files; then the threshold on files.

    Parameters
    ----------
    known : excerpts of tracks of the known genres, from models that were not trained on these tracks
    negatives : excerpts of what belongs to no genre (speech, noise, other music), of the same genres; labels do not
        matter
    min_coverage : share of the known tracks that must get an answer, 0..1

    Raises
    ------
    DataError : if there are no predictions, they are contaminated, they cannot tell a temperature (all right, or worse
        than chance), or the negatives are of other genres
    """
    import numpy as np

    from genrekit.evaluation.calibration import apply_temperature, fit_temperature, fit_unknown_threshold
    from genrekit.evaluation.fusion import fuse

    if known.contaminated:
        raise DataError(
            f"the predictions of {known.recipe!r} are CONTAMINATED: their models have heard the tracks, and are surer "
            "of them than of new music; give predictions of a split that keeps tracks whole"
        )
    if negatives is not None and negatives.genres != known.genres:
        raise DataError(
            f"the negatives are of a model of {', '.join(negatives.genres)}, the known tracks of one of "
            f"{', '.join(known.genres)}; give predictions of the same models"
        )
    window = _checked(fit_temperature(known.probabilities, known.label), "windows")

    def fused(predictions: Predictions) -> Predictions:
        calibrated = apply_temperature(predictions.probabilities, window).astype(np.float32)
        return fuse(replace(predictions, probabilities=calibrated), "mean")

    files = fused(known)
    file = _checked(fit_temperature(files.probabilities, files.label), "files")
    confidence = apply_temperature(files.probabilities, file).max(axis=1)
    unknown = np.empty(0)
    if negatives is not None and len(negatives):
        unknown = apply_temperature(fused(negatives).probabilities, file).max(axis=1)
    threshold = fit_unknown_threshold(confidence, files.correct, unknown, min_coverage=min_coverage).threshold
    return Calibration(window, file, threshold)


def fit_short_temperatures(
    calibration: Calibration, by_duration_s: Mapping[float, Predictions]
) -> tuple[tuple[float, float], ...]:
    """How much less sure than of a whole track a model is to be of a short recording: `ModelCard.short_temperatures`.

    Parameters
    ----------
    calibration : of whole tracks
    by_duration_s : predictions for excerpts of so many seconds, each heard as one window, with both temperatures at 1,
        from models that were not trained on their tracks

    Returns
    -------
    Pairs (seconds, factor of the file temperature), seconds rising

    Raises
    ------
    DataError : as `fit_calibration`
    """
    import numpy as np

    from genrekit.evaluation.calibration import apply_temperature, fit_temperature

    pairs = []
    for duration_s, excerpts in sorted(by_duration_s.items()):
        warm = apply_temperature(excerpts.probabilities, calibration.window_temperature).astype(np.float32)
        fitted = _checked(fit_temperature(warm, excerpts.label), f"excerpts of {duration_s:g} s")
        pairs.append((duration_s, fitted / calibration.file_temperature))
    return tuple(pairs)


def _checked(fit: TemperatureFit, what: str) -> float:
    if fit.at_bound:
        raise DataError(
            f"the temperature of {what} cannot be told from these predictions ({fit.temperature:.3g} is at the edge of "
            "the search); give predictions of tracks that the model was not trained on, some of them wrong"
        )
    return fit.temperature
