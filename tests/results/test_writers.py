from __future__ import annotations

import csv
import io
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrekit.inference import Failure, Result, Segment
from genrekit.results.errors import ResultsError
from genrekit.results.result_file import path_key
from genrekit.results.text_rows import text_rows
from genrekit.results.writers import CsvWriter, JsonWriter, TableWriter

GENRES = ("bass", "mid")
SEGMENTS = (Segment(0.0, 75.0, "bass", 0.9), Segment(75.0, 4000.0, "unknown", 0.4))

# Any name that a POSIX file system allows: bytes but NUL, decoded as Python decodes names.
paths = st.binary(min_size=1, max_size=30).filter(lambda name: b"\0" not in name).map(os.fsdecode)


def _result(path: str, **changes: object) -> Result:
    values = {
        "genre": "bass",
        "confidence": 0.75,
        "probabilities": {"bass": 0.75, "mid": 0.25},
        "duration_s": 12.34567,
        "model": "tiny",
        "timeline": SEGMENTS,
    }
    return Result(path=path, **{**values, **changes})  # type: ignore[arg-type]


@given(paths)
def test_json_is_one_valid_line_for_any_path(path: str) -> None:
    for outcome in (_result(path), Failure(path, f"{path}: damaged")):
        line = JsonWriter().row(outcome)
        line.encode("utf-8")
        assert line.endswith("\n")
        assert "\n" not in line[:-1]
        assert json.loads(line)["path"] == path


@given(st.lists(paths, min_size=1, max_size=5))
def test_csv_is_valid_for_any_path(names: list[str]) -> None:
    writer = CsvWriter(GENRES)
    outcomes = [_result(name) if i % 2 else Failure(name, f"{name}: no") for i, name in enumerate(names)]
    text = writer.header() + "".join(writer.row(outcome) for outcome in outcomes)
    text.encode("utf-8")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [path_key(row["path"]) for row in rows] == [path_key(name) for name in names]
    assert all(None not in row and None not in row.values() for row in rows)


@pytest.mark.parametrize("name", ["=cmd()|x.mp3", "+1.wav", "-rf.mp3", "@a.mp3", "\t=1.mp3", "\r=1.mp3"])
def test_no_name_is_a_formula_to_a_spreadsheet(name: str) -> None:
    writer = CsvWriter(GENRES)
    outcomes = (_result(name), Failure(name, f"{name}: no such file"))
    text = writer.header() + "".join(map(writer.row, outcomes))
    for row in csv.DictReader(io.StringIO(text, newline="")):
        assert row["path"] == f"./{name}" and path_key(row["path"]) == path_key(name)
        assert row["error"] in ("", f"./{name}: no such file")
    kept = "".join(map(writer.line, text_rows(io.StringIO(text, newline="\n"))))
    assert writer.header() + kept == text
    assert json.loads(JsonWriter().row(outcomes[0]))["path"] == name


@given(paths)
def test_the_table_is_one_line_for_any_path(path: str) -> None:
    for outcome in (_result(path), Failure(path, "no")):
        line = TableWriter(GENRES).row(outcome)
        line.encode("utf-8")
        assert line.count("\n") == 1
        assert "\x1b" not in line


def test_json_golden() -> None:
    result = _result("a.wav", warnings=("ends early",))
    assert JsonWriter(timeline=True).row(result) == (
        '{"path": "a.wav", "genre": "bass", "confidence": 0.75, "probabilities": {"bass": 0.75, "mid": 0.25}, '
        '"duration_s": 12.346, "model": "tiny", "timeline": [{"start_s": 0.0, "end_s": 75.0, "genre": "bass", '
        '"confidence": 0.9}, {"start_s": 75.0, "end_s": 4000.0, "genre": "unknown", "confidence": 0.4}], '
        '"warnings": ["ends early"]}\n'
    )
    assert JsonWriter().row(Failure("a.wav", "a.wav: damaged")) == '{"path": "a.wav", "error": "a.wav: damaged"}\n'


def test_csv_golden() -> None:
    writer = CsvWriter(GENRES, timeline=True)
    assert writer.header() == "path,genre,confidence,duration_s,model,error,warnings,timeline,bass,mid\n"
    result = _result("a.wav", timeline=SEGMENTS[:1], warnings=("x", "y"))
    assert writer.row(result) == (
        'a.wav,bass,0.75,12.346,tiny,,x; y,"[{""start_s"": 0.0, ""end_s"": 75.0, ""genre"": ""bass"", '
        '""confidence"": 0.9}]",0.75,0.25\n'
    )
    assert writer.row(Failure("b.wav", "damaged")) == "b.wav,,,,,damaged,,,,\n"


def test_a_genre_cannot_be_a_second_column_of_one_name() -> None:
    for genre in ("error", "timeline"):
        with pytest.raises(ResultsError, match=f"a genre '{genre}'; give --format json"):
            CsvWriter(("bass", genre))


def test_table_golden() -> None:
    writer = TableWriter(GENRES, timeline=True)
    assert writer.header() == "genre    confidence       next best     file\n"
    assert writer.row(_result("a.wav")) == (
        "bass     ████████░░  75%  mid 25%       a.wav\n"
        "bass                 90%                  0:00 - 1:15\n"
        "unknown                                   1:15 - 1:06:40\n"
    )
    assert writer.row(Failure("b.wav", "damaged")) == "-        failed                         b.wav\n"


def test_more_genres_than_there_are_do_not_widen_the_table() -> None:
    assert TableWriter(GENRES, top=1000).row(_result("a.wav")) == TableWriter(GENRES).row(_result("a.wav"))


def test_an_unknown_shows_what_came_nearest() -> None:
    line = TableWriter(GENRES).row(_result("a.wav", genre="unknown"))
    assert line == "unknown                   bass 75%      a.wav\n"


def test_columns_stay_in_line_for_wide_letters() -> None:
    from rich.cells import cell_len

    writer = TableWriter(("演歌", "jazz"))
    rows = [
        writer.row(_result("a.wav", genre=genre, probabilities={genre: 0.8, other: 0.2}))
        for genre, other in (("演歌", "jazz"), ("jazz", "演歌"))
    ]
    assert len({cell_len(row.partition("a.wav")[0]) for row in rows}) == 1
