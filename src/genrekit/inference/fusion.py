"""From the probabilities of windows to one decision for the file, and to a timeline."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from genrekit.inference.result import UNKNOWN, Segment

__all__ = ["fuse_windows", "heard_seconds", "hop_means", "make_timeline", "tempered", "window_weights"]

SMALLEST_PROBABILITY = 1e-12  # keeps the logarithm finite where a float32 softmax gave 0


def window_weights(starts_s: NDArray[np.float64], hop_s: float) -> NDArray[np.float64]:
    """How much each window brings that the one before has not: the step from it in hops, at most 1; the first, 1.

    The window that ends with the recording may start right after another. Weighed so, a recording that is a hundredth
    of a second longer gets the same answer.

    Parameters
    ----------
    starts_s : [n_windows], seconds, rising
    hop_s : seconds between the starts of windows on the grid, > 0

    Returns
    -------
    [n_windows], more than 0, at most 1
    """
    return np.minimum(np.diff(starts_s, prepend=-np.inf) / hop_s, 1.0)


def heard_seconds(starts_s: NDArray[np.float64], *, window_s: float, duration_s: float) -> float:
    """Seconds of a recording that lie in one of the windows, or in several.

    Parameters
    ----------
    starts_s : [n_windows], seconds, rising, n_windows >= 1
    """
    last = min(window_s, duration_s - float(starts_s[-1]))
    return float(np.minimum(np.diff(starts_s), window_s).sum()) + last


def fuse_windows(
    probabilities: NDArray[np.float64], temperature: float, weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Probabilities of the file: softmax(log(mean over windows) / temperature).

    Parameters
    ----------
    probabilities : [n_windows, n_genres], each row summing to 1, n_windows >= 1
    temperature : above 0; 1 leaves the mean as it is, more makes it less sure
    weights : [n_windows] of the mean, at least one more than 0; if not given, all the same

    Returns
    -------
    [n_genres], summing to 1
    """
    return tempered(np.average(probabilities, axis=0, weights=weights), temperature)


def tempered(probabilities: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """softmax(log(p) / temperature) of each row [..., n_genres]; a row of zeros, where nothing was heard, stays so."""
    logits = np.log(np.maximum(probabilities, SMALLEST_PROBABILITY)) / temperature
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
    shares[probabilities.max(axis=-1) == 0] = 0
    return shares


def make_timeline(
    starts_s: NDArray[np.float64],
    probabilities: NDArray[np.float64],
    *,
    genres: Sequence[str],
    window_s: float,
    hop_s: float,
    duration_s: float,
    heard_s: float,
    temperature_of_s: Callable[[float], float],
    unknown_threshold: float,
) -> tuple[Segment, ...]:
    """Stretches of one genre, from 0 to `duration_s` without gaps.

    Each hop gets the mean of the windows that overlap it, weighted by how much they do, at the file's temperature; a
    hop whose best probability is below the threshold, or that no window overlaps (silence), is "unknown". Neighbours of
    one genre are joined: people ask where the genre changes, and a list of equal hops hides it. Such a stretch tells
    what a recording of its length tells: its confidence is at the temperature of that, and where it is then below the
    threshold, the stretch is "unknown" too.

    Parameters
    ----------
    starts_s : [n_windows], seconds
    probabilities : [n_windows, n_genres]
    heard_s : seconds of the file that lie in a window
    temperature_of_s : of a recording of so many seconds
    """
    edges, mean = hop_means(starts_s, probabilities, window_s=window_s, hop_s=hop_s, duration_s=duration_s)
    lengths_s = np.diff(edges)
    least = max(unknown_threshold, SMALLEST_PROBABILITY)
    height = tempered(mean, temperature_of_s(heard_s)).max(axis=1)
    label = np.where(height >= least, mean.argmax(axis=1), -1)
    for stretch in _stretches(label):
        if label[stretch.start] >= 0:
            told_s = min(float(lengths_s[stretch].sum()), heard_s)
            height[stretch] = tempered(mean[stretch], temperature_of_s(told_s)).max(axis=1)
            if _average(height[stretch], lengths_s[stretch]) < least:
                label[stretch] = -1
    return tuple(
        Segment(
            float(edges[stretch.start]),
            float(edges[stretch.stop]),
            UNKNOWN if label[stretch.start] < 0 else genres[label[stretch.start]],
            _average(height[stretch], lengths_s[stretch]),
        )
        for stretch in _stretches(label)
    )


def _stretches(label: NDArray[np.intp]) -> list[slice]:
    """Where neighbours are alike."""
    changes = (np.flatnonzero(np.diff(label)) + 1).tolist()
    return [slice(first, last) for first, last in zip([0, *changes], [*changes, len(label)], strict=True)]


def _average(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    return float(np.average(values, weights=weights)) if weights.sum() > 0 else float(values[0])


def hop_means(
    starts_s: NDArray[np.float64],
    probabilities: NDArray[np.float64],
    *,
    window_s: float,
    hop_s: float,
    duration_s: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Edges of the hops from 0 to `duration_s`, [n_hops + 1] in seconds, and each hop's mean, [n_hops, n_genres].

    The mean is over the windows that overlap the hop, weighted by how much; its row is 0 where there is none (silence).

    Parameters
    ----------
    starts_s : [n_windows], seconds
    probabilities : [n_windows, n_genres]
    """
    n_hops = max(1, int(np.ceil(round(duration_s / hop_s, 6))))
    edges = np.minimum(np.arange(n_hops + 1) * hop_s, duration_s)
    edges[-1] = duration_s
    return edges, _mean_per_hop(starts_s, probabilities, edges, window_s, hop_s)


def _mean_per_hop(
    starts_s: NDArray[np.float64],
    probabilities: NDArray[np.float64],
    edges: NDArray[np.float64],
    window_s: float,
    hop_s: float,
) -> NDArray[np.float64]:
    n_hops = len(edges) - 1
    total = np.zeros((n_hops, probabilities.shape[1]))
    weight = np.zeros(n_hops)
    for start_s, row in zip(starts_s, probabilities, strict=True):
        first = min(int(start_s / hop_s), n_hops - 1)
        last = min(int((start_s + window_s) / hop_s) + 1, n_hops)
        overlap = np.minimum(edges[first + 1 : last + 1], start_s + window_s) - np.maximum(edges[first:last], start_s)
        overlap = np.maximum(overlap, 0.0)
        total[first:last] += overlap[:, None] * row
        weight[first:last] += overlap
    mean: NDArray[np.float64] = total / np.maximum(weight, SMALLEST_PROBABILITY)[:, None]
    return mean
