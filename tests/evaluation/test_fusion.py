from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrekit.errors import DataError
from genrekit.evaluation.fusion import FusionMethod, fuse
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.summary import evaluate_predictions

Make = Callable[..., Predictions]


def one_track(rows: list[list[float]]) -> Predictions:
    n = len(rows)
    return Predictions(
        genres=("blues", "jazz", "rock"),
        track=np.full(n, "blues.00000"),
        start_s=np.arange(n) * 2.5 + 1,
        part=np.full(n, "test"),
        fold=np.zeros(n, dtype=int),
        seed=np.zeros(n, dtype=int),
        label=np.zeros(n, dtype=int),
        probabilities=np.array(rows),
        protocol="P2",
        contaminated=False,
        recipe="m",
        dataset="d",
    )


@st.composite
def tables(draw: st.DrawFn) -> Predictions:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_tracks = draw(st.integers(1, 6))
    counts = rng.integers(1, 8, n_tracks)
    index = np.repeat(np.arange(n_tracks), counts)
    n = len(index)
    # Coarse values, so that ties of votes and of probabilities happen.
    weights = rng.integers(1, 4, (n, 3)).astype(float)
    return Predictions(
        genres=("blues", "jazz", "rock"),
        track=np.array([f"t{i}" for i in index]),
        start_s=np.concatenate([np.arange(c) for c in counts]).astype(float),
        part=np.full(n, "test"),
        fold=index % 2,
        seed=np.zeros(n, dtype=int),
        label=index % 3,
        probabilities=weights / weights.sum(axis=1, keepdims=True),
        protocol="P2",
        contaminated=False,
        recipe="m",
        dataset="d",
    )


def test_mean_and_vote_by_hand() -> None:
    table = one_track([[0.5, 0.4, 0.1], [0.5, 0.4, 0.1], [0.0, 0.9, 0.1]])
    mean, vote = fuse(table, "mean"), fuse(table, "vote")
    np.testing.assert_allclose(mean.probabilities, [[1 / 3, 1.7 / 3, 0.1]], rtol=1e-6)
    np.testing.assert_allclose(vote.probabilities, [[2 / 3, 1 / 3, 0]], rtol=1e-6)
    assert (mean.predicted[0], vote.predicted[0]) == (1, 0)
    assert mean.start_s.tolist() == [1.0]


def test_a_tied_vote_goes_to_the_higher_mean_probability() -> None:
    vote = fuse(one_track([[0.6, 0.3, 0.1], [0.1, 0.8, 0.1]]), "vote")
    assert vote.predicted.tolist() == [1]
    np.testing.assert_allclose(vote.probabilities, [[0.5, 0.5, 0]], atol=2e-6)
    three = fuse(one_track([[0.4, 0.3, 0.3], [0.3, 0.4, 0.3], [0.2, 0.3, 0.5]]), "vote")
    assert three.predicted.tolist() == [2]


def test_a_tie_of_votes_and_means_goes_to_the_first_genre() -> None:
    assert fuse(one_track([[0.2, 0.2, 0.6], [0.2, 0.6, 0.2]]), "vote").predicted.tolist() == [1]


@given(tables(), st.sampled_from(get_args(FusionMethod)), st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_the_order_of_excerpts_does_not_matter(table: Predictions, method: FusionMethod, shuffle: int) -> None:
    shuffled = table.take(np.random.default_rng(shuffle).permutation(len(table)))
    one, two = fuse(table, method), fuse(shuffled, method)
    np.testing.assert_array_equal(one.track, two.track)
    np.testing.assert_array_equal(one.probabilities, two.probabilities)


@given(tables(), st.sampled_from(get_args(FusionMethod)))
@settings(max_examples=60)
def test_one_row_per_track_and_still_a_distribution(table: Predictions, method: FusionMethod) -> None:
    fused = fuse(table, method)
    assert len(fused) == len(set(table.track.tolist()))
    np.testing.assert_allclose(fused.probabilities.sum(axis=1), 1, atol=1e-5)
    assert (fused.probabilities >= 0).all()


@given(tables())
@settings(max_examples=60)
def test_the_voted_genre_has_the_most_votes(table: Predictions) -> None:
    vote = fuse(table, "vote")
    for row, track in enumerate(vote.track):
        votes = np.bincount(table.predicted[table.track == track], minlength=3)
        assert votes[vote.predicted[row]] == votes.max()
        np.testing.assert_allclose(vote.probabilities[row], votes / votes.sum(), atol=2e-6)


@given(tables())
@settings(max_examples=60)
def test_fusing_single_excerpts_changes_nothing_but_the_order(table: Predictions) -> None:
    single = fuse(table, "mean")
    again = fuse(single, "mean")
    assert again.sha256 == single.sha256
    np.testing.assert_array_equal(fuse(single, "vote").predicted, single.predicted)


@given(tables())
@settings(max_examples=30)
def test_relabelling_genres_relabels_the_mean(table: Predictions) -> None:
    turned = replace(table, probabilities=table.probabilities[:, [2, 0, 1]], label=(table.label + 1) % 3)
    np.testing.assert_allclose(
        fuse(turned, "mean").probabilities, fuse(table, "mean").probabilities[:, [2, 0, 1]], atol=1e-7
    )


def test_parts_folds_and_seeds_are_kept_apart(make_predictions: Make) -> None:
    table = Predictions.concatenate(
        [make_predictions(fold=f, seed=s, part=p) for f in (0, 1) for s in (0, 1) for p in ("valid", "test")]
    )
    fused = fuse(table, "mean")
    assert len(fused) == 40 * 8
    assert len(fused.select(part="valid", fold=1, seed=0)) == 40


def test_an_unknown_method_is_refused_and_nothing_stays_nothing(make_predictions: Make) -> None:
    with pytest.raises(DataError, match="Unknown fusion 'median'"):
        fuse(make_predictions(), "median")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="Unknown fusion 'median'"):
        evaluate_predictions(make_predictions(), fusion="median")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="Unknown fusion 'median'"):
        evaluate_predictions(make_predictions()).view("median")  # type: ignore[arg-type]
    assert len(fuse(make_predictions().select(part="train"), "vote")) == 0
