"""Two systems on the same tracks: exact McNemar test and paired, clustered bootstrap."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from genrekit.errors import DataError
from genrekit.evaluation.clusters import cluster_rows
from genrekit.evaluation.intervals import MIN_RESAMPLES, Interval, percentile_interval, resample_weights
from genrekit.evaluation.predictions import Predictions

__all__ = ["McNemar", "PairedComparison", "compare", "mcnemar_exact"]


@dataclass(frozen=True)
class McNemar:
    """Tracks that only one of two systems has right, and the exact two-sided p-value of so uneven a count.

    It takes tracks as independent, which tracks of one artist are not: where artists are known, rather trust the
    clustered interval.
    """

    n_only_first_right: int
    n_only_second_right: int
    p_value: float


@dataclass(frozen=True)
class PairedComparison:
    """First system minus second, in accuracy (0..1) per track.

    `difference` and its interval are over tracks, each track's correctness averaged over its seeds and folds.
    `p_value` is two-sided, from the same clustered resamples. `mcnemar` is None when a track was scored more than once
    (several seeds).
    """

    accuracy_first: float
    accuracy_second: float
    difference: float
    interval: Interval
    p_value: float
    mcnemar: McNemar | None
    n_tracks: int


def mcnemar_exact(first_right: NDArray[np.bool_], second_right: NDArray[np.bool_]) -> McNemar:
    """Exact McNemar test on paired decisions, [n] bool each (McNemar 1947; binomial form)."""
    if first_right.shape != second_right.shape:
        raise DataError(f"Paired decisions differ in number: {first_right.shape} and {second_right.shape}.")
    only_first = int(np.sum(first_right & ~second_right))
    only_second = int(np.sum(~first_right & second_right))
    n = only_first + only_second
    tail = sum(comb(n, k) for k in range(min(only_first, only_second) + 1))
    return McNemar(only_first, only_second, min(1.0, 2 * tail / 2**n))


def compare(
    first: Predictions,
    second: Predictions,
    *,
    generator: np.random.Generator,
    n_resamples: int = 5000,
    level: float = 0.95,
    by_excerpt: bool = False,
) -> PairedComparison:
    """Compare two fused tables (one row per track, fold and seed) of the same tracks.

    Parameters
    ----------
    by_excerpt : the tables are not fused, and a track counts by the share of its excerpts that are right

    Raises
    ------
    DataError : genres, tracks or labels differ (the difference is named), a table to be fused is not, or it is empty
    """
    if n_resamples < MIN_RESAMPLES:
        raise DataError(f"{n_resamples} resamples are too few for a percentile interval; expected >= {MIN_RESAMPLES}.")
    if first.genres != second.genres:
        raise DataError(
            f"The systems answer in different genres, so their decisions cannot be paired: "
            f"{', '.join(first.genres)} and {', '.join(second.genres)}."
        )
    tracks, rate_first, label_first, n_first = _per_track(first, by_excerpt=by_excerpt)
    tracks_second, rate_second, label_second, n_second = _per_track(second, by_excerpt=by_excerpt)
    _require_same_tracks(first, second, tracks, tracks_second)
    if (label_first != label_second).any():
        odd = int(np.argmax(label_first != label_second))
        raise DataError(
            f"The systems were scored against different truths: track {str(tracks[odd])!r} is "
            f"{first.genres[label_first[odd]]!r} for {first.recipe!r} and {second.genres[label_second[odd]]!r} "
            f"for {second.recipe!r}. Make both predictions from the same data set."
        )
    gain = rate_first - rate_second
    # Artists of either table will do: the tracks are the same.
    source = first if first.artist is not None else second
    clusters = cluster_rows(source.take(np.unique(source.track, return_index=True)[1]))
    gain_sum = np.bincount(clusters.index, weights=gain, minlength=clusters.n_clusters)
    sizes = np.bincount(clusters.index, minlength=clusters.n_clusters).astype(np.float64)
    samples = np.concatenate(
        [(w @ gain_sum) / (w @ sizes) for w in resample_weights(clusters.n_clusters, n_resamples, generator)]
    )
    once = bool((n_first == 1).all() and (n_second == 1).all())
    return PairedComparison(
        accuracy_first=float(rate_first.mean()),
        accuracy_second=float(rate_second.mean()),
        difference=float(gain.mean()),
        interval=percentile_interval(samples, level, clusters.n_clusters, clusters.unit),
        p_value=_two_sided(samples),
        mcnemar=mcnemar_exact(rate_first > 0.5, rate_second > 0.5) if once else None,
        n_tracks=len(tracks),
    )


def _per_track(
    fused: Predictions, *, by_excerpt: bool
) -> tuple[NDArray[np.str_], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    if not len(fused):
        raise DataError(f"{fused.recipe!r} has no predictions in the chosen part; there is nothing to compare.")
    tracks, first, index, count = np.unique(fused.track, return_index=True, return_inverse=True, return_counts=True)
    if not by_excerpt and len(np.unique(np.stack([index, fused.fold, fused.seed]), axis=1).T) < len(fused):
        raise DataError(f"{fused.recipe!r} has several rows per track, fold and seed; fuse its excerpts first.")
    right = np.bincount(index, weights=fused.correct.astype(np.float64))
    return tracks, right / count, fused.label[first], count


def _require_same_tracks(
    first: Predictions, second: Predictions, tracks: NDArray[np.str_], tracks_second: NDArray[np.str_]
) -> None:
    only_first, only_second = np.setdiff1d(tracks, tracks_second), np.setdiff1d(tracks_second, tracks)
    if len(only_first) or len(only_second):
        examples = ", ".join(str(track) for track in [*only_first[:2], *only_second[:2]])
        raise DataError(
            f"A paired comparison needs the same tracks on both sides; the first, {first.recipe!r}, has "
            f"{len(only_first)} of {len(tracks)} that the second, {second.recipe!r}, lacks, and lacks "
            f"{len(only_second)} of its {len(tracks_second)} "
            f"(for instance {examples}). Compare runs of the same split and fold, or all folds of both."
        )


def _two_sided(samples: NDArray[np.float64]) -> float:
    n = len(samples)
    # One is added to both so that a finite number of resamples never claims a probability of zero.
    below, above = (int((samples <= 0).sum()) + 1) / (n + 1), (int((samples >= 0).sum()) + 1) / (n + 1)
    return min(1.0, 2 * min(below, above))
