"""Running median of many signals at once, from comparisons of whole rows: what HPSS spends nearly all its time on.

Neighbouring windows share most of their samples. A tile of 16 outputs of a window of 31 shares 16 samples, which are
sorted once; half a tile shares 8 more, and so on down to one output. After each step only those samples are kept that
can still be a median (the hierarchical tiling of A. Adams, Fast median filters using separable sorting networks,
ACM Trans. Graphics 40(4), 2021, in one dimension). That is about 36 minima and maxima an output, on whole rows.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

__all__ = ["running_median"]

FloatArray = npt.NDArray[np.float32]
Rows = list[FloatArray]

# Of one row of a batch of tiles: about 60 of them are alive at once and must fit into the second-level cache.
_BATCH_BYTES = 1 << 16


def running_median(x: FloatArray, size: int) -> FloatArray:
    """Median of each column of `x` over `size` rows, centred, mirrored at both ends (d c b a | a b c d | d c b a).

    Parameters
    ----------
    x : [n, m], n >= 1, without NaN; fastest if rows are contiguous and long
    size : rows of the window, a power of two less one, 3 or more

    Returns
    -------
    medians : [n, m], the values of `scipy.ndimage.median_filter(x, size=(size, 1), mode="reflect")`

    Raises
    ------
    ValueError : for a size of another kind, or an `x` that is not two-dimensional or has no row
    """
    if size < 3 or size & (size + 1):
        raise ValueError(f"size is {size}; expected a power of two less one, such as 31")
    if x.ndim != 2 or not len(x):
        raise ValueError(f"x has the shape {list(x.shape)}; expected [n, m] with at least one row")
    n, m = x.shape
    tile = (size + 1) // 2
    n_tiles = -(-n // tile)
    half_window = size // 2
    mirrored = np.pad(x, ((half_window, half_window), (0, 0)), mode="symmetric")
    padded = np.pad(mirrored, ((0, n_tiles * tile - n), (0, 0)))
    medians = np.empty((n_tiles, tile, m), dtype=x.dtype)
    batch = max(1, _BATCH_BYTES // max(1, m * x.itemsize))
    for start in range(0, n_tiles, batch):
        stop = min(start + batch, n_tiles)

        def sample(place: int, start: int = start, stop: int = stop) -> FloatArray:
            """Row `place` of each tile's surroundings, [tiles of the batch, m]."""
            return padded[start * tile + place : (stop - 1) * tile + place + 1 : tile]

        core = _sorted([sample(place) for place in range(tile - 1, size)])
        for place, median in enumerate(_medians(core, 0, size, sample)):
            medians[start:stop, place] = median
    return medians.reshape(n_tiles * tile, m)[:n]


def _medians(kept: Rows, first: int, size: int, sample: Callable[[int], FloatArray]) -> Rows:
    """Medians of the outputs `first`, `first` + 1, ... of a tile, as many as there are rows in `kept`.

    `kept` is sorted: of the samples that all these outputs share, those that can still be one of their medians.
    """
    tile = len(kept)
    if tile == 1:
        return kept
    half = tile // 2
    left = [sample(place) for place in range(first + half - 1, first + tile - 1)]
    right = [sample(place) for place in range(first + size, first + size + half)]
    return _medians(_narrowed(kept, left), first, size, sample) + _medians(
        _narrowed(kept, right), first + half, size, sample
    )


def _narrowed(kept: Rows, added: Rows) -> Rows:
    """The middle third of all rows, sorted; `kept` is sorted and twice as long as `added`."""
    half = len(added)
    low, high, added = kept[:half], kept[half:], _sorted(added)
    upper = _bitonic_sorted([np.maximum(a, b) for a, b in zip(low, reversed(added), strict=True)])
    return _bitonic_sorted([np.minimum(a, b) for a, b in zip(high, reversed(upper), strict=True)])


def _sorted(rows: Rows) -> Rows:
    """Rows sorted element by element, by Batcher's odd-even merging; their number is a power of two."""
    rows = list(rows)
    n = len(rows)
    merged = 1
    while merged < n:
        stride = merged
        while stride:
            for block in range(stride % merged, n - stride, 2 * stride):
                for low in range(block, min(block + stride, n - stride)):
                    if low // (2 * merged) == (low + stride) // (2 * merged):
                        _exchange(rows, low, low + stride)
            stride //= 2
        merged *= 2
    return rows


def _bitonic_sorted(rows: Rows) -> Rows:
    """Rows that fall and then rise (or the reverse) in each element, sorted."""
    stride = len(rows) // 2
    while stride:
        for low in range(len(rows)):
            if not low & stride:
                _exchange(rows, low, low + stride)
        stride //= 2
    return rows


def _exchange(rows: Rows, low: int, high: int) -> None:
    rows[low], rows[high] = np.minimum(rows[low], rows[high]), np.maximum(rows[low], rows[high])
