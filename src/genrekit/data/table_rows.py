"""Handcrafted features of many audio files on all processors: one result a file, in whatever order they come."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from genrekit.audio import AudioWarning, load_audio
from genrekit.cores import usable_cores
from genrekit.data.blas import one_thread_each
from genrekit.data.window_grid import grid_size
from genrekit.errors import AudioError, DataError
from genrekit.features.handcrafted import MIN_SAMPLES, SR, compute_handcrafted
from genrekit.spawned import children_end_on_error, ctrl_c_blocked, leave_to_parent

__all__ = ["TrackRows", "Windows", "compute_rows"]

# A track of one window that is at most so much longer is taken whole, as GTZAN's of 30 s are in its public table.
TOLERANCE_S = 1.0
# Tasks that wait for each process, so that none of them is idle.
TASKS_PER_PROCESS = 2


@dataclass(frozen=True)
class Windows:
    """How tracks are cut: windows of `window_s` every `hop_s` within the first `span_s` (None: the whole track)."""

    window_s: float = 30.0
    hop_s: float = 30.0
    span_s: float | None = 30.0

    def __post_init__(self) -> None:
        for name, value in (("window_s", self.window_s), ("hop_s", self.hop_s), ("span_s", self.span_s)):
            if value is not None and not value > 0:
                raise DataError(f"{name} is a positive number of seconds; found {value}.")
        if self.window_s * SR < MIN_SAMPLES:
            raise DataError(f"window_s is {self.window_s}; handcrafted features need {MIN_SAMPLES / SR:.2f} s or more.")
        if self.span_s is not None and self.window_s > self.span_s:
            raise DataError(f"window_s is {self.window_s}, longer than span_s, {self.span_s}.")


@dataclass(frozen=True)
class TrackRows:
    """What a file gave.

    Attributes
    ----------
    track_id : of the file's track
    start_s : of each window
    values : the 57 features of each window
    warnings : what was noticed while decoding, such as a missing end
    error : why the file cannot be used; "" if it can
    """

    track_id: str
    start_s: tuple[float, ...] = ()
    values: tuple[tuple[float, ...], ...] = ()
    warnings: tuple[str, ...] = ()
    error: str = ""


def compute_rows(
    tracks: Sequence[tuple[str, Path]], windows: Windows, *, n_processes: int | None = None
) -> Iterator[TrackRows]:
    """Features of each of `tracks` (identifier and file), as they are ready.

    Parameters
    ----------
    n_processes : that decode and compute; None for one a processor, 1 for none but the caller's

    Raises
    ------
    DataError
        If a process dies, such as for want of memory.
    """
    n_processes = min(n_processes or usable_cores(), len(tracks))
    if n_processes <= 1:
        for track_id, path in tracks:
            yield rows_of(track_id, path, windows)
        return
    # Spawned: a forked process would inherit locks of threads that it does not have.
    pool = ProcessPoolExecutor(n_processes, mp_context=get_context("spawn"), initializer=leave_to_parent)
    try:
        with children_end_on_error():
            yield from _as_ready(pool, tracks, windows, n_waiting=n_processes * TASKS_PER_PROCESS)
        # All is done: an interpreter that ends meanwhile would find its pipes half closed.
        pool.shutdown()
    except BrokenProcessPool:
        raise DataError(
            f"One of the {n_processes} processes that compute features died, perhaps for want of memory. What is done "
            "is kept: start the same command again, with fewer --jobs."
        ) from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _as_ready(
    pool: ProcessPoolExecutor, tracks: Sequence[tuple[str, Path]], windows: Windows, *, n_waiting: int
) -> Iterator[TrackRows]:
    waiting = iter(tracks)
    running: set[Future[TrackRows]] = set()
    while True:
        with ctrl_c_blocked():
            following = islice(waiting, n_waiting - len(running))
            running |= {pool.submit(rows_of, track_id, path, windows) for track_id, path in following}
        if not running:
            return
        ready, running = wait(running, return_when=FIRST_COMPLETED)
        for future in ready:
            yield future.result()


def rows_of(track_id: str, path: Path, windows: Windows) -> TrackRows:
    """Features of one file; a file that cannot be used is told by `error`."""
    # Further than a track that is taken whole can reach, so that a longer one is told from it.
    read_s = None if windows.span_s is None else windows.span_s + 2 * TOLERANCE_S
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", AudioWarning)
        try:
            y = load_audio(path, sr=SR, duration_s=read_s)
        except AudioError as error:
            return TrackRows(track_id, error=str(error))
    duration_s = len(y) / SR
    count = grid_size(duration_s, window_s=windows.window_s, hop_s=windows.hop_s, span_s=windows.span_s)
    window_samples = round(windows.window_s * SR)
    if count == 1 and duration_s <= windows.window_s + TOLERANCE_S:
        window_samples = len(y)
    starts_s = tuple(k * windows.hop_s for k in range(count))
    values = []
    try:
        with one_thread_each():
            for start_s in starts_s:
                start = round(start_s * SR)
                values.append(tuple(compute_handcrafted(y[start : start + window_samples]).values.tolist()))
    except AudioError as error:
        return TrackRows(track_id, error=f"{path}: {error}")
    return TrackRows(track_id, starts_s, tuple(values), tuple(str(warning.message) for warning in caught))
