"""Log-mel archives: a data set's 8-bit log-mels in one NumPy file, without its audio."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from genrekit.audio.sniff import HEAD_BYTES, describe_head
from genrekit.errors import DataError, NoSuchDataError

__all__ = ["HOP_SAMPLES", "LEVELS", "SR", "LogMelArchive", "read_archive"]

SR = 22050
HOP_SAMPLES = 512
LEVELS = 256

# NumPy takes all that begins otherwise for a pickle, and advises to load it as one.
ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
ARRAY_MAGIC = b"\x93NUMPY"

REQUIRED = ("track", "genre", "levels", "frame_index", "n_frames", "lo_db", "ref_db")
OPTIONAL = ("calibrated_from_audio", "artist", "title", "sha256", "recording", "name", "collection")


@dataclass(frozen=True)
class LogMelArchive:
    """8-bit log-mel spectrograms of ``n`` tracks (front end F3).

    Parameters
    ----------
    track_ids : identifiers, one a row
    levels : uint8 [shape=(n, n_mels, n_columns)], 0 is ``lo_db``, 255 the track's maximum
    lo_db : float32 [shape=(n,)], lowest value of the track in dB re its maximum, -80 to below 0
    ref_db : float32 [shape=(n,)], power of the track's maximum in dB
    frame_index : int32 [shape=(n, n_columns)], which of the ``n_frames`` frames each column is
    n_frames : int32 [shape=(n,)], frames of hop ``hop_samples`` in the whole track
    calibrated : bool [shape=(n,)], whether ``lo_db`` was measured on audio rather than estimated
    sr : of the audio, in Hz
    hop_samples : of the frames
    """

    track_ids: tuple[str, ...]
    levels: npt.NDArray[np.uint8]
    lo_db: npt.NDArray[np.float32]
    ref_db: npt.NDArray[np.float32]
    frame_index: npt.NDArray[np.int32]
    n_frames: npt.NDArray[np.int32]
    calibrated: npt.NDArray[np.bool_]
    sr: int = SR
    hop_samples: int = HOP_SAMPLES
    _row: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        n = len(self.track_ids)
        if self.levels.ndim != 3 or self.levels.dtype != np.uint8:
            raise DataError(
                "levels must be uint8 of shape (tracks, mels, columns); "
                f"they are {self.levels.dtype} of shape {self.levels.shape}."
            )
        n_columns = self.levels.shape[2]
        expected = {
            "levels": (n, *self.levels.shape[1:]),
            "lo_db": (n,),
            "ref_db": (n,),
            "frame_index": (n, n_columns),
            "n_frames": (n,),
            "calibrated": (n,),
        }
        for name, shape in expected.items():
            found = getattr(self, name).shape
            if found != shape:
                raise DataError(f"With {n} tracks, {name} must have the shape {shape}; it has {found}.")
        if len(set(self.track_ids)) != n:
            raise DataError("An archive must hold each track once; some identifiers repeat.")
        if not (np.isfinite(self.lo_db).all() and np.isfinite(self.ref_db).all() and (self.lo_db < 0).all()):
            raise DataError("lo_db and ref_db must be finite, and lo_db below 0 dB.")
        if n and (self.frame_index.min() < 0 or (self.frame_index >= self.n_frames[:, None]).any()):
            raise DataError("Each frame_index must lie between 0 and its track's n_frames - 1.")
        object.__setattr__(self, "_row", {track_id: row for row, track_id in enumerate(self.track_ids)})

    def __len__(self) -> int:
        return len(self.track_ids)

    def __repr__(self) -> str:
        return f"<LogMelArchive: {len(self)} tracks, {self.n_mels} mels x {self.n_columns} columns each>"

    @property
    def n_mels(self) -> int:
        """Mel bands."""
        return int(self.levels.shape[1])

    @property
    def n_columns(self) -> int:
        """Columns of a track."""
        return int(self.levels.shape[2])

    def duration_s(self, index: int) -> float:
        """Duration of a row's track in seconds, to within one hop (frames are centred)."""
        return float((self.n_frames[index] - 1) * self.hop_samples / self.sr)

    def row(self, track_id: str) -> int:
        """Row of a track.

        Raises
        ------
        DataError
            If the archive does not hold it.
        """
        if track_id not in self._row:
            raise DataError(f"The archive does not hold track {track_id!r}.")
        return self._row[track_id]

    def db(self, index: int) -> npt.NDArray[np.float32]:
        """Log-mel of a row, float32 [shape=(n_mels, n_columns)], in dB re the track's maximum, -80 to 0.

        Each level stands for the middle of its step, so that values are at most half a step off.
        """
        steps = 1.0 - (self.levels[index].astype(np.float32) + 0.5) / LEVELS
        db: npt.NDArray[np.float32] = np.multiply(self.lo_db[index], steps, dtype=np.float32)
        return db

    def sorted(self) -> LogMelArchive:
        """The same archive with its rows sorted by track."""
        order = np.argsort(np.array(self.track_ids), kind="stable")
        if (order == np.arange(len(order))).all():
            return self
        rows = {
            name: getattr(self, name)[order]
            for name in ("levels", "lo_db", "ref_db", "frame_index", "n_frames", "calibrated")
        }
        ids = tuple(self.track_ids[place] for place in order)
        return LogMelArchive(ids, **rows, sr=self.sr, hop_samples=self.hop_samples)


