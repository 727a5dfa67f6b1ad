"""A group of instruments that are played and treated together, and the treatments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from midi import Part

SR = 44_100

Treatment = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Stem:
    parts: list[Part]
    treat: Treatment = lambda sound: sound


def amplifier(*, drive: float, level: float, position: float) -> Treatment:
    """An overdriven guitar amplifier at a place between left (0) and right (1).

    Tight bass in, soft clipping, then the narrow band of a loudspeaker cabinet with scooped middles and some presence.
    """

    def treat(sound: np.ndarray) -> np.ndarray:
        mono = sound.mean(axis=1, keepdims=True)
        tight = band(mono / np.abs(mono).max(), 100, 9_000, slope=2)
        clipped = np.tanh(drive * tight + 0.15) - np.tanh(0.15)
        cabinet = bells(band(clipped, 80, 6_500, slope=3), [(110, 6, 0.6), (450, -10, 1.0), (3_000, 4, 0.8)])
        return level * cabinet * [(1 - position) ** 0.5, position**0.5]

    return treat


def levelled(level: float, curve: Sequence[tuple[float, float, float]] = (), *, drive: float = 0.1) -> Treatment:
    """An equaliser, a limiter and a level."""
    return lambda sound: level * compressed(bells(sound, curve), drive=drive) / np.tanh(drive)


def compressed(sound: np.ndarray, *, drive: float) -> np.ndarray:
    """Soft limiting: `drive` is how far the peaks are pushed over the edge."""
    return np.tanh(drive * sound / np.abs(sound).max())


def bells(sound: np.ndarray, curve: Sequence[tuple[float, float, float]]) -> np.ndarray:
    """An equaliser of (centre in Hz, gain in dB, half width in octaves), with no change of phase."""
    if not curve:
        return sound
    octave = np.log2(np.maximum(np.fft.rfftfreq(len(sound), 1 / SR), 1.0))[:, None]
    gain_db = sum(gain * np.exp(-0.5 * ((octave - np.log2(centre)) / width) ** 2) for centre, gain, width in curve)
    return np.fft.irfft(np.fft.rfft(sound, axis=0) * 10 ** (gain_db / 20), len(sound), axis=0)


def band(sound: np.ndarray, low_hz: float, high_hz: float, *, slope: int) -> np.ndarray:
    """Keep a band, with Butterworth magnitudes and no change of phase."""
    frequency_hz = np.fft.rfftfreq(len(sound), 1 / SR)[:, None]
    with np.errstate(divide="ignore"):
        gain = (1 + (low_hz / frequency_hz) ** (2 * slope)) ** -0.5 * (
            1 + (frequency_hz / high_hz) ** (2 * slope)
        ) ** -0.5
    return np.fft.irfft(np.fft.rfft(sound, axis=0) * gain, len(sound), axis=0)
