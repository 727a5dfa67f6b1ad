from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from genrekit.data import load_dataset, make_split
from genrekit.data.dataset import Dataset
from genrekit.errors import DataError
from genrekit.training.material.data_identity import data_sha256


def identity(root: Path) -> str:
    dataset = load_dataset("folder", root)
    return data_sha256(make_split(dataset, "all"), dataset)


@pytest.fixture
def music(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for genre in ("jazz", "metal"):
        (tmp_path / "music" / genre).mkdir(parents=True)
        for k in range(3):
            soundfile.write(tmp_path / "music" / genre / f"{k}.wav", 0.1 * rng.standard_normal(44_100), 22_050)
    return tmp_path / "music"


def test_a_copy_of_audio_is_the_same_and_other_sound_of_the_same_size_is_not(music: Path, tmp_path: Path):
    copy = Path(shutil.copytree(music, tmp_path / "copy"))
    os.utime(copy / "jazz" / "0.wav", (0, 0))
    assert identity(copy) == identity(music)
    y, sr = soundfile.read(copy / "jazz" / "0.wav")
    soundfile.write(copy / "jazz" / "0.wav", y / 2, sr)
    assert (copy / "jazz" / "0.wav").stat().st_size == (music / "jazz" / "0.wav").stat().st_size
    assert identity(copy) != identity(music)


def test_only_what_the_split_names_counts(music: Path):
    dataset = load_dataset("folder", music)
    known = data_sha256(make_split(dataset, "all"), dataset)
    split = make_split(dataset, "all")
    soundfile.write(music / "metal" / "9.wav", np.zeros(1000), 22_050)
    more = load_dataset("folder", music)
    assert data_sha256(split, more) == known != data_sha256(make_split(more, "all"), more)
    few = Dataset(dataset.name, dataset.genres, dataset.tracks[1:])
    with pytest.raises(DataError, match=r"jazz/0\.wav"):
        data_sha256(split, few)
