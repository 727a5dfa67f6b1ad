"""An inner validation part, carved from the training part in the spirit of the split's own protocol.

Of each genre something is taken however few tracks there are, as long as something of it stays to be trained on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from genrekit.data.balanced_folds import balanced_folds

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
        if not taken[genre == label].any():
            taken |= _smallest_to_spare(genre, group, taken, label)
    return _divided(members, taken)


def _smallest_to_spare(
    genre: NDArray[np.int64], group: NDArray[np.int64], taken: NDArray[np.bool_], label: int
) -> NDArray[np.bool_]:
    """The members of the smallest group of a genre without which training still has every genre that it has; none if
    there is no such group."""
    candidates = [group == one for one in np.unique(group[genre == label])]
    trained = set(genre[~taken].tolist())
    spare = [one for one in candidates if set(genre[~taken & ~one].tolist()) == trained]
    return min(spare, key=np.count_nonzero, default=np.zeros(len(group), dtype=bool))


def _divided(members: Sequence[str], taken: NDArray[np.bool_]) -> tuple[list[str], list[str]]:
    return [m for m, t in zip(members, taken, strict=True) if not t], [
        m for m, t in zip(members, taken, strict=True) if t
    ]
