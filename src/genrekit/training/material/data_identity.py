"""By what a run knows the data again that it was trained on: their content, wherever they lie."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from genrekit.data.dataset import Dataset
from genrekit.data.parts import PARTS
from genrekit.data.splits.split import Split

__all__ = ["data_sha256", "rows_of"]

# Of each audio file, from its middle: tags stand at the ends, and reading whole files would take as long as training.
SAMPLED_BYTES = 1 << 16


def rows_of(split: Split, dataset: Dataset) -> list[int]:
    """Places in the data set of the tracks that the split names; DataError if it has not all of them."""
    split.require_known(dataset)
    return sorted({dataset.index[track_id] for part in PARTS for track_id in split.tracks(part)})


def data_sha256(split: Split, dataset: Dataset) -> str:
    """SHA-256 over the tracks that the split names: identifiers and genres, and what they are trained by.

    That is the levels of an archive and the features of a table, so that the same in another file is the same; of audio
    the size of each file and a piece from its middle, which copies share whenever they were made.
    """
    digest = hashlib.sha256()
    for row in rows_of(split, dataset):
        track = dataset.tracks[row]
        digest.update(f"{track.track_id}\0{track.genre}\0".encode("utf-8", "surrogatepass"))
        for piece in _content(dataset, row):
            digest.update(piece)
    return digest.hexdigest()


def _content(dataset: Dataset, row: int) -> Iterable[bytes]:
    track, archive, table = dataset.tracks[row], dataset.archive, dataset.table
    if archive is not None:
        return archive.levels[row].tobytes(), archive.lo_db[row].tobytes()
    if table is not None:
        rows = table.rows[track.track_id]
        return table.start_s[rows].tobytes(), table.values[rows].tobytes()
    return (b"",) if track.path is None else _sample(track.path)


def _sample(path: Path) -> tuple[bytes, bytes]:
    """Size and middle of a file; what cannot be read is told where it is decoded."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, (size - SAMPLED_BYTES) // 2))
            return str(size).encode(), file.read(SAMPLED_BYTES)
    except OSError:
        return b"", b""
