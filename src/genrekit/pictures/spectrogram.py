"""A whole recording's log-mel spectrogram, as wide as a picture, in memory that does not grow with the recording."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from genrekit.audio import iter_windows, open_audio
from genrekit.audio.stream import AudioSource
from genrekit.features import ARCHIVE_LOG_MEL, FeatureSpec
from genrekit.features.numpy_frontend import grid_power

__all__ = ["RANGE_DB", "SPEC", "picture_spectrogram"]

# All frames, as power, so that columns can be pooled; made decibels at the end.
SPEC: FeatureSpec = dataclasses.replace(ARCHIVE_LOG_MEL, scale="linear", keep_frames=1, of_frames=1)
BLOCK_S = 20.0
MAX_COLUMNS = 1200
RANGE_DB = 80.0
SMALLEST_POWER = 1e-10


def picture_spectrogram(source: AudioSource, *, max_columns: int = MAX_COLUMNS) -> npt.NDArray[np.float32]:
    """Float32 [n_mels, at most `max_columns`], dB re the greatest cell, at least -80; equal columns over all of it.

    Raises
    ------
    AudioError : if nothing can be decoded
    """
    block = round(BLOCK_S * SPEC.sr) // SPEC.hop_length * SPEC.hop_length
    columns: list[npt.NDArray[np.float32]] = []  # of `pooled` frames each
    n_done, pooled, rest = 0, 1, np.empty((SPEC.n_bins, 0), np.float32)
    with open_audio(source, sr=SPEC.sr) as stream:
        for window in iter_windows(stream, window_samples=block, hop_samples=block):
            new = window.samples[n_done - window.start_sample : window.n_valid]  # the last window overlaps
            n_done += len(new)
            power = grid_power(SPEC, new)
            rest = np.concatenate([rest, power[:, : max(1, len(new) // SPEC.hop_length)]], axis=1)
            while rest.shape[1] >= pooled:
                n_whole = min(rest.shape[1] // pooled, max_columns)
                cut, rest = rest[:, : n_whole * pooled], rest[:, n_whole * pooled :]
                columns.extend(cut.reshape(SPEC.n_bins, n_whole, pooled).mean(axis=2).T)
                if len(columns) >= 2 * max_columns:  # twice as coarse, so that a day fits as well as a minute
                    pairs = np.array(columns[: len(columns) // 2 * 2])
                    left = columns[len(pairs) :]
                    if left:
                        rest = np.concatenate([np.repeat(left[0][:, None], pooled, axis=1), rest], axis=1)
                    columns = list(pairs.reshape(-1, 2, SPEC.n_bins).mean(axis=1))
                    pooled *= 2
    if rest.shape[1]:
        columns.append(rest.mean(axis=1))
    grid = np.array(columns, dtype=np.float32).T
    db = 10 * np.log10(np.maximum(grid, SMALLEST_POWER))
    if grid.max() <= SMALLEST_POWER:  # there is nothing that the rest could be measured by
        return np.full_like(grid, -RANGE_DB)
    return np.asarray(np.maximum(db - db.max(), -RANGE_DB), dtype=np.float32)
