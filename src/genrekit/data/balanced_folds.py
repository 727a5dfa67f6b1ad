"""Folds of whole groups that hold about equally many tracks of each genre."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["balanced_folds"]

# Exchanging two groups is tried for every pair, which is quadratic; beyond this many groups moves alone balance well.
MAX_GROUPS_EXCHANGED = 2000
RESTARTS = 8


def balanced_folds(
    groups: npt.ArrayLike,
    labels: npt.ArrayLike,
    n_folds: int,
    rng: np.random.Generator,
) -> npt.NDArray[np.int64]:
    """Assign whole groups to folds so that each fold has about its share of every genre.

    Large groups are placed first, each where the squared deviation from equal shares grows least; then single groups
    are moved and pairs exchanged while that lowers the deviation. The best of a few random orders is kept.

    Parameters
    ----------
    groups : group number of each track [shape=(n_tracks,)]
    labels : genre index of each track [shape=(n_tracks,)]
    n_folds : at least 2
    rng : breaks ties between groups of one size

    Returns
    -------
    Fold of each track [shape=(n_tracks,)], 0 to ``n_folds - 1``.
    """
    group_of = np.unique(np.asarray(groups), return_inverse=True)[1]
    label_of = np.unique(np.asarray(labels), return_inverse=True)[1]
    counts = np.zeros((group_of.max(initial=-1) + 1, label_of.max(initial=-1) + 1))
    np.add.at(counts, (group_of, label_of), 1.0)
    best: npt.NDArray[np.int64] | None = None
    lowest = np.inf
    for _ in range(RESTARTS):
        assigned = _improve(counts, _place(counts, n_folds, rng), n_folds)
        cost = _cost(_totals(counts, assigned, n_folds))
        if cost < lowest - 1e-9:
            best, lowest = assigned, cost
    assert best is not None
    return best[group_of]


def _totals(counts: npt.NDArray[np.float64], assigned: npt.NDArray[np.int64], n_folds: int) -> npt.NDArray[np.float64]:
    totals = np.zeros((n_folds, counts.shape[1]))
    np.add.at(totals, assigned, counts)
    return totals


def _cost(totals: npt.NDArray[np.float64]) -> float:
    return float(((totals - totals.mean(axis=0)) ** 2).sum())


def _place(counts: npt.NDArray[np.float64], n_folds: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    order = rng.permutation(len(counts))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    totals = np.zeros((n_folds, counts.shape[1]))
    assigned = np.zeros(len(counts), dtype=np.int64)
    for group in order:
        # The cost after adding c to a fold of totals t grows by 2 t.c (+ c.c, which is the same for all folds);
        # the fold's size breaks ties, so that the parts stay equally large.
        growth = totals @ counts[group] + 1e-3 * totals.sum(axis=1)
        fold = int(np.argmin(growth))
        assigned[group] = fold
        totals[fold] += counts[group]
    return assigned


def _improve(counts: npt.NDArray[np.float64], assigned: npt.NDArray[np.int64], n_folds: int) -> npt.NDArray[np.int64]:
    totals = _totals(counts, assigned, n_folds)
    squares = (counts**2).sum(axis=1)
    places = np.arange(len(counts))
    exchange = len(counts) <= MAX_GROUPS_EXCHANGED
    while True:
        # Change of sum(totals**2), whose minimum is the cost's as the sum of totals is fixed.
        moves = 2 * (counts @ totals.T - (counts * totals[assigned]).sum(axis=1)[:, None] + squares[:, None])
        moves[places, assigned] = 0.0
        group, fold = np.unravel_index(int(np.argmin(moves)), moves.shape)
        gain, best = float(moves[group, fold]), ((int(group), int(fold)),)
        if exchange:
            gain, best = _best_exchange(counts, assigned, totals, gain, best)
        if gain > -1e-6:
            return assigned
        for place, target in best:
            totals[assigned[place]] -= counts[place]
            totals[target] += counts[place]
            assigned[place] = target


def _best_exchange(
    counts: npt.NDArray[np.float64],
    assigned: npt.NDArray[np.int64],
    totals: npt.NDArray[np.float64],
    gain: float,
    best: tuple[tuple[int, int], ...],
) -> tuple[float, tuple[tuple[int, int], ...]]:
    for one in range(len(totals)):
        for other in range(one + 1, len(totals)):
            ours, theirs = np.flatnonzero(assigned == one), np.flatnonzero(assigned == other)
            if not len(ours) or not len(theirs):
                continue
            gap = totals[one] - totals[other]
            a, b = counts[ours], counts[theirs]
            distance = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None, :] - 2 * a @ b.T
            change = 2 * distance - 2 * ((a @ gap)[:, None] - (b @ gap)[None, :])
            row, column = np.unravel_index(int(np.argmin(change)), change.shape)
            if change[row, column] < gain:
                gain = float(change[row, column])
                best = ((int(ours[row]), other), (int(theirs[column]), one))
    return gain, best