@dataclass(frozen=True)
class ArchiveContents:
    """What an archive file holds: log-mels, and per row what is known of the track ("" where unknown).

    Rows that hold one recording have one name in `recordings`; None if nobody has compared them. `collection` is what
    `data.collection` tells of the whole data set that it was made of, of tracks without a row too.
    """

    archive: LogMelArchive
    genres: tuple[str, ...]
    artists: tuple[str, ...]
    titles: tuple[str, ...]
    sha256: tuple[str, ...]
    recordings: tuple[str, ...] | None
    name: str
    collection: Mapping[str, Any] = field(default_factory=dict)


def read_archive(path: str | Path) -> ArchiveContents:
    """Read an archive file (``.npz``), rows in the file's order.

    Raises
    ------
    DataError
        If the file is missing, not an archive, or has missing, unknown or misshapen arrays.
    """
    path = Path(path)
    columns = _read_arrays(path)
    n = len(columns["track"])

    def text(key: str) -> tuple[str, ...]:
        values = columns.get(key)
        if values is None:
            return ("",) * n
        if values.shape != (n,) or values.dtype.kind != "U":
            raise DataError(f"{path}: {key} must be {n} strings; it is {values.dtype} of shape {values.shape}.")
        return tuple(str(value) for value in values)

    for key, kinds in {"lo_db": "f", "ref_db": "f", "frame_index": "iu", "n_frames": "iu"}.items():
        if columns[key].dtype.kind not in kinds:
            raise DataError(f"{path}: {key} has the type {columns[key].dtype}, which is not one an archive uses.")
    try:
        archive = LogMelArchive(
            track_ids=text("track"),
            levels=columns["levels"],
            lo_db=columns["lo_db"].astype(np.float32),
            ref_db=columns["ref_db"].astype(np.float32),
            frame_index=columns["frame_index"].astype(np.int32),
            n_frames=columns["n_frames"].astype(np.int32),
            calibrated=columns.get("calibrated_from_audio", np.ones(n, dtype=bool)).astype(bool),
        )
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    name = str(columns["name"]) if "name" in columns else path.stem
    collection = _json_object(path, str(columns["collection"])) if "collection" in columns else {}
    return ArchiveContents(
        archive=archive,
        genres=text("genre"),
        artists=text("artist"),
        titles=text("title"),
        sha256=text("sha256"),
        recordings=text("recording") if "recording" in columns else None,
        name=name,
        collection=collection,
    )


def _json_object(path: Path, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise DataError(f"{path}: collection must be an object in JSON; it is {text[:60]!r}.")
    return found


def _read_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    if not path.is_file():
        raise NoSuchDataError(f"There is no archive {path}; expected a .npz file of log-mels.")
    try:
        _require_zip(path)
        with np.load(path, allow_pickle=False) as loaded:
            keys = list(loaded.files)
            unknown = sorted(set(keys) - set(REQUIRED) - set(OPTIONAL))
            missing = [key for key in REQUIRED if key not in keys]
            if missing or unknown:
                raise DataError(
                    f"{path} is not a log-mel archive: it lacks {missing or 'nothing'} and has the unknown arrays "
                    f"{unknown or 'none'}. An archive has {list(REQUIRED)} and may have {list(OPTIONAL)}."
                )
            return {key: _read_array(path, loaded, key) for key in keys}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path} cannot be read as an archive (.npz): {error}. Is it complete?") from None


def _require_zip(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if head.startswith(ARRAY_MAGIC):
        raise DataError(f"{path} is a single array, not a log-mel archive with {list(REQUIRED)}.")
    if not head.startswith(ZIP_MAGICS):
        raise DataError(
            f"{path} is no archive: {describe_head(head) if head else 'it is empty'}. Give a .npz file of log-mels, as "
            "'genrekit data prepare' makes of a folder of audio."
        )


def _read_array(path: Path, loaded: np.lib.npyio.NpzFile, key: str) -> npt.NDArray[Any]:
    try:
        array: npt.NDArray[Any] = loaded[key]
    except ValueError as error:
        if "allow_pickle" not in str(error):
            raise
        raise DataError(f"{path}: {key} holds Python objects; an archive holds numbers and strings alone.") from None
    return array
