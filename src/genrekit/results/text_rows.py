"""JSON lines and CSV read back: what is told of each file, as a line of JSON has it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from genrekit.inference.result import OF_THE_FILE

__all__ = ["CSV_START", "text_rows"]

CSV_START = "path,genre,"
LONGEST_CELL = 2**31 - 1


def text_rows(lines: Iterable[str], *, torn: bool = False) -> Iterator[dict[str, Any]]:
    """The values of each file; a last line that was cut is passed over.

    Parameters
    ----------
    lines : with their ends; CSV if they begin with its header
    torn : whether a last line without its end is known to be cut; else it counts if it is whole, as an editor leaves it

    Raises
    ------
    ValueError, TypeError, KeyError, csv.Error : if they are something else
    """
    taken = (line for line in lines if line.endswith("\n") or not torn)
    first = next(taken, "")
    every = chain([first] if first else [], taken)
    yield from _csv_rows(every) if first.startswith(CSV_START) else _json_rows(every)


def _json_rows(lines: Iterable[str]) -> Iterator[Any]:
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:
            if line.endswith("\n"):
                raise


def _csv_rows(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    limit = csv.field_size_limit(LONGEST_CELL)  # the timeline of a long recording is longer than the usual limit
    try:
        rows = csv.DictReader(lines)
        columns = rows.fieldnames or ()
        if len(set(columns)) < len(columns):
            raise ValueError("two columns of one name")
        cut = False
        for row in rows:
            if cut:
                raise ValueError("a row has too few cells")
            # By a kill, inside quotes: only the last row can be.
            cut = None in row or None in row.values()
            if not cut:
                yield _values(row)
    finally:
        csv.field_size_limit(limit)


def _values(cells: dict[str, str]) -> dict[str, Any]:
    if cells["error"]:
        return {"path": cells["path"], "error": cells["error"]}
    named = {name: float(p) for name, p in cells.items() if name not in OF_THE_FILE}
    values = {
        "path": cells["path"],
        "genre": cells["genre"],
        "confidence": float(cells["confidence"]),
        "probabilities": dict(sorted(named.items(), key=lambda item: -item[1])),
        "duration_s": float(cells["duration_s"]),
        "model": cells["model"],
    }
    if cells.get("timeline"):
        values["timeline"] = json.loads(cells["timeline"])
    if cells["warnings"]:
        values["warnings"] = cells["warnings"].split("; ")
    return values
