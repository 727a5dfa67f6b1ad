"""The front ends in NumPy: what classifying uses, and the reference that the other two are held to."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from genrekit.errors import AudioError
from genrekit.features.mel import mel_filter_bank
from genrekit.features.spec import FeatureSpec, require_grid

__all__ = ["compute", "grid_power", "hann_window", "mel_weights", "render_index", "scale_grid"]

FloatArray = npt.NDArray[np.float32]

# Frames per FFT call: few enough that frames, spectra and powers of n_fft 2048 stay in the processor's second-level
# cache, enough that the matrix product with the mel weights runs at full speed (measured: 32 beats 16 and 64).
_BATCH_FRAMES = 32


def compute(spec: FeatureSpec, y: npt.ArrayLike, *, n_columns: int | None = None) -> FloatArray:
    """The front end `spec` of a waveform; only the frames that are kept are computed.

    Parameters
    ----------
    spec : the front end
    y : mono waveform at `spec.sr`, [n], full scale 1
    n_columns : kept frames, evenly spread, in place of the number that `spec` gives for n samples (the archive
        keeps 387 of each whole track, whatever its length)

    Returns
    -------
    features : float32 [spec.n_bins, n_columns]

    Raises
    ------
    AudioError : if `y` is not one-dimensional, is empty, or too short for one frame
    RecipeError : if `spec` is a public table's, which nothing computes
    """
    if spec.kind == "handcrafted":
        from genrekit.features.handcrafted import compute_handcrafted

        return compute_handcrafted(y, sr=spec.sr).values[:, None].astype(np.float32)
    require_grid(spec, "be computed from audio")
    return scale_grid(spec, grid_power(spec, y, n_columns=n_columns))


def grid_power(spec: FeatureSpec, y: npt.ArrayLike, *, n_columns: int | None = None) -> FloatArray:
    """The grid before decibels, normalising and drawing: bins, mels or samples, float32 [n_grid_bins, n_columns]."""
    samples = np.asarray(y, dtype=np.float32)
    if samples.ndim != 1:
        raise AudioError(f"waveform has shape {list(samples.shape)}; expected mono [n_samples]")
    if spec.kind == "waveform" and samples.size > 0:
        return samples[None].copy()
    index = spec.frame_index(samples.size, n_columns)
    if index.size == 0:
        raise AudioError(f"waveform has {samples.size} samples; expected at least {1 if spec.center else spec.n_fft}")
    if spec.center:
        mode = "reflect" if spec.pad_mode == "reflect" else "constant"
        samples = np.pad(samples, spec.n_fft // 2, mode=mode)  # type: ignore[call-overload]
    frames = np.lib.stride_tricks.sliding_window_view(samples, spec.n_fft)
    window = hann_window(spec)
    weights = mel_weights(spec)
    grid = np.empty((index.size, spec.n_fft // 2 + 1 if weights is None else weights.shape[1]), dtype=np.float32)
    for start in range(0, index.size, _BATCH_FRAMES):
        batch = slice(start, start + _BATCH_FRAMES)
        spectrum = np.fft.rfft(frames[index[batch] * spec.hop_length] * window)
        power = spectrum.real**2
        power += spectrum.imag**2
        if spec.power == 1.0:
            np.sqrt(power, out=power)
        if weights is None:
            grid[batch] = power
        else:
            np.matmul(power, weights, out=grid[batch])
    return np.ascontiguousarray(grid.T)


def scale_grid(spec: FeatureSpec, grid: FloatArray) -> FloatArray:
    """Decibels, normalising and drawing of a grid from `grid_power`: float32 [n_bins, n_columns]."""
    if spec.scale == "db":
        grid = np.log10(np.maximum(grid, np.float32(spec.amin)))
        grid *= np.float32(10.0)
        if spec.db_ref == "max":
            grid -= grid.max()
        if spec.top_db is not None:
            np.maximum(grid, grid.max() - np.float32(spec.top_db), out=grid)
    if spec.keep_mels is not None:
        grid = grid[: spec.keep_mels]
    if spec.normalise == "standardise":
        deviation = grid.std(dtype=np.float64)
        grid = ((grid - grid.mean(dtype=np.float64)) / max(deviation, 1e-8)).astype(np.float32)
    if spec.kind == "log_mel_rendered":
        rows, columns = render_index(spec, grid.shape[1])
        grid = 1.0 + grid[rows[:, None], columns] / np.float32(spec.top_db)
    return grid


@lru_cache(maxsize=8)
def hann_window(spec: FeatureSpec) -> FloatArray:
    """Periodic Hann window of `win_length`, in the middle of `n_fft` samples: float32 [n_fft]."""
    window = np.zeros(spec.n_fft, dtype=np.float32)
    start = (spec.n_fft - spec.win_length) // 2
    phase = 2.0 * np.pi * np.arange(spec.win_length) / spec.win_length
    window[start : start + spec.win_length] = 0.5 - 0.5 * np.cos(phase)
    window.flags.writeable = False
    return window


@lru_cache(maxsize=8)
def mel_weights(spec: FeatureSpec) -> FloatArray | None:
    """Mel filters as the right factor of a matrix product, float32 [n_fft // 2 + 1, n_mels]; None without mels."""
    if spec.n_mels is None:
        return None
    weights = np.ascontiguousarray(mel_filter_bank(sr=spec.sr, n_fft=spec.n_fft, n_mels=spec.n_mels).T)
    weights.flags.writeable = False
    return weights


def render_index(spec: FeatureSpec, n_grid_columns: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Which cell of the mel grid each pixel shows: rows [render_height] and columns [render_width].

    A pixel shows the cell under its centre, as pcolormesh draws without smoothing. Rows are those of the image file:
    the first is the top, the highest frequencies, the last the bottom, the lowest.
    """
    if spec.n_mels is None or spec.render_height is None or spec.render_width is None:
        raise ValueError(f"kind {spec.kind!r} is not drawn")
    rows = ((2 * np.arange(spec.render_height) + 1) * spec.n_mels) // (2 * spec.render_height)
    columns = ((2 * np.arange(spec.render_width) + 1) * n_grid_columns) // (2 * spec.render_width)
    return np.ascontiguousarray(rows[::-1]), columns
