"""Predictions of a network that is mostly right, made without one."""

from __future__ import annotations

import numpy as np

from genrekit.evaluation.predictions import Predictions


def mostly_right(genres: tuple[str, ...], *, recipe: str, n_tracks: int = 200) -> Predictions:
    """Of a validation part with one excerpt a track."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, len(genres), n_tracks)
    probabilities = rng.dirichlet([1.0] * len(genres), n_tracks)
    probabilities[np.arange(n_tracks), label] += 0.3
    return Predictions(
        genres=genres,
        track=np.array([f"t{i:03}" for i in range(n_tracks)]),
        start_s=np.zeros(n_tracks),
        part=np.full(n_tracks, "valid"),
        fold=np.zeros(n_tracks, np.int64),
        seed=np.zeros(n_tracks, np.int64),
        label=label,
        probabilities=(probabilities / probabilities.sum(axis=1, keepdims=True)).astype(np.float32),
        protocol="P2",
        contaminated=False,
        recipe=recipe,
        dataset="d",
    )
