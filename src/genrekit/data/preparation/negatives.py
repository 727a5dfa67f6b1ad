"""Sounds that are no music, made on the spot: what a classifier must answer "unknown" to.

Noise, tones and silence are computed; speech is spoken by the program espeak-ng. All follow from one seed.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import soundfile

from genrekit.audio import load_audio
from genrekit.data.dataset import Dataset, Track
from genrekit.data.preparation.archive_writer import require_archive_place, write_archive
from genrekit.errors import DataError
from genrekit.progress import Progress

__all__ = ["FAMILIES", "NegativeClip", "make_negatives", "write_negatives"]

SR = 22050
DURATION_S = 30.0
N = round(SR * DURATION_S)
Waveform = npt.NDArray[np.float32]

ESPEAK_VOICES = ("en-gb", "en-us", "de", "fr-fr", "es", "it", "pl", "pt", "sv", "tr", "nl", "fi", "hu", "id")
ESPEAK_VARIANTS = ("m1", "m3", "m5", "m7", "f1", "f2", "f4", "croak")
ONSETS = ("b", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "sh", "t", "tr", "st", "v", "w", "")
VOWELS = ("a", "e", "i", "o", "u", "ai", "ee", "ou")
CODAS = ("", "", "n", "r", "s", "t", "l", "m", "nd")


@dataclass(frozen=True)
class NegativeClip:
    """A sound that is no music.

    Attributes
    ----------
    name : unique, such as "speech.00012"
    family : one of `FAMILIES`
    samples : float32 [30 s at 22 050 Hz], -1 to 1
    """

    name: str
    family: str
    samples: Waveform


def _coloured_noise(rng: np.random.Generator) -> Waveform:
    """Noise whose spectrum falls or rises steadily, sometimes within a band, sometimes swelling like wind or waves."""
    spectrum = np.fft.rfft(rng.standard_normal(N))
    frequency_hz = np.fft.rfftfreq(N, 1 / SR)
    spectrum *= np.maximum(frequency_hz, 20) ** -rng.uniform(-0.5, 1.5)
    if rng.random() < 0.5:
        low_hz, high_hz = np.sort(np.exp(rng.uniform(np.log(40), np.log(SR / 2), 2)))
        spectrum *= 1 / (1 + (low_hz / np.maximum(frequency_hz, 1)) ** 8) / (1 + (frequency_hz / high_hz) ** 8)
    y = np.fft.irfft(spectrum, N)
    if rng.random() < 0.5:
        y *= _slow_curve(rng, floor=0.05)
    return _scaled(y, rng)


def _crackle(rng: np.random.Generator) -> Waveform:
    """Clicks at random moments: rain, vinyl without music, a Geiger counter."""
    y = np.zeros(N)
    count = int(np.exp(rng.uniform(np.log(30), np.log(20_000))))
    y[rng.integers(0, N, count)] = rng.standard_normal(count)
    decay = np.exp(-np.arange(200) / rng.uniform(1, 60))
    return _scaled(np.convolve(y, decay, "same") + 1e-3 * rng.standard_normal(N), rng)


def _steady_tones(rng: np.random.Generator) -> Waveform:
    """One to four steady tones, pure or with harmonics: test tones, mains hum, engines."""
    time_s = np.arange(N) / SR
    y = np.zeros(N)
    for _ in range(rng.integers(1, 5)):
        f0_hz = np.exp(rng.uniform(np.log(40), np.log(8000)))
        for harmonic in range(1, rng.integers(2, 12) if rng.random() < 0.5 else 2):
            if harmonic * f0_hz < SR / 2:
                y += np.sin(2 * np.pi * harmonic * f0_hz * time_s + rng.uniform(0, 2 * np.pi)) / harmonic
    return _scaled(y + 10 ** rng.uniform(-5, -1.5) * rng.standard_normal(N), rng)


def _gliding_tone(rng: np.random.Generator) -> Waveform:
    """A tone that sweeps or wails: sirens, test sweeps, whistles."""
    rate_hz = np.exp(rng.uniform(np.log(0.03), np.log(8)))
    time_s = np.arange(N) / SR
    low, high = np.sort(rng.uniform(np.log(60), np.log(9000), 2))
    shape = {0: np.sin(2 * np.pi * rate_hz * time_s), 1: 2 * ((rate_hz * time_s) % 1) - 1}[int(rng.integers(2))]
    frequency_hz = np.exp(low + (high - low) * (shape + 1) / 2)
    y = np.sin(2 * np.pi * np.cumsum(frequency_hz) / SR)
    if rng.random() < 0.3:
        y = np.sign(y)
    return _scaled(y + 10 ** rng.uniform(-5, -1.5) * rng.standard_normal(N), rng)


def _beeps(rng: np.random.Generator) -> Waveform:
    """Tones switched on and off: telephone keys, alarms, Morse code."""
    step = round(SR * np.exp(rng.uniform(np.log(0.05), np.log(1.0))))
    steps = -(-N // step)
    pitches_hz = np.exp(rng.uniform(np.log(300), np.log(4000), (rng.integers(1, 8), rng.integers(1, 3))))
    chosen = pitches_hz[rng.integers(0, len(pitches_hz), steps)]
    on = np.repeat(rng.random(steps) < rng.uniform(0.3, 0.9), step)[:N]
    time_s = np.arange(N) / SR
    y = np.sin(2 * np.pi * np.repeat(chosen, step, axis=0)[:N] * time_s[:, None]).sum(1) * on
    return _scaled(y + 10 ** rng.uniform(-5, -2) * rng.standard_normal(N), rng)


def _silence(rng: np.random.Generator) -> Waveform:
    """The last bit of a converter; a file of nothing but zeros has no spectrum, and is told by its zeros."""
    return (rng.integers(-1, 2, N) / 32768).astype(np.float32)


def _speech(rng: np.random.Generator) -> Waveform:
    """One or two voices reading made-up sentences, in a dry or an echoing room, sometimes with noise behind."""
    y = _spoken(rng)
    if rng.random() < 0.25:
        y = y + rng.uniform(0.3, 1.0) * _spoken(rng)
    if rng.random() < 0.5:
        seconds = rng.uniform(0.1, 0.8)
        tail = rng.standard_normal(round(SR * seconds)) * np.exp(-6.9 * np.linspace(0, 1, round(SR * seconds)))
        wet = np.fft.irfft(np.fft.rfft(y, 2 * N) * np.fft.rfft(tail, 2 * N), 2 * N)[:N]
        y = y + rng.uniform(0.05, 0.5) * wet * (np.abs(y).max() / max(np.abs(wet).max(), 1e-9))
    if rng.random() < 0.5:
        y = y + 10 ** rng.uniform(-4, -1.5) * _coloured_noise(rng)
    if rng.random() < 0.25:  # a telephone, or a cheap radio
        spectrum, frequency_hz = np.fft.rfft(y), np.fft.rfftfreq(N, 1 / SR)
        spectrum[(frequency_hz < rng.uniform(100, 400)) | (frequency_hz > rng.uniform(3000, 8000))] = 0
        y = np.fft.irfft(spectrum, N)
    return _scaled(y, rng)


def _spoken(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    program = shutil.which("espeak-ng")
    if program is None:
        raise DataError(
            "Speech is made by the program espeak-ng, which is not installed (Debian: apt install espeak-ng)."
        )
    voice = f"{rng.choice(ESPEAK_VOICES)}+{rng.choice(ESPEAK_VARIANTS)}"
    options = ["-v", voice, "-s", str(rng.integers(110, 220)), "-p", str(rng.integers(10, 90))]
    with tempfile.TemporaryDirectory(prefix="genrekit-speech-") as folder:
        # What espeak-ng writes to a pipe has a header of the wrong length.
        file = Path(folder) / "speech.wav"
        spoken = subprocess.run(
            [program, *options, "-w", str(file)], input=_sentences(rng).encode(), capture_output=True, check=False
        )
        if spoken.returncode != 0 or not file.is_file():
            raise DataError(f"espeak-ng failed with voice {voice}: {spoken.stderr.decode(errors='replace').strip()}.")
        y = load_audio(file, sr=SR)
    return np.resize(y, N).astype(np.float64)


def _sentences(rng: np.random.Generator) -> str:
    def word() -> str:
        parts = ((rng.choice(ONSETS), rng.choice(VOWELS), rng.choice(CODAS)) for _ in range(rng.integers(1, 4)))
        return "".join("".join(part) for part in parts)

    sentences = (
        " ".join(word() for _ in range(rng.integers(4, 14))) + str(rng.choice([".", ",", "?", "!"])) for _ in range(12)
    )
    return " ".join(sentences)


def _slow_curve(rng: np.random.Generator, *, floor: float) -> npt.NDArray[np.float64]:
    knots = rng.uniform(floor, 1, rng.integers(4, 60))
    return np.interp(np.linspace(0, len(knots) - 1, N), np.arange(len(knots)), knots)


def _scaled(y: npt.NDArray[np.floating], rng: np.random.Generator) -> Waveform:
    peak = 10 ** (rng.uniform(-30, 0) / 20)
    return (y * (peak / max(float(np.abs(y).max()), 1e-9))).astype(np.float32)


# Family -> its maker and its share of the clips.
FAMILIES: Mapping[str, tuple[Callable[[np.random.Generator], Waveform], float]] = MappingProxyType(
    {
        "speech": (_speech, 0.4),
        "noise": (_coloured_noise, 0.2),
        "crackle": (_crackle, 0.08),
        "tones": (_steady_tones, 0.12),
        "glide": (_gliding_tone, 0.08),
        "beeps": (_beeps, 0.08),
        "silence": (_silence, 0.04),
    }
)


def make_negatives(count: int, *, seed: int = 0) -> Iterator[NegativeClip]:
    """About `count` clips, each family its share; clip k of a family is the same whatever else is made.

    Raises
    ------
    DataError
        If espeak-ng is not installed, which speaks the speech.
    """
    for number, (family, (make, share)) in enumerate(FAMILIES.items()):
        for k in range(max(1, round(count * share))):
            rng = np.random.default_rng((seed, number, k))
            yield NegativeClip(f"{family}.{k:05d}", family, make(rng))


def write_negatives(path: Path, *, count: int = 400, seed: int = 0, progress: Progress | None = None) -> None:
    """Write an archive of negatives; its genres are the families.

    Parameters
    ----------
    path : of the archive, a new ``.npz`` file
    count : of the clips, about
    seed : of all that is drawn
    progress : called with the clips done, their number, and the last one's name

    Raises
    ------
    DataError
        If espeak-ng is not installed, or the archive cannot be written.
    """
    require_archive_place(path)
    with tempfile.TemporaryDirectory(prefix="genrekit-negatives-") as folder:
        tracks = []
        for clip in make_negatives(count, seed=seed):
            file = Path(folder) / f"{clip.name}.flac"
            soundfile.write(file, clip.samples, SR, subtype="PCM_16")
            tracks.append(Track(clip.name, clip.family, file))
        tracks.sort(key=lambda track: track.track_id)
        dataset = Dataset("negatives", tuple(sorted(FAMILIES)), tuple(tracks))
        write_archive(dataset, path, progress=progress)
