"""Folds that keep an artist's songs together, as far as the songs allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Folds", "make_folds"]

N_FOLDS = 5
ATTEMPTS = 10


@dataclass(frozen=True, eq=False)
class Folds:
    """Songs held out together.

    Attributes
    ----------
    held_out : indices of songs of each fold; every song once
    not_grouped : indices of the genres whose songs are by one artist, so that no fold can hold that artist out
    """

    held_out: tuple[npt.NDArray[np.intp], ...]
    not_grouped: tuple[int, ...]


def make_folds(
    label: npt.NDArray[np.intp], artist: Sequence[str | None], *, seed: int, n_folds: int = N_FOLDS
) -> Folds:
    """Up to `n_folds` folds with about equal genres, none of which shares an artist with another.

    Artists are compared without regard to case and outer blanks; a song without one stands for itself. A genre that is
    by one artist only is cut song by song instead.

    Parameters
    ----------
    label : [n_songs], index of the genre; each has at least two songs
    artist : [n_songs]
    seed : of the shuffling
    """
    from sklearn.model_selection import StratifiedGroupKFold

    names = [f"song {i}" if not name else f"artist {name.strip().casefold()}" for i, name in enumerate(artist)]
    genres = range(int(label.max()) + 1)
    alone = {genre for genre in genres if len({names[i] for i in np.flatnonzero(label == genre)}) < 2}
    for _ in genres:  # each round takes at least one more genre apart, until all genres can be held out in part
        groups = [f"song {i}" if label[i] in alone else name for i, name in enumerate(names)]
        fewest = min(len({groups[i] for i in np.flatnonzero(label == genre)}) for genre in genres)
        for n in range(min(n_folds, fewest), 1, -1):
            for attempt in range(ATTEMPTS):
                maker = StratifiedGroupKFold(n, shuffle=True, random_state=seed + attempt)
                held_out = tuple(test for _, test in maker.split(label, label, groups))
                if all(len(np.unique(np.delete(label, test))) == len(genres) and len(test) for test in held_out):
                    return Folds(held_out, tuple(sorted(alone)))
        alone = set(genres)
    raise AssertionError("two songs of each genre can always be held apart")
