"""Predictions with known scores, made without a model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from genrekit.evaluation.predictions import Predictions

GENRES = ("blues", "classical", "country", "disco")


def make_predictions(
    *,
    n_tracks: int = 40,
    n_excerpts: int = 3,
    genres: tuple[str, ...] = GENRES,
    accuracy: float = 0.7,
    confidence: float = 0.6,
    fold: int = 0,
    seed: int = 0,
    part: str = "test",
    protocol: str = "P2",
    recipe: str = "se_cnn",
    dataset: str = "gtzan_archive",
    with_artists: bool = True,
    generator_seed: int = 7,
) -> Predictions:
    """Tracks of equally many genres; the first `accuracy * n_tracks` of a shuffled list are right in all excerpts."""
    rng = np.random.default_rng(generator_seed)
    n_genres = len(genres)
    label = np.arange(n_tracks) % n_genres
    right = rng.permutation(n_tracks) < round(accuracy * n_tracks)
    answer = np.where(right, label, (label + 1 + rng.integers(0, n_genres - 1, n_tracks)) % n_genres)
    probabilities = np.full((n_tracks, n_genres), (1 - confidence) / (n_genres - 1))
    probabilities[np.arange(n_tracks), answer] = confidence
    repeat = np.repeat(np.arange(n_tracks), n_excerpts)
    return Predictions(
        genres=genres,
        track=np.array([f"{genres[label[i]]}.{i:05d}" for i in repeat]),
        start_s=np.tile(np.arange(n_excerpts) * 1.5, n_tracks),
        part=np.full(len(repeat), part),
        fold=np.full(len(repeat), fold),
        seed=np.full(len(repeat), seed),
        label=label[repeat],
        probabilities=probabilities[repeat],
        protocol=protocol,
        contaminated=protocol == "P1",
        recipe=recipe,
        dataset=dataset,
        artist=np.array([f"artist {i // 2}" if i % 5 else "" for i in repeat]) if with_artists else None,
    )


@pytest.fixture(name="make_predictions", scope="session")
def make_predictions_fixture() -> Callable[..., Predictions]:
    return make_predictions
