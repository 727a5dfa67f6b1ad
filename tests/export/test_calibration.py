from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from genrekit.errors import DataError
from genrekit.evaluation.calibration import apply_temperature
from genrekit.evaluation.predictions import Predictions
from genrekit.export.calibration import Calibration, fit_calibration, fit_short_temperatures

GENRES = ("a", "b", "c")
N_TRACKS, N_WINDOWS = 600, 5


def _predictions(temperature: float, *, sharp: float = 2.0, seed: int = 0) -> Predictions:
    """Windows whose labels are drawn from p, with the logits of p multiplied by `temperature`."""
    rng = np.random.default_rng(seed)
    logits = sharp * rng.standard_normal((N_TRACKS, len(GENRES)))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    label = np.array([rng.choice(len(GENRES), p=row) for row in p])
    given = apply_temperature(p, 1 / temperature)
    n = N_TRACKS * N_WINDOWS
    return Predictions(
        genres=GENRES,
        track=np.repeat([f"t{i:04}" for i in range(N_TRACKS)], N_WINDOWS),
        start_s=np.tile(np.arange(N_WINDOWS) * 5.0, N_TRACKS),
        part=np.full(n, "valid"),
        fold=np.zeros(n, np.int64),
        seed=np.zeros(n, np.int64),
        label=np.repeat(label, N_WINDOWS),
        probabilities=np.repeat(given, N_WINDOWS, axis=0).astype(np.float32),
        protocol="P2",
        contaminated=False,
        recipe="r",
        dataset="d",
    )


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_an_overconfident_model_is_cooled_by_as_much_as_it_was_heated(temperature: float) -> None:
    calibration = fit_calibration(_predictions(temperature))
    assert calibration.window_temperature == pytest.approx(temperature, rel=0.15)
    # All windows of a track say the same here, so nothing is left to correct for files.
    assert calibration.file_temperature == pytest.approx(1, rel=0.02)


def test_short_recordings_are_cooled_beyond_whole_ones() -> None:
    whole = Calibration(window_temperature=1.5, file_temperature=0.8)
    excerpts = {5.0: _predictions(1.5), 1.0: _predictions(3.0)}
    (short_s, short), (longer_s, longer) = fit_short_temperatures(whole, excerpts)
    assert (short_s, longer_s) == (1.0, 5.0)
    # Once the window's temperature is taken off, 1 and 2 are left, which the file's is multiplied up to.
    assert short * 0.8 == pytest.approx(2, rel=0.15)
    assert longer * 0.8 == pytest.approx(1, rel=0.15)


def test_negatives_raise_the_threshold() -> None:
    known = _predictions(1.0, sharp=8.0)
    undecided = _predictions(1.0, sharp=0.5, seed=1)
    with_negatives = fit_calibration(known, undecided)
    assert with_negatives.unknown_threshold > fit_calibration(known).unknown_threshold
    assert with_negatives.unknown_threshold > undecided.confidence.mean()


def test_predictions_that_are_all_right_cannot_tell_a_temperature() -> None:
    known = _predictions(1.0)
    right = known.take(np.flatnonzero(known.correct))
    with pytest.raises(DataError, match="cannot be told"):
        fit_calibration(right)


def test_models_that_have_heard_the_tracks_calibrate_nothing() -> None:
    with pytest.raises(DataError, match="CONTAMINATED: their models have heard the tracks"):
        fit_calibration(replace(_predictions(1.0), protocol="P1", contaminated=True))


def test_negatives_of_another_model_are_refused() -> None:
    other = replace(_predictions(1.0, seed=1), genres=("a", "b", "d"))
    with pytest.raises(DataError, match="of a model of a, b, d, the known tracks of one of a, b, c"):
        fit_calibration(_predictions(1.0), other)


@pytest.mark.parametrize(
    "values", [{"window_temperature": 0.0}, {"file_temperature": float("nan")}, {"unknown_threshold": 1.1}]
)
def test_values_outside_their_range(values: dict[str, float]) -> None:
    with pytest.raises(DataError, match=next(iter(values))):
        Calibration(**values)
