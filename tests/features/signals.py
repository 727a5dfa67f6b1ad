"""Waveforms and front ends that the front-end tests share."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from genrekit.features import FEATURES, FeatureSpec

# The front ends that are computed from waveforms of any length; the others come from feature tables.
COMPUTED: dict[str, FeatureSpec] = {name: spec for name, spec in FEATURES.items() if spec.column_names is None}


def music_like(sr: int, duration_s: float, *, seed: int = 0) -> npt.NDArray[np.float32]:
    """Decaying harmonic tones over quiet noise: peaks, valleys and onsets, full scale about 0.5. [n]"""
    rng = np.random.default_rng(seed)
    t = np.arange(round(sr * duration_s)) / sr
    y = 0.003 * rng.standard_normal(t.size)
    for onset_s in np.arange(0.0, duration_s, 0.4):
        f0_hz = 110.0 * 2.0 ** (rng.integers(0, 24) / 12)
        since = np.maximum(t - onset_s, 0.0)
        envelope = np.where(t >= onset_s, np.exp(-6.0 * since), 0.0)
        for harmonic in range(1, 8):
            y += 0.2 / harmonic * envelope * np.sin(2 * np.pi * f0_hz * harmonic * since)
    return (0.5 * y / np.abs(y).max()).astype(np.float32)
