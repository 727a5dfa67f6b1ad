"""95 % bootstrap intervals over tracks, clustered by artist where artists are known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from genrekit.errors import DataError
from genrekit.evaluation.clusters import cluster_rows
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.scores import METRICS, macro_metrics
from genrekit.evaluation.wilson import wilson_interval

__all__ = ["MIN_RESAMPLES", "Interval", "bootstrap_scores", "percentile_interval", "resample_weights", "with_a_width"]

MIN_RESAMPLES = 2000
CELLS_AT_ONCE = 4_000_000
# A resample of artists upsets the numbers of tracks of the genres, and with them what these two are made of.
BIASED = frozenset({"precision", "f1"})


@dataclass(frozen=True)
class Interval:
    """A percentile interval of a bootstrap: `low` and `high` in the unit of the score. Wilson's has 0 resamples."""

    low: float
    high: float
    level: float
    n_clusters: int
    unit: str
    n_resamples: int


def bootstrap_scores(
    predictions: Predictions,
    *,
    generator: np.random.Generator,
    n_resamples: int = 5000,
    level: float = 0.95,
) -> dict[str, Interval]:
    """Percentile intervals of accuracy and macro precision, recall and f1, as `score` defines them.

    Those of precision and f1 are bias-corrected, since most resamples score less than the table that they are drawn of.

    Clusters (artists, else tracks) are drawn with replacement, once for all folds and seeds together: the interval says
    what other tracks would have given, not what other seeds would have. Excerpts of a track move together, so the
    same function serves tables of excerpts and fused tables.

    Where no resample differs from another (all decisions right, all wrong, or all of one artist) the bootstrap knows
    nothing: the interval is Wilson's then, of as many decisions as there are clusters.

    Parameters
    ----------
    n_resamples : >= 2000
    level : 0..1, coverage of the interval

    Raises
    ------
    DataError : no rows, too few resamples, or a level outside 0..1
    """
    if not len(predictions):
        raise DataError("No predictions to resample: the chosen part, fold or seed has no rows.")
    if n_resamples < MIN_RESAMPLES:
        raise DataError(f"{n_resamples} resamples are too few for a percentile interval; expected >= {MIN_RESAMPLES}.")
    clusters = cluster_rows(predictions)
    n_genres = predictions.n_genres
    seeds, seed_index = np.unique(predictions.seed, return_inverse=True)
    shape = (clusters.n_clusters, len(seeds), n_genres, n_genres)
    cells = np.ravel_multi_index((clusters.index, seed_index, predictions.label, predictions.predicted), shape)
    counts = np.bincount(cells, minlength=int(np.prod(shape))).reshape(clusters.n_clusters, -1).astype(np.float64)

    samples: dict[str, list[NDArray[np.float64]]] = {name: [] for name in METRICS}
    for weights in resample_weights(clusters.n_clusters, n_resamples, generator):
        metrics = macro_metrics((weights @ counts).reshape(len(weights), *shape[1:]))
        for name in METRICS:
            samples[name].append(metrics[name].mean(axis=1))
    by_seed = macro_metrics(counts.sum(axis=0).reshape(shape[1:]))
    scores = {name: float(by_seed[name].mean()) for name in METRICS}
    found = {
        name: percentile_interval(
            np.concatenate(samples[name]),
            level,
            clusters.n_clusters,
            clusters.unit,
            score=scores[name] if name in BIASED else None,
        )
        for name in METRICS
    }
    return {name: with_a_width(interval, scores[name]) for name, interval in found.items()}


def with_a_width(interval: Interval, score: float) -> Interval:
    """The interval, or Wilson's of the score, 0..1, if it has no width."""
    if interval.low < interval.high:
        return interval
    n = np.array(interval.n_clusters)
    low, high = wilson_interval(score * n, n, level=interval.level)
    return replace(interval, low=float(low), high=float(high), n_resamples=0)


def resample_weights(
    n_clusters: int, n_resamples: int, generator: np.random.Generator
) -> Iterator[NDArray[np.float64]]:
    """How often each cluster was drawn in each resample: blocks [k, n_clusters], `n_resamples` rows in all."""
    at_once = max(1, CELLS_AT_ONCE // n_clusters)
    for start in range(0, n_resamples, at_once):
        n = min(at_once, n_resamples - start)
        drawn = generator.integers(0, n_clusters, size=(n, n_clusters))
        drawn += np.arange(n)[:, None] * n_clusters
        yield np.bincount(drawn.ravel(), minlength=n * n_clusters).reshape(n, n_clusters).astype(np.float64)


def percentile_interval(
    samples: NDArray[np.float64], level: float, n_clusters: int, unit: str, *, score: float | None = None
) -> Interval:
    """The middle `level` of bootstrap samples [n_resamples]; resamples in which a score is not defined are left out.

    With the `score` that was resampled the percentiles are bias-corrected (Efron 1982, section 10.7): moved, in normal
    deviates, by twice that of the share of samples below the score, of which equal ones count half.
    """
    if not 0 < level < 1:
        raise DataError(f"Level of an interval is {level}; a number between 0 and 1 is expected, such as 0.95.")
    shares = [(1 - level) / 2, (1 + level) / 2]
    if score is not None:
        known = samples[~np.isnan(samples)]
        below = (np.sum(known < score) + np.sum(known <= score)) / (2 * max(len(known), 1))
        normal = NormalDist()
        # No finite number of samples says that all there could be lie on one side.
        shift = 2 * normal.inv_cdf(float(np.clip(below, 1 / (len(samples) + 1), 1 - 1 / (len(samples) + 1))))
        shares = [normal.cdf(normal.inv_cdf(share) + shift) for share in shares]
    low, high = np.nanquantile(samples, shares)
    return Interval(float(low), float(high), level, n_clusters, unit, len(samples))
