"""Results as Parquet: one row a file, made of the JSON lines of a finished run, and turned back into them to go on.

Columns: path, genre, confidence, duration_s, model, error, warnings (list), timeline (JSON text), and one per genre.
A byte of a path that is not UTF-8 appears as ``\\udcXX``, as in CSV.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from genrekit.parquet_table import open_parquet
from genrekit.results.errors import ResultsError
from genrekit.results.text_rows import text_rows
from genrekit.results.writers import JsonWriter
from genrekit.whole_file import written_whole

__all__ = ["parquet_rows", "parquet_to_json", "write_parquet"]

BATCH_ROWS = 2000
PREFIX_OF_GENRE = "probability_"


def write_parquet(lines: Path, path: Path, genres: Sequence[str]) -> None:
    """Make `path` of JSON lines, in batches, so that memory does not grow with the collection.

    Parameters
    ----------
    lines : what a run wrote, whole
    path : the Parquet file; replaced whole
    genres : of the model; each has a column ``probability_<genre>``
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    text, number = pa.string(), pa.float64()
    schema = pa.schema(
        [("path", text), ("genre", text), ("confidence", number), ("duration_s", number), ("model", text)]
        + [("error", text), ("warnings", pa.list_(text)), ("timeline", text)]
        + [(PREFIX_OF_GENRE + genre, number) for genre in genres]
    )
    try:
        with (
            written_whole(path) as fresh,
            lines.open(encoding="utf-8", newline="\n") as source,
            pq.ParquetWriter(fresh, schema) as writer,
        ):
            rows = text_rows(source)
            while batch := [_row(values, genres) for values in islice(rows, BATCH_ROWS)]:
                writer.write_table(pa.Table.from_pylist(batch, schema=schema))
    except OSError as error:
        reason = error.strerror or error
        raise ResultsError(f"cannot write results to {path}: {reason}; what was done is in {lines}") from error


def parquet_to_json(path: Path, lines: Path) -> None:
    """Turn a finished file back into JSON lines, so that a run can go on with them; ResultsError if it is another's."""
    try:
        with written_whole(lines) as fresh, fresh.open("w", encoding="utf-8", newline="\n") as out:
            out.writelines(map(JsonWriter().line, parquet_rows(path)))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ResultsError(f"{path}: not results in Parquet ({error}); give another --output") from error


def parquet_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The values of each row, as a JSON line has them.

    Raises
    ------
    OSError, KeyError, TypeError, ValueError : if it cannot be read, or is something else
    """
    # What Arrow says of a file that is none is derived from ValueError and OSError.
    with open_parquet(path) as source:
        for batch in source.iter_batches(BATCH_ROWS, use_threads=False):
            yield from map(_values, batch.to_pylist())


def _row(values: dict[str, Any], genres: Sequence[str]) -> dict[str, Any]:
    path = str(values["path"]).encode("utf-8", "backslashreplace").decode("utf-8")
    error = values.get("error")
    row = {
        "path": path,
        "error": None if error is None else error.encode("utf-8", "backslashreplace").decode("utf-8"),
        "warnings": values.get("warnings", []),
        "timeline": json.dumps(values["timeline"]) if "timeline" in values else None,
        **{name: values.get(name) for name in ("genre", "confidence", "duration_s", "model")},
    }
    probabilities = values.get("probabilities", {})
    return {**row, **{PREFIX_OF_GENRE + genre: probabilities.get(genre) for genre in genres}}


def _values(row: dict[str, Any]) -> dict[str, Any]:
    if row["error"] is not None:
        return {"path": row["path"], "error": row["error"]}
    named = {name.removeprefix(PREFIX_OF_GENRE): p for name, p in row.items() if name.startswith(PREFIX_OF_GENRE)}
    values = {name: row[name] for name in ("path", "genre", "confidence")}
    values["probabilities"] = dict(sorted(named.items(), key=lambda item: -item[1]))
    values |= {"duration_s": row["duration_s"], "model": row["model"]}
    if row["timeline"] is not None:
        values["timeline"] = json.loads(row["timeline"])
    if row["warnings"]:
        values["warnings"] = row["warnings"]
    return values
