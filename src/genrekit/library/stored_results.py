"""Results of an earlier `genrekit classify`, so that a night's work is not done again."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genrekit.audio import display_name
from genrekit.file_identity import FileState, file_state
from genrekit.inference import UNKNOWN
from genrekit.inference.result_file import LONGEST_CELL, part_of, path_key
from genrekit.inference.writers import CsvWriter
from genrekit.library.errors import TagError
from genrekit.library.file_states import read_states
from genrekit.library.parquet import read_parquet

__all__ = ["StoredResult", "StoredResults", "read_results"]

PART = ".part"
PARQUET_MAGIC = b"PAR1"
CSV_START = b"path,genre,"


@dataclass(frozen=True)
class StoredResult:
    """What is needed of a result.

    Attributes
    ----------
    genre : the decision; "unknown" below the model's threshold
    probabilities : genre -> 0..1
    error : why the file failed, or why its result is not its own any more; "" if neither
    """

    genre: str = ""
    probabilities: dict[str, float] | None = None
    error: str = ""


class StoredResults:
    """Results of files; what stands beside them says whether the files are still those that were heard.

    Parameters
    ----------
    results : by `path_key` of the files
    states : what the files were when they were heard, likewise; None if that was not written down
    """

    def __init__(self, results: Mapping[str, StoredResult], states: Mapping[str, FileState | None] | None) -> None:
        self._results, self._states = results, states

    def of(self, path: str | os.PathLike[str]) -> StoredResult | None:
        """The result of a file; None if there is none. A result of what is another file now is an error.

        A file is another one if it was changed at another time. Its size may differ: tags that genrekit wrote change
        that, and neither the time nor the sound.
        """
        key = path_key(path)
        result = self._results.get(key)
        if result is None or self._states is None or result.probabilities is None:
            return result
        if key not in self._states:
            return StoredResult(
                error="the results name it, but it was another file of this name, in another folder, that was heard; "
                "classify it too"
            )
        heard, now = self._states[key], file_state(path)
        if heard is not None and now is not None and now.mtime_ns != heard.mtime_ns:
            return StoredResult(error="changed since it was classified; classify it again, or go on by --resume")
        return result


def read_results(path: Path) -> StoredResults:
    """The results in a file; of several for one file the last.

    Parameters
    ----------
    path : JSON lines, CSV or Parquet, told by its content; an interrupted run's `FILE.part` will do, its last line may
        be cut

    Raises
    ------
    TagError : if it cannot be read, a line is no result, or a run that was to go on with it was interrupted: some of
        its results may be of files as they were before
    """
    unfinished = part_of(path)
    if unfinished.is_file():
        raise TagError(
            f"{display_name(path)}: {display_name(unfinished.name)} beside it is of a run that was interrupted; let it "
            "go on by --resume, or give that file"
        )
    results: dict[str, StoredResult] = {}
    try:
        for values in _rows(path):
            results[path_key(values["path"])] = _stored(values)
    except OSError as error:
        raise TagError(f"{display_name(path)}: cannot read the results: {error.strerror or error}") from error
    except (ValueError, TypeError, KeyError, AttributeError, csv.Error) as error:
        raise TagError(
            f"{display_name(path)}, behind {len(results)} results: no result of genrekit classify (json, csv, parquet)"
        ) from error
    return StoredResults(results, read_states(path.with_name(path.name.removesuffix(PART))))


def _stored(values: Any) -> StoredResult:
    if "error" in values:
        return StoredResult(error=str(values["error"]))
    probabilities = {str(genre): float(p) for genre, p in values["probabilities"].items()}
    genre = str(values["genre"])
    if genre != UNKNOWN and genre not in probabilities:
        raise ValueError(f"{genre} has no probability")
    return StoredResult(genre, probabilities)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    """The values of each file, as JSON has them; raises what `json`, `csv` and `read_parquet` raise."""
    # Opened once, since it may be a pipe.
    with path.open("rb") as file:
        head = file.peek(len(CSV_START))
        if head.startswith(PARQUET_MAGIC):
            yield from read_parquet(path)
            return
        text = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="\n")
        # The last line may have been cut.
        lines = (line for line in text if line.endswith("\n"))
        yield from _csv_rows(lines) if head.startswith(CSV_START) else map(json.loads, lines)


def _csv_rows(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    limit = csv.field_size_limit(LONGEST_CELL)
    try:
        cut = False
        for row in csv.DictReader(lines):
            if cut:
                raise ValueError("a row has too few cells")
            # By a kill, inside quotes: only the last row can be.
            cut = None in row or None in row.values()
            if cut:
                continue
            if row["error"]:
                yield {"path": row["path"], "error": row["error"]}
            else:
                probabilities = {name: p for name, p in row.items() if name not in CsvWriter.OF_THE_FILE}
                yield {"path": row["path"], "genre": row["genre"], "probabilities": probabilities}
    finally:
        csv.field_size_limit(limit)
