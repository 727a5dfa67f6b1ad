"""Small data for the data room: GTZAN's facts without its sound, and tunes that we make."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from genrekit.data import Dataset, Track
from genrekit.data.blas import one_thread_each
from genrekit.data.sets.gtzan_facts import GENRES, gtzan_facts

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


FMA_COLUMNS = (
    ("", ""),
    ("artist", "name"),
    ("set", "split"),
    ("set", "subset"),
    ("track", "genre_top"),
    ("track", "genres_all"),
    ("track", "title"),
)
# (number, artist, split, subset, top genre, all genres, title)
FMA_ROWS = (
    (2, "Ann", "training", "small", "Hip-Hop", "[21]", "One"),
    (3, "Bo, Band", "training", "medium", "Rock", "[12, 31]", "Two"),
    (5, "Ann", "test", "small", "Rock", "[12]", "One"),
    (10, "Cy", "validation", "medium", "Pop", "[10, 76]", ""),
    (134, "Di", "test", "medium", "Folk", "[17]", "Four"),
    (136, "Ed", "test", "medium", "Rock", "[12, 10]", "Five"),
    (140, "Ed", "test", "large", "Rock", "[12]", "Six"),
)
FMA_GENRES = {3: "Blues", 4: "Jazz", 5: "Classical", 9: "Country", 10: "Pop", 11: "Disco", 12: "Rock", 17: "Folk"} | {
    21: "Hip-Hop",
    31: "Metal",
    76: "Experimental Pop",
    79: "Reggae - Dub",
}


@pytest.fixture
def write_fma(tmp_path: Path) -> Callable[..., Path]:
    """Writes FMA's layout with a few tracks, all with a file that is no real audio; gives its root."""

    def write(
        *,
        rows: Iterable[tuple[object, ...]] = FMA_ROWS,
        columns: Sequence[tuple[str, str]] = FMA_COLUMNS,
        genres: dict[int, str] = FMA_GENRES,
    ) -> Path:
        root, rows = tmp_path / "fma", list(rows)
        (root / "fma_metadata").mkdir(parents=True, exist_ok=True)
        with (root / "fma_metadata/tracks.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([first for first, _ in columns])
            writer.writerow([second for _, second in columns])
            writer.writerow(["track_id", *[""] * (len(columns) - 1)])
            writer.writerows(rows)
        with (root / "fma_metadata/genres.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["genre_id", "#tracks", "parent", "title", "top_level"])
            writer.writerows([number, 1, 0, title, number] for number, title in genres.items())
        for number, _, _, subset, *_ in rows:
            for folder in {"small": ("fma_small", "fma_medium"), "medium": ("fma_medium",)}.get(str(subset), ()):
                path = root / folder / f"{int(str(number)):06d}"[:3] / f"{int(str(number)):06d}.mp3"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"x")
        return root

    return write


@pytest.fixture(autouse=True, scope="session")
def quiet_blas() -> Iterator[None]:
    """Small products in these tests wait for one another where BLAS has threads of its own."""
    with one_thread_each():
        yield
