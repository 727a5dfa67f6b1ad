"""The robustness suite: which changes of a recording are tried, by name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from genrekit.analysis.robustness.mp3_round_trip import mp3_round_trip
from genrekit.analysis.robustness.perturbations import (
    add_white_noise,
    apply_gain,
    band_pass,
    high_pass,
    low_pass,
    shift_pitch,
    start_later,
    stretch_time,
)
from genrekit.errors import UsageError

__all__ = ["CONDITIONS", "UNCHANGED", "Condition", "choose_conditions", "split_by_rate"]

Samples: TypeAlias = NDArray[np.float32]
UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Condition:
    """One change of a recording.

    Attributes
    ----------
    name : of its file of predictions
    title : for tables and figures
    change : (y, sr, generator) -> changed samples at the same rate
    needs_hz : the frequency that a recording must reach for the change to be one, in Hz
    """

    name: str
    title: str
    change: Callable[[Samples, int, np.random.Generator], Samples]
    needs_hz: float = 0.0

    def __call__(self, y: Samples, sr: int, *, track_id: str) -> Samples:
        """The changed recording; what is random in it follows from the names of condition and track alone."""
        seed = int.from_bytes(hashlib.sha256(f"{self.name}/{track_id}".encode()).digest()[:8], "little")
        return self.change(y, sr, np.random.default_rng(seed))


def _plain(change: Callable[..., Samples], **settings: Any) -> Callable[[Samples, int, np.random.Generator], Samples]:
    """A change that draws nothing."""
    return lambda y, sr, generator: change(y, sr, **settings)


def _gain(gain_db: float) -> Callable[[Samples, int, np.random.Generator], Samples]:
    return lambda y, sr, generator: apply_gain(y, gain_db=gain_db)


def _noise(snr_db: float) -> Callable[[Samples, int, np.random.Generator], Samples]:
    return lambda y, sr, generator: add_white_noise(y, snr_db=snr_db, generator=generator)


CONDITIONS: tuple[Condition, ...] = (
    Condition(UNCHANGED, "unchanged", lambda y, sr, generator: y),
    Condition("high_pass_20_hz", "high-pass 20 Hz", _plain(high_pass, cutoff_hz=20.0)),
    Condition("high_pass_30_hz", "high-pass 30 Hz", _plain(high_pass, cutoff_hz=30.0)),
    Condition("gain_plus_6_db", "gain +6 dB", _gain(6.0)),
    Condition("gain_minus_6_db", "gain −6 dB", _gain(-6.0)),
    Condition("mp3_128_kbps", "mp3 128 kb/s", _plain(mp3_round_trip, bitrate_kbps=128)),
    Condition("mp3_64_kbps", "mp3 64 kb/s", _plain(mp3_round_trip, bitrate_kbps=64)),
    Condition("noise_30_db", "white noise, SNR 30 dB", _noise(30.0)),
    Condition("noise_20_db", "white noise, SNR 20 dB", _noise(20.0)),
    Condition("faster_6_percent", "6 % faster", _plain(stretch_time, tempo=1.06)),
    Condition("slower_6_percent", "6 % slower", _plain(stretch_time, tempo=0.94)),
    Condition("pitch_plus_1", "1 semitone up", _plain(shift_pitch, semitones=1.0)),
    Condition("pitch_minus_1", "1 semitone down", _plain(shift_pitch, semitones=-1.0)),
    # Needed to read the others: a telephone, a lower pitch and many an mp3 lack high frequencies.
    Condition("low_pass_10_khz", "low-pass 10 kHz", _plain(low_pass, cutoff_hz=10_000.0), needs_hz=10_000.0),
    Condition(
        "telephone_band",
        "telephone, 300 to 3400 Hz",
        _plain(band_pass, low_hz=300.0, high_hz=3400.0),
        needs_hz=3400.0,
    ),
    Condition("start_half_second_later", "start 0.5 s later", _plain(start_later, offset_s=0.5)),
)


def choose_conditions(names: Sequence[str] = ()) -> tuple[Condition, ...]:
    """The conditions of these names in the suite's order, always with the unchanged recording; all for no name.

    Raises
    ------
    UsageError : an unknown name; the known ones are listed
    """
    known = {condition.name: condition for condition in CONDITIONS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(f"Unknown condition {unknown[0]!r}; known: {', '.join(known)}.")
    return tuple(c for c in CONDITIONS if not names or c.name in names or c.name == UNCHANGED)


def split_by_rate(conditions: Sequence[Condition], sr: int) -> tuple[tuple[Condition, ...], tuple[Condition, ...]]:
    """Those that change something in what a model of this sample rate hears, and those that are above all of it."""
    possible = tuple(condition for condition in conditions if condition.needs_hz < sr / 2)
    return possible, tuple(condition for condition in conditions if condition not in possible)
