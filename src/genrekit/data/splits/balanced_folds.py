"""Folds of whole groups that hold about equally many tracks of each genre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

__all__ = ["balanced_folds"]

# Exchanging two groups is tried for every pair, which is quadratic; beyond this many groups moves alone balance well.
MAX_GROUPS_EXCHANGED = 2000
RESTARTS = 8

Counts = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Change:
    """Groups that change folds, as (group, new fold), and by how much the squared deviation grows."""

    cost: float
    moves: tuple[tuple[int, int], ...]


def balanced_folds(
    groups: npt.ArrayLike,
    labels: npt.ArrayLike,
    shares: Sequence[float],
    rng: np.random.Generator,
) -> npt.NDArray[np.int64]:
    """Assign whole groups to folds so that each fold has about its share of every genre.

    Large groups are placed first, each where the squared deviation from the shares grows least; then single groups
    are moved and pairs exchanged while that lowers the deviation. The best of a few random orders is kept.

    Parameters
    ----------
    groups : group number of each track [shape=(n_tracks,)]
    labels : genre index of each track [shape=(n_tracks,)]
    shares : of each fold, at least two, summing to 1
    rng : breaks ties between groups of one size

    Returns
    -------
    Fold of each track [shape=(n_tracks,)], 0 to ``len(shares) - 1``.
    """
    group_of = np.unique(np.asarray(groups), return_inverse=True)[1]
    label_of = np.unique(np.asarray(labels), return_inverse=True)[1]
    counts = np.zeros((group_of.max(initial=-1) + 1, label_of.max(initial=-1) + 1))
    np.add.at(counts, (group_of, label_of), 1.0)
    targets = np.outer(shares, counts.sum(axis=0))
    best = np.zeros(len(counts), dtype=np.int64)
    lowest = np.inf
    for _ in range(RESTARTS):
        assigned = _improve(counts, _place(counts, targets, rng), targets)
        cost = float((_excess(counts, assigned, targets) ** 2).sum())
        if cost < lowest - 1e-9:
            best, lowest = assigned, cost
    return best[group_of]


def _excess(counts: Counts, assigned: npt.NDArray[np.int64], targets: Counts) -> Counts:
    totals = -targets
    np.add.at(totals, assigned, counts)
    return totals


def _place(counts: Counts, targets: Counts, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    order = rng.permutation(len(counts))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    excess = -targets
    assigned = np.zeros(len(counts), dtype=np.int64)
    for group in order:
        # Adding c to a fold of excess e raises the cost by 2 e.c + c.c, the latter being the same for all folds;
        # the fold's whole excess breaks ties, so that the parts get their sizes.
        growth = excess @ counts[group] + 1e-3 * excess.sum(axis=1)
        fold = int(np.argmin(growth))
        assigned[group] = fold
        excess[fold] += counts[group]
    return assigned


def _improve(counts: Counts, assigned: npt.NDArray[np.int64], targets: Counts) -> npt.NDArray[np.int64]:
    excess = _excess(counts, assigned, targets)
    squares = (counts**2).sum(axis=1)
    places = np.arange(len(counts))
    # A group alone is best where it is; it has none to be exchanged with.
    while len(counts) > 1:
        moves = 2 * (counts @ excess.T - (counts * excess[assigned]).sum(axis=1)[:, None] + squares[:, None])
        moves[places, assigned] = 0.0
        group, fold = np.unravel_index(int(np.argmin(moves)), moves.shape)
        change = Change(float(moves[group, fold]), ((int(group), int(fold)),))
        if len(counts) <= MAX_GROUPS_EXCHANGED:
            change = min(change, _best_exchange(counts, assigned, excess), key=lambda one: one.cost)
        if change.cost > -1e-6:
            return assigned
        for place, target in change.moves:
            excess[assigned[place]] -= counts[place]
            excess[target] += counts[place]
            assigned[place] = target
    return assigned


def _best_exchange(counts: Counts, assigned: npt.NDArray[np.int64], excess: Counts) -> Change:
    best = Change(0.0, ())
    for one, other in combinations(range(len(excess)), 2):
        ours, theirs = np.flatnonzero(assigned == one), np.flatnonzero(assigned == other)
        if not len(ours) or not len(theirs):
            continue
        gap = excess[one] - excess[other]
        a, b = counts[ours], counts[theirs]
        distance = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None, :] - 2 * a @ b.T
        costs = 2 * distance - 2 * ((a @ gap)[:, None] - (b @ gap)[None, :])
        row, column = np.unravel_index(int(np.argmin(costs)), costs.shape)
        if costs[row, column] < best.cost:
            best = Change(float(costs[row, column]), ((int(ours[row]), other), (int(theirs[column]), one)))
    return best
