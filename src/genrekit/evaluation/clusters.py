"""Which tracks stand or fall together: the units that are resampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from genrekit.data.relations import normalise
from genrekit.evaluation.predictions import Predictions

__all__ = ["Clusters", "cluster_rows"]


@dataclass(frozen=True, eq=False)
class Clusters:
    """Cluster of each row, [n] int in 0..n_clusters - 1. `unit` is "artist" if at least one artist is known."""

    index: NDArray[np.intp]
    n_clusters: int
    unit: Literal["artist", "track"]


def cluster_rows(predictions: Predictions) -> Clusters:
    """Group rows by artist where it is known, by track otherwise.

    The artist is the whole text, compared by `normalise`: one that names two is a cluster of its own, though the
    splits' proof joins it to those of both; published intervals hold by this. All excerpts, folds and seeds of a track
    are in one cluster, so a resample never counts a second seed as a second track.
    """
    known = np.zeros(len(predictions), dtype=bool)
    names = np.char.add("t:", predictions.track)
    if predictions.artist is not None:
        spelt, place = np.unique(predictions.artist, return_inverse=True)
        artist = np.array(_one_spelling(spelt.tolist()), dtype=np.str_)[place]
        known = np.char.str_len(artist) > 0
        # One track is one cluster, even where its artist is given in some rows only.
        tracks, track_index = np.unique(predictions.track, return_inverse=True)
        artist_of = np.full(len(tracks), "", dtype=artist.dtype)
        artist_of[track_index[known]] = artist[known]
        row_artist = artist_of[track_index]
        names = np.where(np.char.str_len(row_artist) > 0, np.char.add("a:", row_artist), names)
    clusters, index = np.unique(names, return_inverse=True)
    return Clusters(index.astype(np.intp), len(clusters), "artist" if known.any() else "track")


def _one_spelling(names: Sequence[str]) -> list[str]:
    """For each name the first spelling of its artist in lower case, "" for none.

    Clusters are numbered in the order of these: published intervals, whose resamples go by the numbers, hold.
    """
    first: dict[str, str] = {}
    for name in sorted(name.strip().lower() for name in names):
        first.setdefault(normalise(name), name)
    return [first[normalise(name)] if normalise(name) else "" for name in names]
