"""Sample values: any number format to float32 at full scale 1, any number of channels to their mean."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["energy", "mix_to_mono", "to_float32"]


def to_float32(values: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
    """Scale samples so that full scale is 1.

    Parameters
    ----------
    values : np.ndarray
        Floating point of any width is taken as it is. Signed integers are divided by 2 ** (bits - 1); unsigned
        integers are first shifted by that much, since their silence is in the middle of the range.

    Returns
    -------
    np.ndarray [same shape, float32]; the array itself if it is float32 already
    """
    if np.issubdtype(values.dtype, np.floating):
        with np.errstate(over="ignore"):  # becomes infinite, which mix_to_mono counts
            return values.astype(np.float32, copy=False)
    half_range = 2 ** (8 * values.dtype.itemsize - 1)
    scaled = values.astype(np.float32)
    if np.issubdtype(values.dtype, np.unsignedinteger):
        scaled -= np.float32(half_range)
    scaled *= np.float32(1 / half_range)
    return scaled


def mix_to_mono(block: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], int]:
    """Average the channels; samples that are NaN or infinite count as 0.

    Parameters
    ----------
    block : np.ndarray [shape=(n, channels), float32]

    Returns
    -------
    mono : np.ndarray [shape=(n,), float32], never a view of `block`
    n_bad : int, how many samples of all channels were NaN or infinite
    """
    with np.errstate(invalid="ignore"):
        mono = _mean(block)
    if np.isfinite(mono).all():
        return mono, 0
    bad = ~np.isfinite(block)
    return _mean(np.where(bad, np.float32(0), block)), int(bad.sum())


def energy(block: npt.NDArray[np.float32]) -> float:
    """Sum of squares of all samples [any shape], which are finite; infinite where it is more than float32 holds."""
    values = block.ravel(order="K")
    with np.errstate(over="ignore"):
        return float(np.dot(values, values))


def _mean(block: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    # Adding columns is several times faster than mean(axis=1), which reduces along the short axis.
    n_channels = block.shape[1]
    scale = np.float32(1 / n_channels)
    mono = block[:, 0] * scale
    for channel in range(1, n_channels):
        mono += block[:, channel] * scale
    return mono
