"""Folds that keep an artist's songs together, as far as the songs allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from genrekit.data.relations import joined, listed_artists

__all__ = ["Folds", "make_folds"]

N_FOLDS = 5
ATTEMPTS = 10


@dataclass(frozen=True, eq=False)
class Folds:
    """Songs held out together.

    Attributes
    ----------
    held_out : indices of songs of each fold; every song once
    not_grouped : indices of the genres of too few artists to hold one out, cut song by song
    """

    held_out: tuple[npt.NDArray[np.intp], ...]
    not_grouped: tuple[int, ...]


def make_folds(
    label: npt.NDArray[np.intp],
    artist: Sequence[str | None],
    *,
    seed: int,
    n_folds: int = N_FOLDS,
    least_known: int = 1,
) -> Folds:
    """Up to `n_folds` folds with about equal genres, none of which shares an artist with another.

    Artists are compared as the splits' proof does (`listed_artists`); a song without one stands for itself. A genre of
    too few artists for that is cut song by song instead.

    Parameters
    ----------
    label : [n_songs], index of the genre; each has at least two songs
    artist : [n_songs]
    seed : of the shuffling
    n_folds : at most
    least_known : songs of each genre that must be left outside each fold; at most half of its songs, rounded down
    """
    from sklearn.model_selection import StratifiedGroupKFold

    names = [f"artist {number}" for number in joined(listed_artists(name) or (i,) for i, name in enumerate(artist))]
    genres = range(int(label.max()) + 1)
    most = min(n_folds, int(np.bincount(label).min()))
    alone = {genre for genre in genres if len({names[i] for i in np.flatnonzero(label == genre)}) < 2}
    while True:
        short: set[int] = set()
        groups = [f"song {i}" if label[i] in alone else name for i, name in enumerate(names)]
        for n in range(min(most, len(set(groups))), 1, -1):
            for attempt in range(ATTEMPTS):
                maker = StratifiedGroupKFold(n, shuffle=True, random_state=seed + attempt)
                held_out = tuple(test for _, test in maker.split(label, label, groups))
                known = np.array([np.bincount(np.delete(label, test), minlength=len(genres)) for test in held_out])
                few = set(np.flatnonzero(known.min(axis=0) < least_known).tolist())
                if not few and all(len(test) for test in held_out):
                    return Folds(held_out, tuple(sorted(alone)))
                short |= few
        # What an artist holds most of is taken apart; at last all of it, which can always be held out.
        alone |= short - alone or set(genres)
