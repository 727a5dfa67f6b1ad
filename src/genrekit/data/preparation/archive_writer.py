"""Writing a log-mel archive from audio, in the format and quantisation of GTZAN's."""

from __future__ import annotations

import json
import zipfile
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from genrekit.audio import load_audio, open_audio
from genrekit.cores import usable_cores
from genrekit.data.archive import LEVELS, SR, LogMelArchive
from genrekit.data.blas import one_thread_each
from genrekit.data.checks.fingerprint import archive_fingerprint, find_matches
from genrekit.data.collection import collection_of_file
from genrekit.data.dataset import Dataset, Fault, Track
from genrekit.data.preparation.unfinished import Unfinished
from genrekit.data.recording_names import recording_names
from genrekit.errors import AudioError, DataError, PlaceError
from genrekit.features import ARCHIVE_LOG_MEL, compute
from genrekit.output_places import require_new
from genrekit.progress import Progress
from genrekit.whole_file import written_whole

__all__ = ["N_COLUMNS", "ArchiveRow", "archive_row", "clip_of", "read_clip", "require_archive_place", "write_archive"]

# Changes when rows are made otherwise, so that unfinished archives of before are not gone on with.
FORMAT = 1
N_COLUMNS = 387
# What N_COLUMNS columns are made for, and how far a track may be from it to be taken as it is (GTZAN: 29.9 to 30.7 s).
CLIP_S = 30.0
TOLERANCE_S = 1.0
FLOOR_DB = -80.0
AMIN = 1e-10
# All frames, in absolute decibels: the archive's 0 dB is the greatest cell of the whole track, kept or not.
ALL_FRAMES = replace(ARCHIVE_LOG_MEL, keep_frames=1, of_frames=1, db_ref="one", top_db=None)


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


def read_clip(path: Path) -> npt.NDArray[np.float32]:
    """`clip_of` a file, of which no more is decoded than that needs if the file states how long it is.

    Raises
    ------
    AudioError
        If nothing can be decoded.
    """
    wanted = round(CLIP_S * SR)
    with open_audio(path, sr=SR) as stream:
        if stream.duration_s is not None and stream.duration_s > CLIP_S + TOLERANCE_S:
            start = (round(stream.duration_s * SR) - wanted) // 2
            parts = []
            for block in stream:
                end = stream.n_samples
                parts.append(block[max(0, start - (end - block.size)) : max(0, start + wanted - (end - block.size))])
                if end >= start + wanted:
                    return np.concatenate(parts)
    # It states nothing, or it is short, or shorter than it states.
    return clip_of(load_audio(path, sr=SR))


