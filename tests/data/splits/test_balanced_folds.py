from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from genrekit.data.splits.balanced_folds import balanced_folds


@settings(max_examples=50, deadline=None)
@given(
    tracks=st.lists(st.tuples(st.integers(0, 15), st.integers(0, 3)), min_size=2, max_size=80),
    n_folds=st.integers(2, 5),
    seed=st.integers(0, 9),
)
def test_groups_stay_whole_and_the_seed_decides(tracks: list[tuple[int, int]], n_folds: int, seed: int) -> None:
    groups, labels = zip(*tracks, strict=True)
    shares = [1 / n_folds] * n_folds
    folds = balanced_folds(groups, labels, shares, np.random.default_rng(seed))
    assert set(folds) <= set(range(n_folds))
    for group in set(groups):
        assert len({fold for fold, of in zip(folds, groups, strict=True) if of == group}) == 1
    again = balanced_folds(groups, labels, shares, np.random.default_rng(seed))
    np.testing.assert_array_equal(folds, again)


def test_single_tracks_are_shared_out_exactly() -> None:
    labels = np.repeat([0, 1, 2], 30)
    folds = balanced_folds(np.arange(90), labels, [1 / 3] * 3, np.random.default_rng(0))
    for label in range(3):
        np.testing.assert_array_equal(np.bincount(folds[labels == label]), [10, 10, 10])


def test_unequal_shares() -> None:
    folds = balanced_folds(np.arange(100), np.repeat([0, 1], 50), (0.9, 0.1), np.random.default_rng(0))
    np.testing.assert_array_equal(np.bincount(folds), [90, 10])


def test_exchanges_what_moves_alone_cannot_improve() -> None:
    # Two folds of 5 + 3 and 4 + 4 can only be reached by exchange once 5 + 4 and 4 + 3 are placed.
    sizes = [5, 4, 4, 3]
    groups = np.repeat(range(4), sizes)
    folds = balanced_folds(groups, np.zeros(16, dtype=int), (0.5, 0.5), np.random.default_rng(0))
    np.testing.assert_array_equal(np.bincount(folds), [8, 8])


def test_one_group_alone_is_in_one_fold() -> None:
    folds = balanced_folds(np.zeros(6, int), np.zeros(6, int), [1 / 3] * 3, np.random.default_rng(0))
    assert len(set(folds.tolist())) == 1
