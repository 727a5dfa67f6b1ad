"""Cutting a stream of samples into windows of equal length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from genrekit.errors import AudioError

__all__ = ["Window", "iter_windows"]


@dataclass(frozen=True)
class Window:
    """One window of a recording.

    Attributes
    ----------
    start_sample : int >= 0
        Where in the recording the window starts.
    samples : np.ndarray [shape=(window_samples,), float32]
    n_valid : int, 1 to window_samples
        How many of the samples, from the first, are the recording itself; the rest repeats it.
    """

    start_sample: int
    samples: npt.NDArray[np.float32]
    n_valid: int


def iter_windows(
    blocks: Iterable[npt.NDArray[np.float32]], *, window_samples: int, hop_samples: int
) -> Iterator[Window]:
    """Cut a stream into windows that cover all of it.

    Windows start at 0, hop_samples, 2 * hop_samples, ... as long as they are full. If samples are left after the last
    of them, one more window ends exactly at the end of the audio, off that grid. Audio shorter than one window gives
    one window in which it is repeated. Memory is bounded by a few windows, hops and blocks, however long the stream.

    Parameters
    ----------
    blocks : iterable of np.ndarray [shape=(n,), float32]
        Consecutive samples, such as an `AudioStream`; the length of a block does not matter, nor do empty ones.
    window_samples, hop_samples : int >= 1

    Yields
    ------
    Window : in the order of their start. Overlapping windows may share memory: copy before changing one.

    Raises
    ------
    AudioError : window_samples or hop_samples below 1 (at once); no sample in all blocks (when the windows are read).
    """
    if window_samples < 1 or hop_samples < 1:
        raise AudioError(
            f"window_samples is {window_samples} and hop_samples is {hop_samples}; both must be at least 1. "
            "Give lengths in samples, not in seconds."
        )
    return _windows(blocks, window_samples, hop_samples)


def _windows(blocks: Iterable[npt.NDArray[np.float32]], window_samples: int, hop_samples: int) -> Iterator[Window]:
    buffer = np.empty(0, np.float32)
    buffer_start = 0  # where in the recording the buffer begins
    pending: list[npt.NDArray[np.float32]] = []
    end = 0  # samples seen, those pending included
    next_start = 0

    for block in blocks:
        if block.size == 0:
            continue
        pending.append(block)
        end += block.size
        if end < next_start + window_samples:
            continue
        buffer = np.concatenate([buffer, *pending])
        pending.clear()
        while next_start + window_samples <= end:
            offset = next_start - buffer_start
            yield Window(next_start, buffer[offset : offset + window_samples], window_samples)
            next_start += hop_samples
        # The closing window may start before the next one on the grid, but never more than a window before the end.
        keep_from = min(next_start, end - window_samples)
        buffer = buffer[keep_from - buffer_start :]
        buffer_start = keep_from

    if end == 0:
        raise AudioError(
            "There is no audio to cut into windows: the stream holds no sample. "
            "Give a recording of at least one sample."
        )
    covered = next_start - hop_samples + window_samples if next_start > 0 else 0
    if end <= covered:
        return
    buffer = np.concatenate([buffer, *pending])
    if end < window_samples:
        yield Window(0, np.resize(buffer, window_samples), end)
    else:
        yield Window(end - window_samples, buffer[-window_samples:], window_samples)
