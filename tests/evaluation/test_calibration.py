from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize_scalar

from genrekit.errors import DataError
from genrekit.evaluation.calibration import (
    TEMPERATURE_RANGE,
    apply_temperature,
    brier_score,
    error_if_calibrated,
    expected_calibration_error,
    fit_temperature,
    fit_unknown_threshold,
    negative_log_likelihood,
    reliability_table,
)
from genrekit.inference.fusion import fuse_windows, tempered


def drawn_from(logits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Labels that occur as often as the softmax of the logits says."""
    p = apply_temperature(np.exp(logits), 1.0)
    return (p.cumsum(axis=1) < rng.random((len(p), 1))).sum(axis=1).clip(max=p.shape[1] - 1)


def test_calibration_error_by_hand() -> None:
    confidence = [0.95, 0.95, 0.55, 0.55]
    correct = [True, False, True, True]
    assert expected_calibration_error(confidence, correct) == pytest.approx(0.5 * 0.45 + 0.5 * 0.45)
    table = reliability_table(confidence, correct, n_bins=10)
    assert table.n.tolist() == [0, 0, 0, 0, 0, 2, 0, 0, 0, 2]
    assert table.accuracy[5] == 1.0
    assert np.isnan(table.accuracy[0])


def test_edges_belong_to_the_bin_below() -> None:
    assert reliability_table([0.0, 0.5, 1.0], [1, 1, 1], n_bins=2).n.tolist() == [2, 1]


@given(arrays(np.float64, st.integers(1, 50), elements=st.floats(0, 1)), st.integers(0, 2**32 - 1))
def test_calibration_error_is_a_share_and_ignores_order(confidence: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    correct = rng.random(len(confidence)) < 0.5
    order = rng.permutation(len(confidence))
    error = expected_calibration_error(confidence, correct)
    assert 0 <= error <= 1
    assert expected_calibration_error(confidence[order], correct[order]) == pytest.approx(error)
    assert expected_calibration_error(confidence, correct, n_bins=1) == pytest.approx(
        abs(confidence.mean() - correct.mean())
    )


def test_the_error_of_a_perfect_model_is_that_of_draws_from_its_own_confidence() -> None:
    rng = np.random.default_rng(4)
    confidence = rng.beta(4, 2, 290)
    drawn = [expected_calibration_error(confidence, rng.random(290) < confidence) for _ in range(1000)]
    expected = error_if_calibrated(confidence, n_draws=1000)
    assert expected.mean == pytest.approx(np.mean(drawn), abs=0.002)
    assert expected.high == pytest.approx(np.quantile(drawn, 0.95), abs=0.004)
    # Of more tracks it is less, of one it is what a coin decides, of who is sure it is none.
    assert error_if_calibrated(np.tile(confidence, 16)).mean == pytest.approx(expected.mean / 4, rel=0.05)
    assert error_if_calibrated([0.5]).mean == 0.5
    assert error_if_calibrated([1.0, 1.0, 0.0]).high == 0
    assert error_if_calibrated(confidence) == error_if_calibrated(confidence)


def test_of_many_tracks_the_error_of_a_perfect_model_needs_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    confidence = np.random.default_rng(0).random(200)
    at_once = error_if_calibrated(confidence)
    monkeypatch.setattr("genrekit.evaluation.calibration.DRAWN_AT_ONCE", 500)
    assert error_if_calibrated(confidence) == at_once


@pytest.mark.parametrize("confidence", [[], [[0.5]], [1.5], [float("nan")]])
def test_of_no_confidence_there_is_no_error(confidence: list[float]) -> None:
    with pytest.raises(DataError, match="confidence"):
        error_if_calibrated(confidence)


def test_likelihood_and_brier_by_hand() -> None:
    p = [[0.5, 0.5], [0.1, 0.9]]
    assert negative_log_likelihood(p, [0, 1]) == pytest.approx(-(np.log(0.5) + np.log(0.9)) / 2)
    assert brier_score(p, [0, 1]) == pytest.approx((0.5 + 0.02) / 2)
    assert np.isfinite(negative_log_likelihood([[0.0, 1.0]], [0]))


@pytest.mark.parametrize("truth", [0.4, 1.0, 1.9, 5.0])
def test_the_temperature_that_made_the_data_is_found(truth: float) -> None:
    rng = np.random.default_rng(5)
    logits = rng.normal(0, 2, (20000, 6))
    label = drawn_from(logits, rng)
    overconfident = apply_temperature(np.exp(logits), 1 / truth)
    fit = fit_temperature(overconfident, label)
    assert fit.temperature == pytest.approx(truth, rel=0.04)
    assert fit.nll_after <= fit.nll_before
    assert not fit.at_bound
    calibrated = apply_temperature(overconfident, fit.temperature)
    right = calibrated.argmax(axis=1) == label
    assert expected_calibration_error(calibrated.max(axis=1), right) < 0.02


def test_the_search_agrees_with_scipy() -> None:
    rng = np.random.default_rng(6)
    p = rng.dirichlet(np.full(10, 0.3), 300)
    label = rng.integers(0, 10, 300)
    label[:150] = p[:150].argmax(axis=1)
    best = minimize_scalar(
        lambda t: negative_log_likelihood(apply_temperature(p, np.exp(t)), label),
        bounds=np.log([0.05, 20]),
        method="bounded",
        options={"xatol": 1e-8},
    )
    fit = fit_temperature(p, label)
    assert fit.temperature == pytest.approx(np.exp(best.x), rel=1e-4)
    assert fit.nll_after <= best.fun + 1e-10


def test_a_temperature_that_cannot_be_told_is_marked() -> None:
    p = np.array([[0.8, 0.2], [0.3, 0.7]])
    assert fit_temperature(p, [0, 1]).at_bound
    assert fit_temperature(p, [1, 0]).at_bound


@st.composite
def distributions(draw: st.DrawFn) -> np.ndarray:
    """Rows that sum to 1, some with zeros and with what is nearly zero."""
    shape = draw(st.tuples(st.integers(1, 6), st.integers(2, 10)))
    weights = draw(arrays(np.float64, shape, elements=st.floats(0, 1, allow_subnormal=False)))
    weights[weights.sum(axis=1) == 0] = 1
    return weights / weights.sum(axis=1, keepdims=True)


@given(distributions(), st.floats(*TEMPERATURE_RANGE))
def test_a_temperature_does_in_a_model_what_it_did_when_it_was_fitted(p: np.ndarray, temperature: float) -> None:
    fitted = apply_temperature(p, temperature)
    np.testing.assert_allclose(tempered(p, temperature), fitted, rtol=1e-9)
    np.testing.assert_allclose([fuse_windows(row[None], temperature) for row in p], fitted, rtol=1e-9)


@given(arrays(np.float64, (4, 5), elements=st.floats(0.01, 1)), st.floats(0.5, 4))
@settings(max_examples=50)
def test_a_temperature_keeps_the_decision(weights: np.ndarray, temperature: float) -> None:
    p = weights / weights.sum(axis=1, keepdims=True)
    warm = apply_temperature(p, temperature)
    np.testing.assert_allclose(warm.sum(axis=1), 1)
    np.testing.assert_allclose(apply_temperature(warm, 1 / temperature), p, atol=1e-6)
    rows = np.arange(4)
    np.testing.assert_allclose(warm[rows, p.argmax(axis=1)], warm.max(axis=1))


def test_a_threshold_between_two_heaps() -> None:
    known, negative = np.linspace(0.6, 1.0, 50), np.linspace(0.1, 0.4, 30)
    fit = fit_unknown_threshold(known, np.ones(50, dtype=bool), negative)
    assert fit.threshold == pytest.approx(0.5)
    assert (fit.coverage, fit.accuracy_answered, fit.negatives_rejected) == (1.0, 1.0, 1.0)


def test_coverage_is_kept() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.random(500)
    correct = rng.random(500) < confidence
    negative = rng.random(100) * 0.9
    for least in (0.5, 0.8, 0.95, 1.0):
        fit = fit_unknown_threshold(confidence, correct, negative, min_coverage=least)
        answered = confidence >= fit.threshold
        assert fit.coverage == pytest.approx(answered.mean()) and fit.coverage >= least
        assert fit.accuracy_answered == pytest.approx(correct[answered].mean())
        assert fit.negatives_rejected == pytest.approx((negative < fit.threshold).mean())


def test_the_threshold_is_the_best_of_all() -> None:
    rng = np.random.default_rng(1)
    confidence, negative = rng.random(80), rng.random(40) * 0.7
    correct = rng.random(80) < confidence

    def utility(threshold: float) -> float:
        answered = confidence >= threshold
        return float((correct == answered).mean() + (negative < threshold).mean())

    fit = fit_unknown_threshold(confidence, correct, negative, min_coverage=0.0)
    assert utility(fit.threshold) == pytest.approx(max(utility(t) for t in np.linspace(0, 1, 5001)), abs=1e-9)


def test_without_negatives_only_errors_count() -> None:
    fit = fit_unknown_threshold([0.2, 0.3, 0.8, 0.9], [False, False, True, True], min_coverage=0.5)
    assert fit.threshold == pytest.approx(0.55)
    assert fit.negatives_rejected is None
    assert fit_unknown_threshold([0.2, 0.9], [True, True]).threshold == 0.0


def test_wrong_input_is_named() -> None:
    with pytest.raises(DataError, match=r"outside 0\.\.1"):
        reliability_table([1.2], [True])
    with pytest.raises(DataError, match="same length"):
        expected_calibration_error([0.2, 0.3], [True])
    with pytest.raises(DataError, match="do not fit"):
        brier_score([0.2, 0.8], [1])
    with pytest.raises(DataError, match="Temperature is 0"):
        apply_temperature([[0.5, 0.5]], 0)
    with pytest.raises(DataError, match="min_coverage is 90"):
        fit_unknown_threshold([0.5], [True], min_coverage=90)
    with pytest.raises(DataError, match="negative_confidence"):
        fit_unknown_threshold([0.5], [True], [np.nan])
