"""Writing a log-mel archive from audio, in the format and quantisation of GTZAN's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from genrekit.audio import load_audio
from genrekit.cores import usable_cores
from genrekit.data.archive import LEVELS, SR
from genrekit.data.blas import one_thread_each
from genrekit.data.dataset import Dataset, Fault, Track
from genrekit.errors import AudioError, DataError
from genrekit.features import ARCHIVE_LOG_MEL, compute
from genrekit.whole_file import written_whole

__all__ = ["N_COLUMNS", "ArchiveRow", "archive_row", "clip_of", "write_archive"]

N_COLUMNS = 387
# What N_COLUMNS columns are made for, and how far a track may be from it to be taken as it is (GTZAN: 29.9 to 30.7 s).
CLIP_S = 30.0
TOLERANCE_S = 1.0
FLOOR_DB = -80.0
AMIN = 1e-10
# All frames, in absolute decibels: the archive's 0 dB is the greatest cell of the whole track, kept or not.
ALL_FRAMES = replace(ARCHIVE_LOG_MEL, keep_frames=1, of_frames=1, db_ref="one", top_db=None)

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class ArchiveRow:
    """One track of an archive; the fields are those of ``LogMelArchive``."""

    levels: npt.NDArray[np.uint8]
    lo_db: float
    ref_db: float
    frame_index: npt.NDArray[np.int32]
    n_frames: int


def archive_row(y: npt.NDArray[np.float32], n_columns: int = N_COLUMNS) -> ArchiveRow:
    """Quantised log-mel of a waveform.

    Parameters
    ----------
    y : mono at 22 050 Hz [shape=(n,)]
    n_columns : of the archive; the columns are spread evenly over the track whatever its length

    Raises
    ------
    AudioError
        If the waveform has no sample, or nothing but silence.
    """
    db = compute(ALL_FRAMES, y)
    ref_db = float(db.max())
    if ref_db <= 10 * np.log10(AMIN):
        raise AudioError("has nothing but silence")
    db = np.maximum(db - ref_db, FLOOR_DB)
    # A waveform as flat as one impulse has no range; any negative lower end represents it.
    lo_db = min(float(db.min()), -1e-3)
    index = ARCHIVE_LOG_MEL.frame_index(len(y), n_columns)
    steps = np.floor((1.0 - db[:, index] / lo_db) * LEVELS)
    return ArchiveRow(
        levels=np.clip(steps, 0, LEVELS - 1).astype(np.uint8),
        lo_db=lo_db,
        ref_db=ref_db,
        frame_index=index.astype(np.int32),
        n_frames=db.shape[1],
    )


def clip_of(y: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The 30 s of a waveform that stand for it in an archive, so that a column lasts equally long in every row.

    A track of 29 to 31 s is kept whole, as in GTZAN; of a longer one the middle is taken, a shorter one is repeated.

    Parameters
    ----------
    y : mono at 22 050 Hz, at least one sample [shape=(n,)]
    """
    wanted = round(CLIP_S * SR)
    if abs(len(y) - wanted) <= TOLERANCE_S * SR:
        return y
    if len(y) < wanted:
        return np.resize(y, wanted)
    start = (len(y) - wanted) // 2
    return y[start : start + wanted]


def write_archive(
    dataset: Dataset,
    path: Path,
    *,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> tuple[Fault, ...]:
    """Write the log-mels of a data set's audio, 30 s of each track, to a new ``.npz`` file.

    The file appears under its name only when it is whole.

    Parameters
    ----------
    dataset : with audio
    path : to write; an existing file is not overwritten
    n_threads : that decode and compute; None for one a processor
    progress : called with the number of tracks done, their total, and the last track's identifier

    Returns
    -------
    A fault for each track that could not be used and is not in the archive.

    Raises
    ------
    DataError
        If the file exists or cannot be written, the data set has no audio, or no track can be used.
    """
    if path.suffix != ".npz":
        raise DataError(f"An archive's name ends in .npz; {path} was given.")
    if path.exists():
        raise DataError(f"{path} exists already; choose another name, or move it away.")
    if not path.parent.is_dir():
        raise DataError(f"The folder {path.parent} to write {path.name} in does not exist; make it first.")
    if not any(track.path for track in dataset.tracks):
        raise DataError(f"Data set {dataset.name!r} has no audio to write an archive from.")
    kept: list[tuple[Track, ArchiveRow]] = []
    faults: list[Fault] = []
    for done, (track, row) in enumerate(_rows(dataset, n_threads), start=1):
        if isinstance(row, ArchiveRow):
            kept.append((track, row))
        else:
            faults.append(row)
        if progress is not None:
            progress(done, len(dataset.tracks), track.track_id)
    if not kept:
        raise DataError(f"None of the {len(dataset)} tracks of {dataset.name!r} can be used; first: {faults[0].detail}")
    _save(path, _arrays(dataset.name, kept))
    return tuple(faults)


def _rows(dataset: Dataset, n_threads: int | None) -> Iterator[tuple[Track, ArchiveRow | Fault]]:
    def make(track: Track) -> ArchiveRow | Fault:
        if track.path is None:
            return Fault("missing", track.track_id, "there is no audio of this track")
        try:
            return archive_row(clip_of(load_audio(track.path, sr=SR)))
        except AudioError as error:
            return Fault("undecodable", track.track_id, str(error))

    with one_thread_each(), ThreadPoolExecutor(n_threads or usable_cores()) as pool:
        yield from zip(dataset.tracks, pool.map(make, dataset.tracks), strict=True)


def _arrays(name: str, kept: list[tuple[Track, ArchiveRow]]) -> dict[str, npt.NDArray[Any]]:
    tracks = [track for track, _ in kept]
    rows = [row for _, row in kept]
    return {
        "name": np.array(name),
        "track": np.array([track.track_id for track in tracks]),
        "genre": np.array([track.genre for track in tracks]),
        "artist": np.array([track.artist or "" for track in tracks]),
        "title": np.array([track.title or "" for track in tracks]),
        "sha256": np.array([track.sha256 or "" for track in tracks]),
        "levels": np.stack([row.levels for row in rows]),
        "frame_index": np.stack([row.frame_index for row in rows]),
        "n_frames": np.array([row.n_frames for row in rows], dtype=np.int32),
        "lo_db": np.array([row.lo_db for row in rows], dtype=np.float32),
        "ref_db": np.array([row.ref_db for row in rows], dtype=np.float32),
        "calibrated_from_audio": np.ones(len(rows), dtype=bool),
    }


def _save(path: Path, arrays: dict[str, npt.NDArray[Any]]) -> None:
    try:
        with written_whole(path) as partial, partial.open("wb") as handle:
            np.savez_compressed(handle, allow_pickle=False, **arrays)
    except OSError as error:
        raise DataError(f"Cannot write {path}: {error}.") from None
