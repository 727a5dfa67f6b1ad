"""Small data for the data room: GTZAN's facts without its sound, and tunes that we make."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from genrekit.data import Dataset, Track
from genrekit.data.blas import one_thread_each
from genrekit.data.gtzan_facts import GENRES, gtzan_facts

SR = 22050


@pytest.fixture(scope="session")
def gtzan_without_audio() -> Dataset:
    """All 1000 tracks of GTZAN with what the package knows of them, and no sound."""
    tracks = tuple(
        Track(track_id, track_id.split(".")[0], None, fact.artist, fact.title, fact.wav_sha256)
        for track_id, fact in gtzan_facts().items()
    )
    return Dataset("gtzan", GENRES, tracks)


@pytest.fixture(scope="session")
def tune() -> Callable[..., npt.NDArray[np.float32]]:
    """Makes a waveform of random notes; the same seed is the same recording."""

    def make(seed: int, duration_s: float = 30.0) -> npt.NDArray[np.float32]:
        rng = np.random.default_rng(seed)
        y = np.zeros(round(duration_s * SR), dtype=np.float32)
        start_s = 0.0
        while start_s < duration_s:
            n = round(rng.uniform(0.2, 0.8) * SR)
            t = np.arange(n) / SR
            pitch_hz = 110 * 2 ** (rng.integers(0, 48) / 12)
            note = sum(np.sin(2 * np.pi * pitch_hz * k * t) / k for k in range(1, 6)) * np.exp(-4 * t)
            begin = round(start_s * SR)
            y[begin : begin + n] += note[: len(y) - begin].astype(np.float32)
            start_s += rng.uniform(0.1, 0.4)
        return 0.3 * y / np.abs(y).max()

    return make


@pytest.fixture
def write_wav(tmp_path: Path) -> Callable[[str, npt.ArrayLike], Path]:
    """Writes a waveform at 22 050 Hz below the test's folder."""

    def write(name: str, y: npt.ArrayLike) -> Path:
        import soundfile

        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.asarray(y, dtype=np.float32), SR)
        return path

    return write


@pytest.fixture(autouse=True, scope="session")
def quiet_blas() -> Iterator[None]:
    """Small products in these tests wait for one another where BLAS has threads of its own."""
    with one_thread_each():
        yield
