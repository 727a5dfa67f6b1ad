"""Results of an earlier run, whatever they are written as: each row as a line of JSON has it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from genrekit.audio import display_name
from genrekit.inference.result import UNKNOWN
from genrekit.results.errors import ResultsError
from genrekit.results.parquet import parquet_rows
from genrekit.results.text_rows import text_rows

__all__ = ["read_rows"]

PARQUET_MAGIC = b"PAR1"


def read_rows(path: Path, *, torn: bool = False) -> Iterator[dict[str, Any]]:
    """What is told of each file: `path` and `error`, or `path`, `genre`, `probabilities` and what else there is.

    Parameters
    ----------
    path : JSON lines, CSV or Parquet, told by its content, with or without a byte order mark
    torn : as of `text_rows`

    Raises
    ------
    ResultsError : if it cannot be read, or a row is no result
    """
    n_rows = 0
    try:
        # Opened once, since it may be a pipe.
        with path.open("rb") as file:
            if file.peek(len(PARQUET_MAGIC)).startswith(PARQUET_MAGIC):
                rows = parquet_rows(path)
            else:
                lines = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="\n")
                rows = text_rows(lines, torn=torn)
            for values in rows:
                yield _checked(values)
                n_rows += 1
    except OSError as error:
        raise ResultsError(f"{display_name(path)}: cannot read the results: {error.strerror or error}") from error
    except (ValueError, TypeError, KeyError, AttributeError, csv.Error) as error:
        raise ResultsError(
            f"{display_name(path)}, behind {n_rows} results: no result of genrekit classify (json, csv, parquet)"
        ) from error


def _checked(values: Any) -> dict[str, Any]:
    if not isinstance(values["path"], str):
        raise ValueError("a path that is no text")
    if "error" in values:
        return {**values, "error": str(values["error"])}
    probabilities = {str(genre): float(p) for genre, p in values["probabilities"].items()}
    genre = str(values["genre"])
    if genre != UNKNOWN and genre not in probabilities:
        raise ValueError(f"{genre} has no probability")
    if "warnings" in values:
        values = {**values, "warnings": [str(warning) for warning in values["warnings"]]}
    return {**values, "genre": genre, "probabilities": probabilities}
