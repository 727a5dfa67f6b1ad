"""Weights of tracks in the loss by how many others their artist has: a few artists must not stand for a genre."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor

from genrekit.data.dataset import Dataset
from genrekit.data.relations import keys
from genrekit.errors import RecipeError

__all__ = ["artist_weights"]


def artist_weights(dataset: Dataset, rows: Sequence[int], balance: float) -> Tensor:
    """Weights [n_tracks] of a data set's tracks: of those trained on, the mean over each genre is 1; of others, 0.

    Parameters
    ----------
    dataset : a track of an unknown artist is the only one of its artist
    rows : of the tracks that are trained on, each once
    balance : 0 weighs all alike; 1 gives each artist of a genre the same weight, however many tracks they have there;
        between, a track weighs the number of its artist's tracks to the power of -balance

    Raises
    ------
    RecipeError
        If no artist is known.
    """
    tracks = [dataset.tracks[row] for row in rows]
    if all(track.artist is None for track in tracks):
        raise RecipeError(
            f"artist_balance is {balance:g}, but no artist of data set {dataset.name!r} is known; leave it at 0, or "
            "tell the artists."
        )
    artists = [(track.genre, keys(track, "artist") or ("unknown", track.track_id)) for track in tracks]
    count = Counter(artists)
    raw = [count[artist] ** -balance for artist in artists]
    size = Counter(track.genre for track in tracks)
    total = dict.fromkeys(size, 0.0)
    for track, weight in zip(tracks, raw, strict=True):
        total[track.genre] += weight
    weights = torch.zeros(len(dataset))
    for row, track, weight in zip(rows, tracks, raw, strict=True):
        weights[row] = weight * size[track.genre] / total[track.genre]
    return weights
