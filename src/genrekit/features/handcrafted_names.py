"""The 57 handcrafted features of front end F4 by name, in the order of the public GTZAN table."""

from __future__ import annotations

__all__ = ["HANDCRAFTED_NAMES", "N_MFCC"]

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

HANDCRAFTED_NAMES: tuple[str, ...] = (
    *(f"{name}_{statistic}" for name in _BEFORE_TEMPO for statistic in ("mean", "var")),
    "tempo",
    *(f"mfcc{k}_{statistic}" for k in range(1, N_MFCC + 1) for statistic in ("mean", "var")),
)
