"""Feature tables on disk: Parquet or CSV by suffix, with the same columns.

A row is an excerpt: `track`, `genre`, `artist`, `title`, `sha256`, `recording`, `start_s`, `window_s`; features follow.
What is not known of a track is "". Tracks that hold one recording have one name in `recording`, so that a split of the
table can be proved like one of the audio that it was made from. A Parquet table also tells of the collection that it is
of: its published split, and which tracks were missing; CSV has no place for that.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from genrekit.data.collection import collection_of_file, with_collection
from genrekit.data.dataset import Dataset, Track
from genrekit.data.feature_table import FeatureTable
from genrekit.data.recording_names import pairs_of_names, recording_names
from genrekit.errors import DataError, NoSuchDataError, PlaceError
from genrekit.parquet_table import read_parquet_table
from genrekit.whole_file import written_whole

__all__ = ["SUFFIXES", "read_table_file", "require_suffix", "write_table_file"]

SUFFIXES = (".parquet", ".csv")
NEEDED = ("track", "genre", "start_s", "window_s")
OPTIONAL = ("artist", "title", "sha256", "recording")
BEFORE_FEATURES = ("track", "genre", *OPTIONAL, "start_s", "window_s")
METADATA_KEY = b"genrekit"


def require_suffix(path: Path) -> None:
    """Raise PlaceError if the name of a table ends in neither of `SUFFIXES`."""
    if path.suffix.lower() not in SUFFIXES:
        raise PlaceError(f"A feature table's name ends in .parquet or .csv; {path.name!r} was given.")


def write_table_file(dataset: Dataset, path: Path) -> None:
    """Write a data set's table to a new file, whole or not at all.

    Parameters
    ----------
    dataset : with a table
    path : ends in .parquet or .csv; an existing file is not overwritten

    Raises
    ------
    DataError
        If the data set has no table, the name has another suffix, or the file exists or cannot be written.
    """
    require_suffix(path)
    if dataset.table is None:
        raise DataError(f"Data set {dataset.name!r} has no feature table to write.")
    if path.exists():
        raise DataError(f"{path} exists already; choose another name, or move it away.")
    columns = _columns(dataset, dataset.table)
    try:
        with written_whole(path) as partial:
            if path.suffix.lower() == ".csv":
                partial.write_text(_csv(columns), encoding="utf-8", newline="")
            else:
                _write_parquet(columns, dataset, partial)
    except OSError as error:
        raise DataError(f"Cannot write {path}: {error.strerror or error}.") from None


def read_table_file(path: Path) -> Dataset:
    """The data set of a table file: its tracks and what the file says of them, genres in alphabetical order.

    Raises
    ------
    DataError
        If the file is missing, cannot be read, or is no feature table.
    """
    require_suffix(path)
    if not path.is_file():
        raise NoSuchDataError(f"There is no feature table {path}; 'genrekit data prepare features' makes one.")
    collection: Mapping[str, Any] = {}
    if path.suffix.lower() == ".csv":
        name, columns = _read_csv(path)
    else:
        name, columns, collection = _read_parquet(path)
    try:
        return with_collection(_dataset(name, columns), collection, file_kind="table")
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def _columns(dataset: Dataset, table: FeatureTable) -> dict[str, Sequence[Any]]:
    tracks = [dataset.track(track_id) for track_id in table.track_id]
    columns: dict[str, Sequence[Any]] = {
        "track": table.track_id,
        "genre": table.genre,
        "artist": [track.artist or "" for track in tracks],
        "title": [track.title or "" for track in tracks],
        "sha256": [track.sha256 or "" for track in tracks],
    }
    if dataset.same_recordings is not None:
        name_of = recording_names(dataset)
        columns["recording"] = [name_of[track_id] for track_id in table.track_id]
    columns["start_s"] = table.start_s.tolist()
    columns["window_s"] = [table.window_s] * len(table)
    values = table.values.T.tolist()
    return columns | dict(zip(table.names, values, strict=True))


def _dataset(name: str, columns: Mapping[str, Sequence[Any]]) -> Dataset:
    missing = [column for column in NEEDED if column not in columns]
    if missing:
        public = " GTZAN's public tables are the data sets gtzan_table and gtzan_table_10s." if len(missing) > 1 else ""
        raise DataError(
            f"A feature table has the columns {', '.join(NEEDED)}; this one lacks {', '.join(missing)}.{public}"
        )
    names = tuple(column for column in columns if column not in BEFORE_FEATURES)
    track_id = tuple(str(value) for value in columns["track"])
    if not track_id:
        raise DataError("A feature table needs rows; this one has a header only.")
    windows = set(_numbers(columns, "window_s").tolist())
    if len(windows) != 1:
        raise DataError(f"All excerpts of a feature table last equally long; this one has {sorted(windows)[:5]} s.")
    table = FeatureTable.sorted(
        names,
        track_id,
        _numbers(columns, "start_s"),
        windows.pop(),
        np.stack([_numbers(columns, column) for column in names], axis=1) if names else np.empty((len(track_id), 0)),
        tuple(str(value) for value in columns["genre"]),
    )
    facts = {
        column: {track: str(value or "") for track, value in zip(track_id, columns[column], strict=True)}
        for column in OPTIONAL
        if column in columns
    }

    def fact(column: str, track: str) -> str | None:
        return facts.get(column, {}).get(track) or None

    tracks = tuple(
        Track(
            track_id=track,
            genre=table.genre[rows.start],
            artist=fact("artist", track),
            title=fact("title", track),
            sha256=fact("sha256", track),
            duration_s=float(table.start_s[rows][-1]) + table.window_s,
        )
        for track, rows in table.rows.items()
    )
    same = pairs_of_names(facts["recording"]) if "recording" in facts else None
    return Dataset(name, tuple(sorted(set(table.genre))), tracks, table=table, same_recordings=same)


def _numbers(columns: Mapping[str, Sequence[Any]], name: str) -> np.ndarray:
    try:
        return np.array(columns[name], dtype=np.float64)
    except (TypeError, ValueError):
        wrong = next((value for value in columns[name] if not _is_number(value)), None)
        raise DataError(f"Column {name} has {wrong!r} where a number is expected.") from None


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _csv(columns: Mapping[str, Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    # Python writes the shortest digits that read back as the very same float64.
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def _read_csv(path: Path) -> tuple[str, dict[str, list[str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *rows = list(csv.reader(file)) or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"Cannot read {path}: {error}. It must be a CSV table in UTF-8.") from None
    twice = sorted({column for column in header if header.count(column) > 1})
    if twice:
        raise DataError(f"{path} has the column {twice[0]!r} twice.")
    short = next((number for number, row in enumerate(rows, start=2) if len(row) != len(header)), None)
    if short is not None:
        raise DataError(f"{path}: line {short} has more or fewer cells than the header. Is the file complete?")
    return path.stem, {column: [row[place] for row in rows] for place, column in enumerate(header)}


def _write_parquet(columns: Mapping[str, Sequence[Any]], dataset: Dataset, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({column: pa.array(values) for column, values in columns.items()})
    told = {"format": 1, "name": dataset.name, **collection_of_file(dataset)}
    metadata = {METADATA_KEY: json.dumps(told)}
    pq.write_table(table.replace_schema_metadata(metadata), path)


def _read_parquet(path: Path) -> tuple[str, dict[str, list[Any]], Mapping[str, Any]]:
    import pyarrow as pa

    try:
        table = read_parquet_table(path)
        told = json.loads((table.schema.metadata or {}).get(METADATA_KEY, b"{}"))
        name = told.get("name") or path.stem
    except (OSError, pa.ArrowInvalid, ValueError, AttributeError, TypeError) as error:
        raise DataError(f"{path} is not a Parquet file, or a damaged one: {error}.") from None
    return str(name), table.to_pydict(), told
