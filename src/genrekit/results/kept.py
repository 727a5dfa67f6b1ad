"""What an earlier run wrote and a resumed one keeps."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from genrekit.results.errors import ResultsError
from genrekit.results.result_file import part_of, path_key
from genrekit.results.rows import read_rows
from genrekit.results.text_rows import CSV_START
from genrekit.results.writers import CsvWriter, JsonWriter, ResultWriter

__all__ = ["Kept", "kept_results"]

JSON_START = '{"path": '


@dataclass(frozen=True)
class Kept:
    """What an earlier run left.

    Attributes
    ----------
    text : its results, without the failures that are to be tried again, and without a last line that was cut
    done : `path_key` of each file in it
    """

    text: str = ""
    done: frozenset[str] = frozenset()


def kept_results(
    path: Path,
    writer: ResultWriter,
    *,
    model: str,
    retry: Collection[str],
    changed: Collection[str] = (),
    folders: Collection[str] = (),
    key_of: Callable[[str], str] = path_key,
) -> Kept:
    """What an earlier run wrote to `path` or its part; empty if there is neither.

    Parameters
    ----------
    path : the output
    writer : a `JsonWriter` or `CsvWriter` as this run will use it
    model : name of the model of this run
    retry : `path_key` of the files of this run; those among them that failed are not kept, because what was wrong with
        them (a disk that was not mounted) may be mended
    changed : `path_key` of files that are no longer what they were; whatever they have is not kept
    folders : `path_key` of folders that this run has searched; what failed there is not kept, because it is tried again
        or is gone
    key_of : `path_key` of the file that the results have under a name, as of `States.key`

    Raises
    ------
    ResultsError : if it cannot be read, is of another format, or was made with another model or other columns
    """
    part = part_of(path)
    source = part if part.is_file() else path
    if not source.is_file():
        return Kept()
    if not isinstance(writer, JsonWriter | CsvWriter):
        raise ResultsError(f"{source}: only JSON and CSV can be resumed")
    if not _has_a_line(source, writer):
        return Kept()
    lines, done = [], set()
    for values in _rows(source):
        key = key_of(values["path"])
        if "error" not in values:
            _require_same_run(source, values, model, writer)
        elif (
            key in retry
            or path_key(values["path"]) in retry  # a file in another folder, which would be listed under this name
            or any(str(place) in folders for place in (Path(key), *Path(key).parents))
        ):
            continue
        if key not in changed:
            lines.append(writer.line(values))
            done.add(key)
    return Kept(writer.header() + "".join(lines), frozenset(done))


def _has_a_line(source: Path, writer: JsonWriter | CsvWriter) -> bool:
    """Whether there is a whole first line; refuses what does not begin as this run writes it, for it is replaced."""
    start = CSV_START if isinstance(writer, CsvWriter) else JSON_START
    try:
        with source.open(encoding="utf-8-sig", errors="replace", newline="\n") as stream:
            beginning = stream.read(len(start))
            if not start.startswith(beginning):
                kind = "CSV" if start == CSV_START else "JSON"
                raise ResultsError(f"{source} does not begin as results in {kind} do; give another --output")
            first = beginning + stream.readline()
            if not first.endswith("\n"):
                return False
            columns = next(csv.reader(chain([first], stream)), []) if isinstance(writer, CsvWriter) else []
    except OSError as error:
        raise ResultsError(f"{source}: cannot read the results to resume: {error}") from error
    except csv.Error as error:
        raise ResultsError(f"{source}: not CSV: {error}; give another --output") from error
    if isinstance(writer, CsvWriter) and columns != list(writer.columns):
        raise ResultsError(
            f"{source} has other columns than this run writes: {', '.join(columns)}; give another --output"
        )
    return True


def _rows(source: Path) -> Iterator[dict[str, Any]]:
    try:
        yield from read_rows(source, torn=True)
    except ResultsError as error:
        raise ResultsError(f"{error}; give another --output") from error


def _require_same_run(source: Path, values: dict[str, Any], model: str, writer: JsonWriter | CsvWriter) -> None:
    given = values.get("model")
    if given != model:
        raise ResultsError(f"{source} was made with model {given!r}; this is {model!r}; give another --output")
    if ("timeline" in values) != writer.timeline:
        before = "without" if writer.timeline else "with"
        raise ResultsError(f"{source} was written {before} --timeline; resume it likewise")
