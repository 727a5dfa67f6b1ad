"""Results in a file: written line by line to `FILE.part`, which becomes `FILE` only when all is done.

So a file of that name is always whole, and what an interrupted run had done is kept for `resume`.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from genrekit.errors import GenrekitError
from genrekit.inference.writers import CsvWriter, JsonWriter, ResultWriter, csv_line
from genrekit.whole_file import written_whole

__all__ = ["Kept", "OutputError", "ResultFile", "kept_results", "path_key"]


LONGEST_CELL = 2**31 - 1


class OutputError(GenrekitError):
    """Results cannot be written, or the file of an earlier run cannot be gone on with."""


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


class ResultFile:
    """`path`, being written. Use it as a context manager; `finish` makes it whole, leaving without it keeps the part.

    A path that exists and is no regular file (a pipe, a device) is written directly.
    """

    def __init__(self, path: Path, *, kept: Kept | None = None) -> None:
        """Open the part, with what an earlier run left; OutputError if that cannot be done."""
        self.path = path
        self._direct = path.exists() and not path.is_file()
        self.part = path if self._direct else part_of(path)
        self._stream: TextIO = self._guard(lambda: self._open(kept.text if kept else ""))

    def write(self, text: str) -> None:
        """Append `text` and hand it to the system, so that a kill loses nothing of it; OutputError on a full disk."""

        def write() -> None:
            self._stream.write(text)
            self._stream.flush()

        self._guard(write)

    def finish(self) -> None:
        """Give the part its name; OutputError if that fails, and the part stays."""

        def finish() -> None:
            if not self._direct:
                os.fsync(self._stream.fileno())
            self._stream.close()
            if not self._direct:
                self.part.replace(self.path)

        self._guard(finish)

    def __enter__(self) -> ResultFile:
        return self

    def __exit__(self, *_: object) -> None:
        # What could not be flushed has been reported by `write` already.
        with contextlib.suppress(OSError):
            self._stream.close()

    def _open(self, text: str) -> TextIO:
        if self._direct:
            return self.path.open("w", encoding="utf-8", newline="")
        # The part is replaced whole, so that a kill here cannot lose what the earlier run had done.
        with written_whole(self.part) as fresh, fresh.open("w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        return self.part.open("a", encoding="utf-8", newline="")

    def _guard(self, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except OSError as error:
            kept = f"; what was done is in {self.part}" if self.part.is_file() and not self._direct else ""
            raise OutputError(f"cannot write results to {self.path}: {error.strerror or error}{kept}") from error


def part_of(path: Path) -> Path:
    """Where `path` is while it is being written."""
    return path.with_name(path.name + ".part")


def path_key(path: str | os.PathLike[str]) -> str:
    """The same text for the same file, named from the same folder or in full, also if its name is not UTF-8."""
    return str(Path(path).absolute()).encode("utf-8", "backslashreplace").decode("utf-8")


def kept_results(
    path: Path,
    writer: ResultWriter,
    *,
    model: str,
    retry: Collection[str],
    changed: Collection[str] = (),
    folders: Collection[str] = (),
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

    Raises
    ------
    OutputError : if it cannot be read, is of another format, or was made with another model or other columns
    """

    def again(key: str) -> bool:
        return key in retry or any(str(place) in folders for place in (Path(key), *Path(key).parents))

    part = part_of(path)
    source = part if part.is_file() else path
    if not source.is_file():
        return Kept()
    try:
        # A cut last line may end inside a character; and line ends within names must stay what they are.
        with source.open(encoding="utf-8", errors="replace", newline="") as stream:
            text = stream.read()
    except OSError as error:
        raise OutputError(f"{source}: cannot read the results to resume: {error}") from error
    if isinstance(writer, CsvWriter):
        return _kept_csv(source, text, writer.columns, model, again, changed)
    if isinstance(writer, JsonWriter):
        return _kept_json(source, text, model, again, changed, timeline=writer.timeline)
    raise OutputError(f"{source}: only JSON and CSV can be resumed")


def _kept_json(
    source: Path, text: str, model: str, again: Callable[[str], bool], changed: Collection[str], *, timeline: bool
) -> Kept:
    lines, done = [], set()
    # Only whole lines count: the last may have been cut in the middle.
    for number, line in enumerate(text.split("\n")[:-1], start=1):
        try:
            values = json.loads(line)
            key = path_key(values["path"])
        except (ValueError, TypeError, KeyError) as error:
            raise OutputError(f"{source}, line {number}: not a result in JSON; give another --output") from error
        if "error" not in values:
            _require_same_model(source, values.get("model"), model)
            if ("timeline" in values) != timeline:
                raise OutputError(
                    f"{source} was written {'without' if timeline else 'with'} --timeline; resume it likewise"
                )
        elif again(key):
            continue
        if key in changed:
            continue
        lines.append(line + "\n")
        done.add(key)
    return Kept("".join(lines), frozenset(done))


def _kept_csv(
    source: Path, text: str, columns: Sequence[str], model: str, again: Callable[[str], bool], changed: Collection[str]
) -> Kept:
    limit = csv.field_size_limit(LONGEST_CELL)  # the timeline of a long recording is longer than the usual limit
    try:
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise OutputError(f"{source}: not CSV: {error}; give another --output") from error
    finally:
        csv.field_size_limit(limit)
    # A cut last row lacks its newline, or ends inside quotes that began in an earlier line.
    if rows and (not text.endswith("\n") or len(rows[-1]) != len(columns)):
        rows.pop()
    if not rows:
        return Kept()
    if rows[0] != list(columns):
        raise OutputError(
            f"{source} has other columns than this run writes: {', '.join(rows[0])}; give another --output"
        )
    lines = [csv_line(columns)]
    done = set()
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(columns):
            raise OutputError(
                f"{source}, row {number}: {len(row)} columns; expected {len(columns)}; give another --output"
            )
        cells = dict(zip(columns, row, strict=True))
        key = path_key(cells["path"])
        if not cells["error"]:
            _require_same_model(source, cells["model"], model)
        elif again(key):
            continue
        if key in changed:
            continue
        lines.append(csv_line(row))
        done.add(key)
    return Kept("".join(lines), frozenset(done))


def _require_same_model(source: Path, given: object, expected: str) -> None:
    if given != expected:
        raise OutputError(f"{source} was made with model {given!r}; this is {expected!r}; give another --output")
