from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")

from genrekit.inference.embedding import Embedding
from genrekit.learning.head import file_probabilities, fit_head


def song(rows: np.ndarray, weights: np.ndarray | None = None) -> Embedding:
    return Embedding(rows.astype(np.float32), np.ones(len(rows)) if weights is None else weights)


@pytest.mark.parametrize("n_genres", [2, 3])
def test_the_folded_head_gives_what_scikit_learn_gives(n_genres: int) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(0)
    label = np.repeat(np.arange(n_genres), 8)
    x = (rng.standard_normal((len(label), 6)) * [1, 2, 3, 1, 1, 2] + 5 + label[:, None]).astype(np.float32)
    head = fit_head([song(row[None]) for row in x], label, 0.1)
    scaler = StandardScaler().fit(x)
    expected = LogisticRegression(C=0.1, max_iter=2000).fit(scaler.transform(x), label)
    np.testing.assert_allclose(head.probabilities(x), expected.predict_proba(scaler.transform(x)), atol=1e-4)


def test_a_long_song_weighs_no_more_than_a_short_one() -> None:
    rng = np.random.default_rng(0)
    label = np.repeat([0, 1], 5)
    rows = [rng.standard_normal((1, 4)) + genre for genre in label]
    songs = [song(one) for one in rows]
    longer = [song(np.repeat(one, 9 if k == 0 else 1, axis=0)) for k, one in enumerate(rows)]
    np.testing.assert_allclose(fit_head(songs, label, 1.0).weights, fit_head(longer, label, 1.0).weights, atol=1e-3)


def test_a_unit_that_never_moves_does_no_harm() -> None:
    rng = np.random.default_rng(0)
    label = np.repeat([0, 1], 5)
    songs = [song((rng.standard_normal((3, 4)) + genre) * [1, 1, 0, 1]) for genre in label]
    head = fit_head(songs, label, 1.0)
    assert np.isfinite(head.weights).all() and (head.weights[2] == 0).all()
    np.testing.assert_allclose(file_probabilities(head, songs).sum(axis=1), 1)


def test_a_window_that_brings_hardly_more_hardly_counts() -> None:
    rng = np.random.default_rng(0)
    label = np.repeat([0, 1], 5)
    rows = [rng.standard_normal((3, 4)) + genre for genre in label]
    weights = np.array([1, 1, 1, 1e-6])
    songs, longer = (
        [song(one) for one in rows],
        [song(np.concatenate([one, 9 + one[:1]]), weights) for one in rows],
    )
    head = fit_head(songs, label, 1.0)
    np.testing.assert_allclose(head.weights, fit_head(longer, label, 1.0).weights, atol=1e-3)
    np.testing.assert_allclose(file_probabilities(head, longer), file_probabilities(head, songs), atol=1e-4)
