"""Columns of feature tables by name, in their order: front end F4, and a public table that has others."""

from __future__ import annotations

__all__ = ["GTZAN_10S_NAMES", "HANDCRAFTED_NAMES", "N_MFCC"]

N_MFCC = 20
# "harmony" and "perceptr" are the harmonic and the percussive waveform of HPSS, by the names of the public table.
_BEFORE_TEMPO = (
    "chroma_stft",
    "rms",
    "spectral_centroid",
    "spectral_bandwidth",
    "rolloff",
    "zero_crossing_rate",
    "harmony",
    "perceptr",
)

# The 57 features of F4, as the public GTZAN tables of 30 s and 3 s have them.
HANDCRAFTED_NAMES: tuple[str, ...] = (
    *(f"{name}_{statistic}" for name in _BEFORE_TEMPO for statistic in ("mean", "var")),
    "tempo",
    *(f"mfcc{k}_{statistic}" for k in range(1, N_MFCC + 1) for statistic in ("mean", "var")),
)

# The 63 features of the public GTZAN table of 10 s. What it calls "var" is a deviation.
GTZAN_10S_NAMES: tuple[str, ...] = (
    "zero_cross_rate_mean",
    "zero_cross_rate_std",
    *(
        f"{name}_{statistic}"
        for name in (
            "rmse",
            "spectral_centroid",
            "spectral_bandwidth",
            "spectral_rolloff",
            "spectral_contrast",
            "spectral_flatness",
        )
        for statistic in ("mean", "var")
    ),
    *(f"chroma_stft_{k}_{statistic}" for statistic in ("mean", "std") for k in range(1, 13)),
    "tempo",
    *(f"mfcc_{k}_{statistic}" for statistic in ("mean", "std") for k in range(1, 13)),
)