def write_archive(
    dataset: Dataset,
    path: Path,
    *,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> tuple[Fault, ...]:
    """Write the log-mels of a data set's audio, 30 s of each track, to a new ``.npz`` file.

    The file appears under its name only when it is whole. Each track is kept in a file beside it as soon as it is done,
    from which the same call goes on after a kill; that file goes when the archive is whole.

    Parameters
    ----------
    dataset : with audio; where its `same_recordings` are known, the archive knows them, too, with those that its rows
        themselves show
    path : to write; an existing file is not overwritten
    n_threads : that decode and compute; None for one a processor
    progress : called with steps done, their total, and what was done: the last track's identifier

    Returns
    -------
    A fault for each track that could not be used and is not in the archive.

    Raises
    ------
    DataError
        If the file exists or cannot be written, an unfinished one was of another data set, the data set has no audio,
        or no track can be used.
    """
    require_archive_place(path)
    if not any(track.path for track in dataset.tracks):
        raise DataError(f"Data set {dataset.name!r} has no audio to write an archive from.")
    files = {track.track_id: track.path for track in dataset.tracks if track.path is not None}
    unfinished = Unfinished(path, {"format": FORMAT, "dataset": dataset.name}, shown=("format", "dataset"))
    rows = dict(unfinished.read(files, _row_of))
    faults: list[Fault] = []
    for track, row in _rows([track for track in dataset.tracks if track.track_id not in rows], n_threads):
        if isinstance(row, Fault):
            faults.append(row)
        else:
            unfinished.add(track.track_id, _values_of(row), files[track.track_id])
            rows[track.track_id] = row
        if progress is not None:
            progress(len(rows) + len(faults), len(dataset.tracks), track.track_id)
    if not rows:
        raise DataError(f"None of the {len(dataset)} tracks of {dataset.name!r} can be used; first: {faults[0].detail}")
    # To whoever reads the archive, what could not be used is missing like what was not there.
    lacking = (*dataset.absent(), *(replace(fault, kind="missing") for fault in faults))
    kept = [(track, rows[track.track_id]) for track in dataset.tracks if track.track_id in rows]
    _save(path, _arrays(replace(dataset, faults=lacking), kept, progress))
    unfinished.remove()
    return tuple(faults)


def require_archive_place(path: Path) -> None:
    """Raise PlaceError unless a new archive can be written there by its name, before anything that takes long."""
    if path.suffix != ".npz":
        raise PlaceError(f"An archive's name ends in .npz; {path} was given.")
    require_new(path, "the archive")


def _rows(tracks: list[Track], n_threads: int | None) -> Iterator[tuple[Track, ArchiveRow | Fault]]:
    def make(track: Track) -> ArchiveRow | Fault:
        if track.path is None:
            return Fault("missing", track.track_id, "there is no audio of this track", track.genre)
        try:
            return archive_row(read_clip(track.path))
        except AudioError as error:
            return Fault("undecodable", track.track_id, str(error), track.genre)

    with one_thread_each(), ThreadPoolExecutor(n_threads or usable_cores()) as pool:
        try:
            yield from zip(tracks, pool.map(make, tracks), strict=True)
        finally:
            # After Ctrl-C nobody wants what has not begun.
            pool.shutdown(wait=False, cancel_futures=True)


def _values_of(row: ArchiveRow) -> dict[str, Any]:
    levels, index = np.ascontiguousarray(row.levels), row.frame_index
    return {
        **asdict(row),
        "levels": [levels.shape, b64encode(zlib.compress(levels.tobytes(), level=1)).decode()],
        "frame_index": index.tolist(),
    }


def _row_of(values: Mapping[str, Any]) -> ArchiveRow:
    shape, levels = values["levels"]
    return ArchiveRow(
        levels=np.frombuffer(zlib.decompress(b64decode(levels)), dtype=np.uint8).reshape(shape),
        lo_db=values["lo_db"],
        ref_db=values["ref_db"],
        frame_index=np.array(values["frame_index"], dtype=np.int32),
        n_frames=values["n_frames"],
    )


def _arrays(
    dataset: Dataset, kept: list[tuple[Track, ArchiveRow]], progress: Progress | None
) -> dict[str, npt.NDArray[Any]]:
    tracks = [track for track, _ in kept]
    rows = [row for _, row in kept]
    archive = LogMelArchive(
        track_ids=tuple(track.track_id for track in tracks),
        levels=np.stack([row.levels for row in rows]),
        lo_db=np.array([row.lo_db for row in rows], dtype=np.float32),
        ref_db=np.array([row.ref_db for row in rows], dtype=np.float32),
        frame_index=np.stack([row.frame_index for row in rows]),
        n_frames=np.array([row.n_frames for row in rows], dtype=np.int32),
        calibrated=np.ones(len(rows), dtype=bool),
    )
    collection, recordings = collection_of_file(dataset), _recordings(dataset, archive, progress)
    return {
        "name": np.array(dataset.name),
        "track": np.array(archive.track_ids),
        "genre": np.array([track.genre for track in tracks]),
        "artist": np.array([track.artist or "" for track in tracks]),
        "title": np.array([track.title or "" for track in tracks]),
        "sha256": np.array([track.sha256 or "" for track in tracks]),
        **({} if recordings is None else {"recording": np.array(recordings)}),
        "levels": archive.levels,
        "frame_index": archive.frame_index,
        "n_frames": archive.n_frames,
        "lo_db": archive.lo_db,
        "ref_db": archive.ref_db,
        "calibrated_from_audio": archive.calibrated,
        **({"collection": np.array(json.dumps(collection))} if collection else {}),
    }


def _recordings(dataset: Dataset, archive: LogMelArchive, progress: Progress | None) -> list[str] | None:
    """Of each row the name of its recording; None if nobody has compared the audio.

    Files are compared by their beginnings, rows by the middle of a track: either may show what the other does not.
    """
    if dataset.same_recordings is None:
        return None
    prints = {track_id: archive_fingerprint(archive, row) for row, track_id in enumerate(archive.track_ids)}
    found = find_matches(
        prints, progress=None if progress is None else lambda done, total: progress(done, total, "comparing recordings")
    )
    pairs = (*dataset.same_recordings, *((match.first, match.second) for match in found))
    name_of = recording_names(replace(dataset, same_recordings=pairs))
    return [name_of[track_id] for track_id in archive.track_ids]


def _save(path: Path, arrays: dict[str, npt.NDArray[Any]]) -> None:
    try:
        with written_whole(path) as partial, partial.open("wb") as handle:
            _write_npz(handle, arrays)
    except OSError as error:
        raise DataError(f"Cannot write {path}: {error.strerror or error}.") from None


def _write_npz(handle: IO[bytes], arrays: dict[str, npt.NDArray[Any]]) -> None:
    """As `np.savez_compressed`, whose `allow_pickle` is one more array to NumPy before 2.2."""
    with zipfile.ZipFile(handle, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
