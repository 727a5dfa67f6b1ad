"""F3 from audio against the published archive: the lossless tracks, cell by cell."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile

from genrekit.features import ARCHIVE_LOG_MEL, compute
from genrekit.features.numpy_frontend import grid_power

ALL_FRAMES = dataclasses.replace(ARCHIVE_LOG_MEL, keep_frames=1, of_frames=1)


def test_archive_keeps_the_frames_that_the_spec_names(gtzan_root: Path) -> None:
    with np.load(gtzan_root / "logmel.npz") as archive:
        rules = [
            np.array_equal(ARCHIVE_LOG_MEL.frame_index((int(n_frames) - 1) * 512, 387), index)
            for n_frames, index in zip(archive["n_frames"], archive["frame_index"], strict=True)
        ]
    # In one track two columns that fall on the edge between two frames went to the other one.
    assert sum(rules) >= len(rules) - 1


def test_cells_from_audio_agree_with_the_archive_within_one_level(gtzan_root: Path) -> None:
    paths = sorted((gtzan_root / "lossless").glob("*.flac"))
    if not paths:
        pytest.skip(f"no lossless tracks in {gtzan_root}")
    with np.load(gtzan_root / "logmel.npz") as archive:
        row = {str(track): index for index, track in enumerate(archive["track"])}
        levels, lo_db = archive["levels"], archive["lo_db"]
    within, exact = [], []
    for path in paths:
        index = row[path.stem]
        y = soundfile.read(path, dtype="float32")[0]
        # The archive's 0 dB is the greatest cell of all frames, also of those that it does not keep.
        reference_db = 10.0 * np.log10(grid_power(ALL_FRAMES, y).max())
        power_db = 10.0 * np.log10(np.maximum(grid_power(ARCHIVE_LOG_MEL, y, n_columns=387), 1e-10))
        db = np.maximum(power_db - reference_db, -80.0)
        ours = np.clip(np.floor(256.0 * (1.0 - db / lo_db[index])), 0, 255)
        difference = np.abs(ours - levels[index])
        within.append((difference <= 1).mean())
        exact.append((difference == 0).mean())
        # What a model sees refers to the greatest cell that is kept, in both; the archive's floor moves with it.
        archived = lo_db[index] * (1.0 - (levels[index] + 0.5) / 256.0)
        above_floor = levels[index] > 0
        error_db = np.abs(compute(ARCHIVE_LOG_MEL, y, n_columns=387) - (archived - archived.max()))[above_floor]
        assert error_db.max() < 1.5 * -lo_db[index] / 256
    assert len(within) >= 14
    assert min(within) >= 0.995
    assert np.mean(exact) >= 0.99
