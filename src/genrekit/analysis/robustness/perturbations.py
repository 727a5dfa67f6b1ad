"""Changes of a recording that should not change its genre (robustness suite): pure functions of mono audio.

Every function takes `y`, float32 [n], full scale 1, and its rate `sr` in Hz, and returns new float32 samples at the
same rate; none draws from a hidden generator. None clips: what is louder than full scale stays so, as in any player
that computes in floating point, so that a gain is a gain and not a distortion.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from genrekit.errors import AudioError

__all__ = [
    "add_white_noise",
    "apply_gain",
    "band_pass",
    "high_pass",
    "low_pass",
    "shift_pitch",
    "start_later",
    "stretch_time",
]

Samples = NDArray[np.float32]

# Eighth order falls by 48 dB an octave: what lies below is gone, and an octave above the corner nothing is missing.
FILTER_ORDER = 8
# FFmpeg's atempo keeps its quality between these factors.
TEMPO_RANGE = (0.5, 2.0)
BLOCK_SAMPLES = 4096


def high_pass(y: Samples, sr: int, *, cutoff_hz: float) -> Samples:
    """Butterworth high-pass of order 8, -3 dB at the cutoff, as a device would apply it (causal).

    Infrasound below 20 Hz nobody hears, yet systems trained on GTZAN use it (Rodriguez-Algarra, Sturm and
    Maruri-Aguilar, ISMIR 2016).

    Raises
    ------
    AudioError : the cutoff is not between 0 and sr / 2
    """
    return _butterworth(y, sr, cutoff_hz, "highpass")


def low_pass(y: Samples, sr: int, *, cutoff_hz: float) -> Samples:
    """Butterworth low-pass of order 8, -3 dB at the cutoff: a worn tape, an old record, a sparing encoder.

    Raises
    ------
    AudioError : the cutoff is not between 0 and sr / 2
    """
    return _butterworth(y, sr, cutoff_hz, "lowpass")


def band_pass(y: Samples, sr: int, *, low_hz: float = 300.0, high_hz: float = 3400.0) -> Samples:
    """Butterworth band-pass, order 8 at each edge; by default the telephone band of ITU-T G.712.

    Raises
    ------
    AudioError : the edges are not in order between 0 and sr / 2
    """
    if not low_hz < high_hz:
        raise AudioError(f"A band from {low_hz} to {high_hz} Hz is empty; its edges are expected in order.")
    return low_pass(high_pass(y, sr, cutoff_hz=low_hz), sr, cutoff_hz=high_hz)


def apply_gain(y: Samples, *, gain_db: float) -> Samples:
    """Louder or softer by so many decibels, without clipping."""
    return np.asarray(y * np.float32(10.0 ** (gain_db / 20.0)), dtype=np.float32)


def add_white_noise(y: Samples, *, snr_db: float, generator: np.random.Generator) -> Samples:
    """White Gaussian noise at a signal-to-noise ratio that is exact for this recording, in power over its whole length.

    Silence has no ratio to anything, and stays as it is.
    """
    noise = generator.standard_normal(len(y))
    power, noise_power = float(np.mean(np.square(y, dtype=np.float64))), float(np.mean(noise**2))
    if power == 0 or noise_power == 0:
        return y.copy()
    return np.asarray(y + noise * np.sqrt(power / noise_power / 10.0 ** (snr_db / 10.0)), dtype=np.float32)


def start_later(y: Samples, sr: int, *, offset_s: float) -> Samples:
    """Without its first seconds, so that every window begins elsewhere.

    Raises
    ------
    AudioError : the recording is not longer than that, or the offset is negative
    """
    n = round(offset_s * sr)
    if not 0 <= n < len(y):
        raise AudioError(f"The first {offset_s} s cannot be left out of {len(y) / sr:.2f} s of audio.")
    return y[n:].copy()


def stretch_time(y: Samples, sr: int, *, tempo: float) -> Samples:
    """Played `tempo` times as fast at the same pitch: round(n / tempo) samples.

    By FFmpeg's `atempo`, which overlaps and adds stretches of the waveform where they fit best (WSOLA; Verhelst and
    Roelands 1993). Unlike a phase vocoder it keeps transients sharp, which genres live on.

    Parameters
    ----------
    tempo : 0.5 to 2; 1.06 is 6 % faster

    Raises
    ------
    AudioError : the tempo is out of range
    """
    if not TEMPO_RANGE[0] <= tempo <= TEMPO_RANGE[1]:
        raise AudioError(f"tempo is {tempo}; a factor from {TEMPO_RANGE[0]} to {TEMPO_RANGE[1]} is expected.")
    return _of_length(_filtered(y, sr, f"{tempo:.8f}"), round(len(y) / tempo))


def shift_pitch(y: Samples, sr: int, *, semitones: float) -> Samples:
    """Higher or lower by so many equal-tempered semitones at the same tempo and length.

    The recording is stretched, then resampled to its length: harmonics and formants move together, as when a record is
    transposed in a sampler. What would come down from above sr / 2 is not there: a semitone lower, the band from
    0.944 * sr / 2 up is empty.

    Raises
    ------
    AudioError : more than an octave
    """
    import soxr

    factor = 2.0 ** (semitones / 12.0)
    slower = stretch_time(y, sr, tempo=1.0 / factor)
    # soxr takes any pair of rates; a fraction keeps the ratio to 1 in 10 000 of a semitone.
    ratio = Fraction(factor).limit_denominator(20_000)
    shifted = soxr.resample(slower, ratio.numerator, ratio.denominator, quality="HQ")
    return _of_length(np.asarray(shifted, dtype=np.float32), len(y))


def _butterworth(y: Samples, sr: int, cutoff_hz: float, kind: str) -> Samples:
    from scipy.signal import butter, sosfilt

    if not 0 < cutoff_hz < sr / 2:
        raise AudioError(f"A cutoff of {cutoff_hz} Hz is not between 0 and half the sample rate, {sr / 2} Hz.")
    sections = butter(FILTER_ORDER, cutoff_hz, btype=kind, fs=sr, output="sos")
    return np.asarray(sosfilt(sections, y.astype(np.float64)), dtype=np.float32)


def _filtered(y: Samples, sr: int, tempo: str) -> Samples:
    import av

    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=sr, format="flt", layout="mono", time_base=Fraction(1, sr))
    stretch = graph.add("atempo", tempo)
    sink = graph.add("abuffersink")
    source.link_to(stretch)
    stretch.link_to(sink)
    graph.configure()
    pieces: list[Samples] = []

    def collect() -> None:
        while True:
            try:
                frame = graph.pull()
            except (BlockingIOError, EOFError):
                return
            pieces.append(np.ascontiguousarray(frame.to_ndarray(), dtype=np.float32).ravel())

    for start in range(0, len(y), BLOCK_SAMPLES):
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(y[None, start : start + BLOCK_SAMPLES], dtype=np.float32), format="flt", layout="mono"
        )
        frame.sample_rate, frame.pts, frame.time_base = sr, start, Fraction(1, sr)
        graph.push(frame)
        collect()
    graph.push(None)
    collect()
    return np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.float32)


def _of_length(y: Samples, n: int) -> Samples:
    """Cut or filled up with silence at its end to n samples."""
    return y[:n].copy() if len(y) >= n else np.pad(y, (0, n - len(y)))
