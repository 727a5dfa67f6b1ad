"""An inner validation part, carved from the training part in the spirit of the split's own protocol.

Of each genre something is taken however few tracks there are, as long as something of it stays to be trained on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from genrekit.data.splits.balanced_folds import balanced_folds

__all__ = ["carve_groups", "carve_stratified"]


def carve_stratified(
    members: Sequence[str], labels: Sequence[int], fraction: float, rng: np.random.Generator
) -> tuple[list[str], list[str]]:
    """Take a fraction of each genre at random, at least one member where there are two.

    Returns
    -------
    The members that stay for training, and those taken for validation.
    """
    genre = np.asarray(labels)
    taken = np.zeros(len(members), dtype=bool)
    for label in np.unique(genre):
        places = rng.permutation(np.flatnonzero(genre == label))
        taken[places[: max(round(fraction * len(places)), min(1, len(places) - 1))]] = True
    return _divided(members, taken)


def carve_groups(
    members: Sequence[str],
    labels: Sequence[int],
    groups: Sequence[int],
    fraction: float,
    rng: np.random.Generator,
) -> tuple[list[str], list[str]]:
    """Take about a fraction of each genre in whole groups, so that no group is in both; at least one group of each
    genre, where that leaves something of every genre for training.

    Returns
    -------
    The members that stay for training, and those taken for validation.
    """
    genre, group = np.asarray(labels), np.asarray(groups)
    taken = balanced_folds(group, genre, (1 - fraction, fraction), rng).astype(bool)
    for label in np.unique(genre):
        if taken[genre == label].all():
            taken &= ~_smallest(_groups_of(genre, group, label))
    for label in np.unique(genre):
        if not taken[genre == label].any():
            # What training can spare: it has every genre without it.
            spare = [one for one in _groups_of(genre, group, label) if _has_all(genre, ~taken & ~one)]
            taken |= _smallest(spare)
    return _divided(members, taken)


def _groups_of(genre: NDArray[np.int64], group: NDArray[np.int64], label: int) -> list[NDArray[np.bool_]]:
    return [group == one for one in np.unique(group[genre == label])]


def _has_all(genre: NDArray[np.int64], kept: NDArray[np.bool_]) -> bool:
    return set(genre[kept].tolist()) == set(genre.tolist())


def _smallest(groups: list[NDArray[np.bool_]]) -> NDArray[np.bool_] | np.bool_:
    return min(groups, key=np.count_nonzero, default=np.False_)


def _divided(members: Sequence[str], taken: NDArray[np.bool_]) -> tuple[list[str], list[str]]:
    return [m for m, t in zip(members, taken, strict=True) if not t], [
        m for m, t in zip(members, taken, strict=True) if t
    ]
