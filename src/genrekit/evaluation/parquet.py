"""The Parquet layout of a table of predictions.

Columns `track`, `start_s`, `part`, `fold`, `seed`, `label`, `artist` (null where unknown; absent if not recorded) and
one float32 column `p_<genre>` per genre. The schema's metadata key `genrekit` holds JSON: `format`, `kind`, and what
`Predictions.metadata` gives. Any Parquet reader can use the table without genrekit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from genrekit.errors import DataError
from genrekit.parquet_table import read_parquet_table
from genrekit.whole_file import written_whole

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["read_columns", "write_columns"]

FORMAT = 1
KIND = "predictions"
METADATA_KEY = b"genrekit"
COLUMNS = ("track", "start_s", "part", "fold", "seed", "label")


def write_columns(values: Mapping[str, Any], metadata: Mapping[str, Any], path: Path) -> None:
    """Write a table; a reader never sees a half-written file, since it is renamed into place when complete.

    Parameters
    ----------
    values : arrays of `COLUMNS` [n], `probabilities` [n, n_genres], and `artist` [n] or None
    metadata : beside `format` and `kind`; its `genres` name the columns of the probabilities
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns: dict[str, Any] = {
        "track": pa.array(values["track"].tolist(), pa.string()),
        "start_s": pa.array(values["start_s"], pa.float64()),
        "part": pa.array(values["part"].tolist(), pa.string()),
        "fold": pa.array(values["fold"], pa.int32()),
        "seed": pa.array(values["seed"], pa.int64()),
        "label": pa.array(values["label"], pa.int16()),
    }
    if values["artist"] is not None:
        columns["artist"] = pa.array([name or None for name in values["artist"].tolist()], pa.string())
    for index, genre in enumerate(metadata["genres"]):
        columns[f"p_{genre}"] = pa.array(np.ascontiguousarray(values["probabilities"][:, index]), pa.float32())
    stored = {"format": FORMAT, "kind": KIND, **metadata}
    table = pa.table(columns).replace_schema_metadata({METADATA_KEY: json.dumps(stored).encode()})
    try:
        with written_whole(path) as partial:
            pq.write_table(table, partial, compression="zstd")
    except OSError as error:
        raise DataError(f"Cannot write predictions to {path}: {error}. Nothing was left there.") from error


def read_columns(path: Path) -> dict[str, Any]:
    """Columns and metadata of a table, by their names as `Predictions` takes them; their content is not checked.

    Raises
    ------
    DataError : no such file, not Parquet, no table of predictions, or of a newer format; the file is named
    """
    import pyarrow as pa

    if not path.is_file():
        raise DataError(f"No predictions at {path}: a Parquet file, as training writes into a run folder, is expected.")
    try:
        table = read_parquet_table(path)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as Parquet: {error}") from error
    metadata = _metadata(table, path)
    genres = metadata["genres"]
    missing = [name for name in (*COLUMNS, *(f"p_{genre}" for genre in genres)) if name not in table.column_names]
    if missing:
        raise DataError(f"{path} lacks the columns {', '.join(missing)}; it is damaged or was edited.")
    try:
        columns: dict[str, Any] = {name: table.column(name).to_numpy() for name in ("start_s", "fold", "seed", "label")}
        texts: dict[str, Any] = {
            name: np.asarray(table.column(name).to_pylist(), dtype=np.str_) for name in ("track", "part")
        }
        artist = None
        if "artist" in table.column_names:
            artist = np.asarray([name or "" for name in table.column("artist").to_pylist()], dtype=np.str_)
        stack = [table.column(f"p_{genre}").to_numpy() for genre in genres]
        probabilities = np.stack(stack, axis=1).astype(np.float32)
    except (ValueError, TypeError) as error:
        raise DataError(f"{path}: {error}") from error
    said = {name: metadata[name] for name in ("protocol", "contaminated", "recipe", "dataset")}
    return {
        "genres": tuple(genres),
        **texts,
        **columns,
        "probabilities": probabilities,
        "artist": artist,
        **said,
    }


def _metadata(table: pa.Table, path: Path) -> dict[str, Any]:
    raw = (table.schema.metadata or {}).get(METADATA_KEY)
    if raw is None:
        raise DataError(f"{path} is Parquet, but not a table of predictions: its schema has no 'genrekit' metadata.")
    try:
        metadata = json.loads(raw)
    except ValueError as error:
        raise DataError(f"{path}: its 'genrekit' metadata is not JSON: {error}") from error
    if not isinstance(metadata, dict) or metadata.get("kind") != KIND:
        raise DataError(f"{path} was written by genrekit, but holds no predictions.")
    if metadata.get("format") != FORMAT:
        raise DataError(
            f"{path} has format {metadata.get('format')!r}; this version reads format {FORMAT}. Update genrekit."
        )
    wanted = {"genres": list, "protocol": str, "contaminated": bool, "recipe": str, "dataset": str}
    for key, kind in wanted.items():
        if not isinstance(metadata.get(key), kind):
            raise DataError(f"{path}: metadata {key!r} is {metadata.get(key)!r}; a {kind.__name__} is expected.")
    return metadata
