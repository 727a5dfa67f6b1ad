"""How much faster the shared transform makes the 57 handcrafted features than librosa's functions one by one.

    python benchmarks/handcrafted_speed.py FILE...

Each file is measured both ways in turn, several times, so that a busy machine slows both; the best time of each counts.
The values must agree, or the program fails. librosa's functions get the settings that give the public GTZAN table, and
HPSS runs once, though librosa offers the harmonic and the percussive part as functions of their own.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
import numpy.typing as npt

from genrekit.audio import load_audio
from genrekit.features import HANDCRAFTED_NAMES, compute_handcrafted

SR = 22_050
ERA = {"pad_mode": "reflect"}
# What is nearly zero, such as the mean of a waveform, agrees to this; the rest to 0.01 %.
ATOL = 1e-7
RTOL = 1e-4


def one_by_one(y: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """The 57 values from librosa's functions, each of which is given the waveform."""
    n_whole = 512 * (len(y) // 512)
    harmonic, percussive = (np.pad(part[:n_whole], (0, len(y) - n_whole)) for part in librosa.effects.hpss(y, **ERA))
    described = [
        librosa.feature.chroma_stft(y=y, sr=SR, **ERA),
        librosa.feature.rms(y=y, **ERA),
        librosa.feature.spectral_centroid(y=y, sr=SR, **ERA),
        librosa.feature.spectral_bandwidth(y=y, sr=SR, **ERA),
        librosa.feature.spectral_rolloff(y=y, sr=SR, **ERA),
        librosa.feature.zero_crossing_rate(y),
        harmonic,
        percussive,
    ]
    envelope = librosa.onset.onset_strength(y=y, sr=SR, aggregate=np.median, **ERA)
    tempo = librosa.feature.tempo(onset_envelope=envelope, sr=SR)[0]
    mfcc = librosa.feature.mfcc(y=y, sr=SR, n_mfcc=20, **ERA)
    values = [f(x, dtype=np.float64) for x in described for f in (np.mean, np.var)]
    values += [tempo, *(f(x, dtype=np.float64) for x in mfcc for f in (np.mean, np.var))]
    return np.array(values)


def shared(y: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    return compute_handcrafted(y, sr=SR).values


def timed(function: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float64]], y: npt.NDArray[np.float32]) -> float:
    start = time.perf_counter()
    function(y)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+", help="audio files")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=30.0, help="of each file")
    given = parser.parse_args()
    ratios = []
    for path in given.files:
        y = load_audio(path, sr=SR, duration_s=given.seconds)
        expected, found = one_by_one(y), shared(y)
        wrong = ~np.isclose(found, expected, rtol=RTOL, atol=ATOL)
        if wrong.any():
            names = [name for name, differs in zip(HANDCRAFTED_NAMES, wrong, strict=True) if differs]
            sys.exit(f"{path.name}: the values differ: {', '.join(names)}")
        rounds = [(timed(one_by_one, y), timed(shared, y)) for _ in range(given.repeats)]
        slow_s, quick_s = (min(times) for times in zip(*rounds, strict=True))
        ratios.append(slow_s / quick_s)
        print(f"{path.name}: one by one {slow_s:.3f} s, shared {quick_s:.3f} s, {ratios[-1]:.1f} times", flush=True)
    print(f"{len(ratios)} files, same values: {np.median(ratios):.1f} times as fast (median; least {min(ratios):.1f})")


if __name__ == "__main__":
    main()
