from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from genrekit.errors import DataError
from genrekit.evaluation.fusion import fuse
from genrekit.evaluation.paired import compare, mcnemar_exact
from genrekit.evaluation.predictions import Predictions

Make = Callable[..., Predictions]


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 10))
def test_mcnemar_is_the_binomial_test_on_disagreements(only_first: int, only_second: int, both: int) -> None:
    first = np.array([True] * only_first + [False] * only_second + [True] * both, dtype=bool)
    second = np.array([False] * only_first + [True] * only_second + [True] * both, dtype=bool)
    result = mcnemar_exact(first, second)
    n = only_first + only_second
    expected = binomtest(only_first, n).pvalue if n else 1.0
    assert (result.n_only_first_right, result.n_only_second_right) == (only_first, only_second)
    assert result.p_value == pytest.approx(expected)


def fused(make: Make, **options: object) -> Predictions:
    return fuse(make(n_tracks=200, n_excerpts=2, **options), "mean")


def test_a_clear_difference_is_seen(make_predictions: Make) -> None:
    good, bad = fused(make_predictions, accuracy=0.9), fused(make_predictions, accuracy=0.6, generator_seed=8)
    result = compare(good, bad, generator=np.random.default_rng(0))
    assert result.difference == pytest.approx(0.3)
    assert result.interval.low > 0.15
    assert result.p_value < 0.01
    assert result.mcnemar is not None and result.mcnemar.p_value < 0.001
    assert (result.n_tracks, result.interval.unit) == (200, "artist")


def test_swapping_the_systems_swaps_the_sign(make_predictions: Make) -> None:
    one, two = fused(make_predictions, accuracy=0.7), fused(make_predictions, accuracy=0.65, generator_seed=9)
    there = compare(one, two, generator=np.random.default_rng(0))
    back = compare(two, one, generator=np.random.default_rng(0))
    assert back.difference == -there.difference
    assert back.interval.low == pytest.approx(-there.interval.high)
    assert back.p_value == there.p_value


def test_excerpts_are_compared_track_by_track(make_predictions: Make) -> None:
    """A track is right by half where one of its two excerpts is."""
    table = make_predictions(n_tracks=200, n_excerpts=2, accuracy=1.0)
    p = table.probabilities.copy()
    wrong = (table.start_s == 0) & (np.arange(len(table)) < 200)
    p[wrong] = np.roll(p[wrong], 1, axis=1)
    half = replace(table, probabilities=p)
    result = compare(table, half, generator=np.random.default_rng(0), by_excerpt=True)
    assert (result.difference, result.n_tracks, result.mcnemar) == (0.25, 200, None)
    assert 0.15 < result.interval.low < 0.25 < result.interval.high < 0.35
    with pytest.raises(DataError, match="fuse its excerpts first"):
        compare(table, half, generator=np.random.default_rng(0))


def test_a_system_does_not_differ_from_itself(make_predictions: Make) -> None:
    table = fused(make_predictions)
    result = compare(table, replace(table, recipe="copy"), generator=np.random.default_rng(0))
    assert (result.difference, result.p_value) == (0.0, 1.0)
    assert result.mcnemar is not None and result.mcnemar.p_value == 1.0


def test_pairing_narrows_the_interval(make_predictions: Make) -> None:
    table = fused(make_predictions, accuracy=0.7, with_artists=False)
    probabilities = table.probabilities.copy()
    wrong = np.flatnonzero(~table.correct)[:6]
    probabilities[wrong] = np.eye(4)[table.label[wrong]]
    better = replace(table, probabilities=probabilities, recipe="better")
    result = compare(better, table, generator=np.random.default_rng(0))
    assert result.difference == pytest.approx(0.03)
    assert result.interval.high - result.interval.low < 0.06
    assert result.mcnemar is not None and result.mcnemar.p_value == pytest.approx(2 * 0.5**6)


def test_several_seeds_are_averaged_per_track(make_predictions: Make) -> None:
    one = Predictions.concatenate([fused(make_predictions, seed=s, generator_seed=s) for s in range(3)])
    two = fused(make_predictions, accuracy=0.5, generator_seed=11)
    result = compare(one, two, generator=np.random.default_rng(0))
    assert result.mcnemar is None
    assert result.accuracy_first == pytest.approx(0.7)
    assert result.n_tracks == 200


def test_different_tracks_truths_or_genres_are_refused(make_predictions: Make) -> None:
    rng = np.random.default_rng(0)
    table = fused(make_predictions)
    with pytest.raises(DataError, match=r"has 5 of 200 .* lacks 0 of its 195 \(for instance blues.00000"):
        compare(table, table.take(np.arange(5, 200)), generator=rng)
    moved = replace(table, label=(table.label + 1) % 4)
    with pytest.raises(DataError, match=r"different truths: track 'blues.00000' is 'blues' .* 'classical'"):
        compare(table, moved, generator=rng)
    with pytest.raises(DataError, match="different genres"):
        compare(table, replace(table, genres=("a", "b", "c", "d")), generator=rng)
    with pytest.raises(DataError, match="fuse its excerpts first"):
        compare(make_predictions(), make_predictions(), generator=rng)
    with pytest.raises(DataError, match="nothing to compare"):
        compare(table, table.select(part="valid"), generator=rng)
