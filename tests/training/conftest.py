"""Small data sets for training: an archive of random log-mels in which the genre can be heard, and noise as audio."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from genrekit.data import Dataset, load_dataset
from genrekit.training.recipes.recipe import Recipe, parse_recipe

GENRES = ("blues", "classical", "metal")
TRACKS_PER_GENRE = 10


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def write_archive(path: Path, genres=GENRES, n=TRACKS_PER_GENRE, seed=0) -> Path:
    """Each genre is louder in its own third of the bins."""
    rng = np.random.default_rng(seed)
    tracks, labels, levels = [], [], []
    for place, genre in enumerate(genres):
        for k in range(n):
            level = rng.integers(120, 200, (128, 387))
            band = slice(place * 40, place * 40 + 40)
            level[band] = rng.integers(0, 90, (40, 387))
            level[60, k] = 0
            tracks.append(f"{genre}.{k:05d}")
            labels.append(genre)
            levels.append(level.astype(np.uint8))
    count = len(tracks)
    frames = ((2 * np.arange(387) + 1) * 1293) // (2 * 387)
    np.savez_compressed(
        path,
        track=np.array(tracks),
        genre=np.array(labels),
        levels=np.stack(levels),
        frame_index=np.tile(frames, (count, 1)).astype(np.int16),
        n_frames=np.full(count, 1293, np.int16),
        lo_db=np.full(count, -80, np.float32),
        ref_db=np.full(count, 30, np.float32),
    )
    return path


@pytest.fixture(scope="session")
def archive_path(tmp_path_factory) -> Path:
    return write_archive(tmp_path_factory.mktemp("archive") / "small.npz")


@pytest.fixture
def make_recipe(archive_path):
    """A recipe over the small archive that trains in about a second; keyword arguments replace top-level keys."""

    def make(**changes) -> Recipe:
        values = {
            "name": "small",
            "data": {"dataset": "archive", "root": str(archive_path)},
            "split": {"name": "random_folds", "valid_fraction": 0.25},
            "excerpts": {"window_s": 3.0, "hop_s": 3.0, "train": "random", "crops_per_track": 1},
            "features": "archive_log_mel",
            "model": {"name": "res_cnn", "options": {"width": 2}},
            "augmentation": {
                "max_stretch": 0.1,
                "max_shift_bins": 2,
                "equaliser_max_gain_db": 3,
                "noise_floor_max_db": -40,
                "time_mask_fraction": 0.2,
                "frequency_mask_bins": 8,
                "mixup_alpha": 0.4,
            },
            "optimisation": {
                "optimizer": "adamw",
                "learning_rate": 0.01,
                "schedule": "one_cycle",
                "batch_size": 8,
                "max_epochs": 3,
                "weight_average_decay": 0.5,
            },
        }
        return parse_recipe(values | changes, source="test")

    return make


@pytest.fixture
def audio_dataset(tmp_path: Path) -> Dataset:
    """Two genres with three tracks of noise each, 4 s long."""
    rng = np.random.default_rng(0)
    for genre in ("jazz", "metal"):
        (tmp_path / genre).mkdir()
        for k in range(3):
            soundfile.write(tmp_path / genre / f"{k}.wav", 0.1 * rng.standard_normal(22_050 * 4), 22_050)
    return load_dataset("folder", tmp_path)
