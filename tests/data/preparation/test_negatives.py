from __future__ import annotations

import shutil

import numpy as np
import pytest

from genrekit.data import load_dataset
from genrekit.data.preparation.negatives import FAMILIES, SR, N, make_negatives, write_negatives
from genrekit.errors import DataError

needs_speech = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="speech needs the program espeak-ng")
COMPUTED = sorted(set(FAMILIES) - {"speech"})


def make(family: str, k: int) -> np.ndarray:
    number = list(FAMILIES).index(family)
    return FAMILIES[family][0](np.random.default_rng((0, number, k)))


@pytest.mark.parametrize("family", COMPUTED)
def test_clips_are_sound_of_full_length_and_differ(family):
    clips = [make(family, k) for k in range(3)]
    for clip in clips:
        assert clip.shape == (N,) and clip.dtype == np.float32
        assert np.isfinite(clip).all() and 0 < np.abs(clip).max() <= 1
    assert not np.array_equal(clips[0], clips[1])
    np.testing.assert_array_equal(clips[0], make(family, 0))


def test_a_steady_tone_is_steady_and_silence_is_silent():
    power = np.abs(np.fft.rfft(make("tones", 0).reshape(30, SR), axis=1)) ** 2
    loudest = power.argmax(1)
    assert np.ptp(loudest) <= 1
    assert np.abs(make("silence", 0)).max() <= 1 / 32768


def test_without_espeak_the_error_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DataError, match="espeak-ng"):
        next(make_negatives(5))


@needs_speech
def test_an_archive_of_negatives_has_all_families_and_repeats(tmp_path):
    write_negatives(tmp_path / "a.npz", count=8, seed=3)
    write_negatives(tmp_path / "b.npz", count=8, seed=3)
    first, second = (load_dataset("archive", tmp_path / name) for name in ("a.npz", "b.npz"))
    assert set(first.genres) == set(FAMILIES)
    assert first.archive is not None and second.archive is not None
    np.testing.assert_array_equal(first.archive.levels, second.archive.levels)
