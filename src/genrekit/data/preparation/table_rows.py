"""Handcrafted features of many audio files on all processors: one result a file, in whatever order they come."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from genrekit.audio import AudioWarning, load_audio
from genrekit.audio.file_processes import FileProcesses
from genrekit.cores import usable_cores
from genrekit.data.blas import one_thread_each
from genrekit.data.window_grid import grid_size
from genrekit.errors import AudioError, DataError
from genrekit.features.handcrafted import MIN_SAMPLES, SR, compute_handcrafted

__all__ = ["TrackRows", "Windows", "compute_rows"]

# A track of one window that is at most so much longer is taken whole, as GTZAN's of 30 s are in its public table.
TOLERANCE_S = 1.0
# A process that was killed for want of memory says nothing of its file, which would be missing from the table.
N_TRIES = 2
# Asked of a process in a track's place, before there are several.
REHEARSAL = "rehearsal"


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
    n_processes : that decode and compute; None for one a processor, 1 for none but the caller's. In one of
        several, a file that ends its process is one failure

    Raises
    ------
    DataError
        If the process that is first of several dies before it is given a file.
    WorkerError
        If no process can be started.
    """
    n_processes = n_processes or usable_cores()
    if n_processes == 1:
        for track_id, path in tracks:
            yield rows_of(track_id, path, windows)
        return
    # Unbounded: what the libraries behind the features reserve grows with the machine.
    processes = FileProcesses(
        partial(_make_answer, windows), n_processes=n_processes, max_memory_bytes=None, n_tries=N_TRIES
    )

    def attempt(track: tuple[str, Path]) -> TrackRows:
        track_id, path = track
        try:
            return processes.ask(path, track)
        except AudioError as error:
            return TrackRows(track_id, error=str(error))

    if len(tracks) > 1:
        _compile_once(processes)
    yield from processes.as_ready(attempt, tracks)


def _compile_once(processes: FileProcesses[TrackRows]) -> None:
    """Have one process compile what the features need, and keep it, before others look for it.

    Where nothing is compiled yet, processes that do so at once write over each other's files in numba's cache, die of
    what they read there, and leave it so.
    """
    try:
        processes.ask("noise", REHEARSAL)
    except AudioError as error:
        processes.stop()
        raise DataError(
            f"Features cannot be computed here, not even of noise ({error.__cause__ or error}). As a rule what numba "
            "keeps of compiled code is broken: set the variable NUMBA_CACHE_DIR to an empty folder, and run it again."
        ) from error
    except BaseException:
        processes.stop()
        raise


def _make_answer(windows: Windows) -> Callable[[tuple[str, Path] | str], TrackRows]:
    """In a process of its own: what answers for a track, or rehearses."""

    def answer(track: tuple[str, Path] | str) -> TrackRows:
        if isinstance(track, str):
            with one_thread_each():
                compute_handcrafted(np.random.default_rng(0).uniform(-0.5, 0.5, SR))
            return TrackRows(track)
        return rows_of(*track, windows)

    return answer


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
