"""The Slaney mel filter bank, as librosa's `filters.mel` gives it by default."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

__all__ = ["hz_to_mel", "mel_filter_bank", "mel_to_hz"]

# Slaney's Auditory Toolbox (1998): linear, 3 mels to 200 Hz, up to 1 kHz; above it 27 mels to a factor of 6.4.
_HZ_PER_MEL = 200.0 / 3.0
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _HZ_PER_MEL
_MELS_PER_NEPER = 27.0 / math.log(6.4)

FloatArray = npt.NDArray[np.float64]


def hz_to_mel(hz: npt.ArrayLike) -> FloatArray:
    """Frequencies in Hz, at least 0 -> Slaney mels, same shape."""
    hz = np.asarray(hz, dtype=np.float64)
    return np.where(
        hz < _BREAK_HZ,
        hz / _HZ_PER_MEL,
        _BREAK_MEL + _MELS_PER_NEPER * np.log(np.maximum(hz, _BREAK_HZ) / _BREAK_HZ),
    )


def mel_to_hz(mel: npt.ArrayLike) -> FloatArray:
    """Slaney mels, at least 0 -> frequencies in Hz, same shape."""
    mel = np.asarray(mel, dtype=np.float64)
    return np.where(
        mel < _BREAK_MEL,
        mel * _HZ_PER_MEL,
        _BREAK_HZ * np.exp((np.maximum(mel, _BREAK_MEL) - _BREAK_MEL) / _MELS_PER_NEPER),
    )


def mel_filter_bank(*, sr: int, n_fft: int, n_mels: int) -> npt.NDArray[np.float32]:
    """Triangular filters of unit area, evenly spaced in mels from 0 Hz to sr / 2.

    Where the filters are narrower than the FFT's bins, as 128 filters at n_fft 512 are in the bass, some are zero: that
    is the definition, and librosa's too.

    Returns
    -------
    weights : float32 [n_mels, n_fft // 2 + 1], per Hz
    """
    corners_hz = mel_to_hz(np.linspace(0.0, float(hz_to_mel(sr / 2)), n_mels + 2))
    low, peak, high = corners_hz[:-2, None], corners_hz[1:-1, None], corners_hz[2:, None]
    bins_hz = np.arange(n_fft // 2 + 1) * (sr / n_fft)
    triangles = np.maximum(0.0, np.minimum((bins_hz - low) / (peak - low), (high - bins_hz) / (high - peak)))
    return (triangles * (2.0 / (high - low))).astype(np.float32)
