"""An inner validation part, carved from the training part in the spirit of the split's own protocol."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genrekit.data.balanced_folds import balanced_folds

__all__ = ["carve_groups", "carve_stratified"]


def carve_stratified(
    members: Sequence[str], labels: Sequence[int], fraction: float, rng: np.random.Generator
) -> tuple[list[str], list[str]]:
    """Take a fraction of each genre at random.

    Returns
    -------
    The members that stay for training, and those taken for validation.
    """
    genre = np.asarray(labels)
    taken = np.zeros(len(members), dtype=bool)
    for label in np.unique(genre):
        places = rng.permutation(np.flatnonzero(genre == label))
        taken[places[: round(fraction * len(places))]] = True
    return [m for m, t in zip(members, taken, strict=True) if not t], [
        m for m, t in zip(members, taken, strict=True) if t
    ]


def carve_groups(
    members: Sequence[str],
    labels: Sequence[int],
    groups: Sequence[int],
    fraction: float,
    rng: np.random.Generator,
) -> tuple[list[str], list[str]]:
    """Take about a fraction of each genre in whole groups, so that no group is in both.

    Returns
    -------
    The members that stay for training, and those taken for validation.
    """
    taken = balanced_folds(groups, labels, (1 - fraction, fraction), rng)
    return [m for m, t in zip(members, taken, strict=True) if not t], [
        m for m, t in zip(members, taken, strict=True) if t
    ]
