"""From excerpts to one decision per track: the mean of probabilities (report A) or a majority vote (report B)."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from genrekit.errors import DataError
from genrekit.evaluation.predictions import Predictions

__all__ = ["FusionMethod", "fuse", "require_fusion"]

FusionMethod = Literal["mean", "vote"]
# Large enough to survive float32, small enough never to matter in a score of probabilities.
TIE_MARGIN = 1e-6


def require_fusion(method: FusionMethod | None) -> FusionMethod | None:
    """The fusion, if there is one of that name; None, which fuses nothing, stays None.

    Raises
    ------
    DataError : another name
    """
    if method is not None and method not in get_args(FusionMethod):
        raise DataError(f"Unknown fusion {method!r}; expected 'mean' or 'vote'.")
    return method


def fuse(predictions: Predictions, method: FusionMethod) -> Predictions:
    """One row per (track, part, fold, seed), whatever the order of the excerpts.

    "mean" averages the excerpts' probabilities. "vote" gives each genre the share of the excerpts whose most probable
    genre it is; if several genres have the most votes, the one with the highest mean probability wins (then the first
    in label order), and is raised above its equals by 1e-6 so that the table alone shows the decision.

    `start_s` of a fused row is the start of the track's first excerpt. Rows come ordered by part, fold, seed and track.

    Raises
    ------
    DataError : another method
    """
    require_fusion(method)
    if not len(predictions):
        return predictions
    ordered = predictions.take(predictions.canonical_order)
    first = _first_rows(ordered)
    n_excerpts = np.diff(np.append(first, len(ordered)))
    mean = np.add.reduceat(ordered.probabilities.astype(np.float64), first, axis=0) / n_excerpts[:, None]
    fused = mean if method == "mean" else _vote_shares(ordered, first, n_excerpts, mean)
    return replace(ordered.take(first), probabilities=fused.astype(np.float32))


def _first_rows(ordered: Predictions) -> NDArray[np.intp]:
    changes = np.ones(len(ordered), dtype=bool)
    changes[1:] = np.logical_or.reduce(
        [column[1:] != column[:-1] for column in (ordered.part, ordered.fold, ordered.seed, ordered.track)]
    )
    return np.flatnonzero(changes)


def _vote_shares(
    ordered: Predictions, first: NDArray[np.intp], n_excerpts: NDArray[np.intp], mean: NDArray[np.float64]
) -> NDArray[np.float64]:
    ballots = np.eye(ordered.n_genres)[ordered.predicted]
    votes = np.add.reduceat(ballots, first, axis=0)
    leading = votes == votes.max(axis=1, keepdims=True)
    winner = np.where(leading, mean, -1.0).argmax(axis=1)
    shares = votes / n_excerpts[:, None]
    n_leading = leading.sum(axis=1)
    tied = np.flatnonzero(n_leading > 1)
    for_the_others = TIE_MARGIN / (n_leading[tied] - 1)
    shares[tied] -= np.where(leading[tied], for_the_others[:, None], 0.0)
    shares[tied, winner[tied]] += TIE_MARGIN + for_the_others
    return shares
