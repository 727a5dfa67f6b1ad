"""Outcomes of files, as a model called "m" would give them, without one."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import strategies as st

from genrekit.inference import Failure, Result, Segment
from genrekit.results.parquet import write_parquet
from genrekit.results.writers import CsvWriter, JsonWriter, LinesForParquet

GENRES = ("jazz", 'b,"lues"')
MODEL = "m"
HEARD = Result(
    path=os.fsdecode(b"a\xff\n.wav"),
    genre="jazz",
    confidence=1 / 3,
    probabilities={'b,"lues"': 2 / 3, "jazz": 1 / 3},
    duration_s=12.34567,
    model=MODEL,
    timeline=(Segment(0.0, 12.0, "jazz", 1e-7),),
    warnings=("ends; early", "shorter than a window"),
)
FAILED = Failure("b\r.wav", 'no "music"\nin it')

# Any name that a POSIX file system allows: bytes but NUL and "/", decoded as Python decodes names.
file_names = (
    st.binary(min_size=1, max_size=30)
    .filter(lambda name: not {0, ord("/")} & set(name) and name not in (b".", b".."))
    .map(os.fsdecode)
)


def heard(path: object, *, genre: str = "jazz") -> Result:
    """A result of the file at `path`."""
    return replace(HEARD, path=str(path), genre=genre)


def writer_of(suffix: str, *, timeline: bool = False) -> JsonWriter | CsvWriter:
    """As `classify` takes it for json, csv or parquet."""
    if suffix == "json":
        return JsonWriter(timeline=timeline)
    return (CsvWriter if suffix == "csv" else LinesForParquet)(GENRES, timeline=timeline)


def write_results(suffix: str, folder: Path, *, timeline: bool) -> Path:
    """`HEARD` and `FAILED` in a file in `folder`, as json, csv or parquet."""
    lines = folder / "lines.json"
    writer = JsonWriter(timeline=timeline)
    lines.write_text(writer.row(HEARD) + writer.row(FAILED), encoding="utf-8")
    if suffix == "json":
        return lines
    path = folder / f"results.{suffix}"
    if suffix == "csv":
        table = CsvWriter(GENRES, timeline=timeline)
        path.write_text(table.header() + table.row(HEARD) + table.row(FAILED), encoding="utf-8", newline="")
    else:
        pytest.importorskip("pyarrow")
        write_parquet(lines, path, GENRES)
    return path
