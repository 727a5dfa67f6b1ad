"""Band edges: how high the sound of a track reaches, on sounds that were cut off on purpose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from genrekit.data import Dataset, Track, load_dataset
from genrekit.data.checks.band_edges import edge_bins, find_band_edges
from genrekit.errors import DataError
from genrekit.features import ARCHIVE_LOG_MEL, compute

SR = 22050


def noise(seed: int, *, below_hz: float | None = None, duration_s: float = 3.0) -> np.ndarray:
    """White noise, with nothing at all above `below_hz`."""
    y = np.random.default_rng(seed).standard_normal(round(duration_s * SR))
    spectrum = np.fft.rfft(y)
    if below_hz is not None:
        spectrum[np.fft.rfftfreq(len(y), 1 / SR) > below_hz] = 0
    y = np.fft.irfft(spectrum, len(y))
    return (0.3 * y / np.abs(y).max()).astype(np.float32)


@pytest.fixture
def collection(write_wav: Callable[..., Path], tmp_path: Path) -> Dataset:
    """Twelve tracks of a genre that was cut off at 5 kHz, and twelve of one that was not."""
    for seed in range(12):
        write_wav(f"old/{seed}.wav", noise(seed, below_hz=5000))
        write_wav(f"new/{seed}.wav", noise(100 + seed))
    return load_dataset("folder", tmp_path)


def test_the_edge_of_noise_is_where_it_was_cut_off() -> None:
    assert edge_bins(compute(ARCHIVE_LOG_MEL, noise(0))) == 128
    cut = edge_bins(compute(ARCHIVE_LOG_MEL, noise(0, below_hz=5000)))
    lower = edge_bins(compute(ARCHIVE_LOG_MEL, noise(0, below_hz=2000)))
    assert 64 < lower < cut < 110
    assert edge_bins(np.full((128, 20), -80.0)) == 0


def test_one_loud_click_is_no_edge() -> None:
    db = np.full((128, 100), -80.0)
    db[:60] = -20
    db[:, 50] = -10
    assert edge_bins(db) == 60


def test_genres_that_were_cut_off_differently_are_told_by_their_edge_alone(collection: Dataset) -> None:
    found = find_band_edges(collection)
    by_genre = {one.genre: one for one in found.genres}
    assert by_genre["new"].n_open == 12 and by_genre["new"].median_hz == pytest.approx(11025)
    assert by_genre["old"].n_open == 0 and 4900 < by_genre["old"].median_hz < 5800
    assert {tells.split for tells in found.tells} == {"random_folds", "artist_disjoint"}
    for tells in found.tells:
        assert tells.n_tracks == 24 and tells.accuracy == 1.0 and tells.chance <= 0.5
    assert found.skipped == ()


def test_edges_that_say_nothing_tell_nothing(write_wav: Callable[..., Path], tmp_path: Path) -> None:
    for seed in range(12):
        for genre, first in (("left", 0), ("right", 50)):
            write_wav(f"{genre}/{seed}.wav", noise(first + seed, duration_s=1.0))
    tells = find_band_edges(load_dataset("folder", tmp_path)).tells
    assert len(tells) == 2
    assert all(one.accuracy <= 0.5 for one in tells)


def test_what_cannot_be_heard_is_left_out_and_named(write_wav: Callable[..., Path], tmp_path: Path) -> None:
    for seed in range(3):
        write_wav(f"one/{seed}.wav", noise(seed, duration_s=1.0))
        write_wav(f"two/{seed}.wav", noise(9 + seed, duration_s=1.0))
    write_wav("one/silent.wav", np.zeros(SR))
    (tmp_path / "two" / "broken.mp3").write_bytes(b"no sound at all")
    found = find_band_edges(load_dataset("folder", tmp_path))
    assert len(found.skipped) == 2
    assert {one.genre: one.n_tracks for one in found.genres} == {"one": 3, "two": 3}
    # Too few of each genre for ten folds.
    assert found.tells == ()


def test_nothing_to_hear_is_an_error() -> None:
    silent = Dataset("own", ("a",), (Track("a/1", "a", None),))
    with pytest.raises(DataError, match="None of the 1 tracks"):
        find_band_edges(silent)
