"""What was written comes back, and what is kept of it is what was written, in each format."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from genrekit.inference import Failure, Result, Segment
from genrekit.results.errors import ResultsError
from genrekit.results.kept import kept_results
from genrekit.results.parquet import parquet_to_json, write_parquet
from genrekit.results.result_file import path_key
from genrekit.results.rows import read_rows
from genrekit.results.writers import CsvWriter, JsonWriter

GENRES = ("jazz", 'b,"lues"')
HEARD = Result(
    path=os.fsdecode(b"a\xff\n.wav"),
    genre="jazz",
    confidence=1 / 3,
    probabilities={'b,"lues"': 2 / 3, "jazz": 1 / 3},
    duration_s=12.34567,
    model="m",
    timeline=(Segment(0.0, 12.0, "jazz", 1e-7),),
    warnings=("ends; early", "shorter than a window"),
)
FAILED = Failure("b\r.wav", 'no "music"\nin it')


def _written(suffix: str, folder: Path, *, timeline: bool) -> Path:
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


@pytest.mark.parametrize("timeline", [False, True])
@pytest.mark.parametrize("suffix", ["json", "csv", "parquet"])
def test_each_format_tells_the_same(suffix: str, timeline: bool, tmp_path: Path) -> None:
    heard, failed = read_rows(_written(suffix, tmp_path, timeline=timeline))
    expected: dict[str, Any] = HEARD.to_json(timeline=timeline)
    if suffix != "json":
        # Neither has bytes that are no text; and CSV has one cell for all warnings.
        expected["path"] = "a\\udcff\n.wav"
    if suffix == "csv":
        expected["warnings"] = "; ".join(HEARD.warnings).split("; ")
    assert heard == expected and list(heard) == list(expected)
    assert list(heard["probabilities"]) == list(HEARD.probabilities)
    assert failed == FAILED.to_json()


@pytest.mark.parametrize("timeline", [False, True])
@pytest.mark.parametrize("suffix", ["json", "csv", "parquet"])
def test_what_is_kept_is_what_was_written(suffix: str, timeline: bool, tmp_path: Path) -> None:
    path = _written(suffix, tmp_path, timeline=timeline)
    if suffix == "parquet":
        parquet_to_json(path, path := tmp_path / "back.json")
    writer = CsvWriter(GENRES, timeline=timeline) if suffix == "csv" else JsonWriter(timeline=timeline)
    kept = kept_results(path, writer, model="m", retry=())
    assert kept.text == path.read_bytes().decode()
    assert path_key(FAILED.path) in kept.done and len(kept.done) == 2
    assert len(kept_results(path, writer, model="m", retry=kept.done).done) == 1
    with pytest.raises(ResultsError, match="was made with model 'm'; this is 'other'"):
        kept_results(path, writer, model="other", retry=())
    if suffix != "csv":
        with pytest.raises(ResultsError, match="--timeline; resume it likewise"):
            kept_results(path, JsonWriter(timeline=not timeline), model="m", retry=())


@pytest.mark.parametrize("row", ['"path"', "[]", "{}", '{"path": null, "error": ""}', '{"path": "a", "genre": "jazz"}'])
def test_what_is_no_result_is_told(row: str, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(JsonWriter().row(FAILED) + row + "\n")
    with pytest.raises(ResultsError, match="behind 1 results: no result of genrekit classify"):
        list(read_rows(path))


def test_a_run_does_not_go_on_in_another_format(tmp_path: Path) -> None:
    lines, table = (_written(suffix, tmp_path, timeline=False) for suffix in ("json", "csv"))
    with pytest.raises(ResultsError, match="does not begin as results in CSV do"):
        kept_results(lines, CsvWriter(GENRES), model="m", retry=())
    with pytest.raises(ResultsError, match="does not begin as results in JSON do"):
        kept_results(table, JsonWriter(), model="m", retry=())
    with pytest.raises(ResultsError, match="has other columns than this run writes"):
        kept_results(table, CsvWriter(("jazz",)), model="m", retry=())


@pytest.mark.parametrize("writer", [JsonWriter(), CsvWriter(GENRES)], ids=["json", "csv"])
@pytest.mark.parametrize(
    "content",
    [
        b"one line without an end",
        b"ID3\x04\x00\x00\x00\x00\x00\x0dTIT2 \r\x00",
        b'{\n "path": "a"}',
        b"path;genre\n",
        b"\r",
    ],
    ids=["text", "song", "other json", "other csv", "return"],
)
@pytest.mark.parametrize("name", ["out", "out.part"])
def test_what_is_something_else_is_not_taken_for_a_run_that_was_cut(
    name: str, content: bytes, writer: JsonWriter | CsvWriter, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ResultsError, match="give another --output"):
        kept_results(tmp_path / "out", writer, model="m", retry=())


@pytest.mark.parametrize("writer", [JsonWriter(), CsvWriter(GENRES)], ids=["json", "csv"])
def test_a_run_that_was_cut_anywhere_goes_on(writer: JsonWriter | CsvWriter, tmp_path: Path) -> None:
    whole = (writer.header() + writer.row(HEARD) + writer.row(HEARD)).encode()
    for n in range(len(whole) + 1):
        (tmp_path / "out.part").write_bytes(whole[:n])
        kept = kept_results(tmp_path / "out", writer, model="m", retry=())
        assert whole.decode().startswith(kept.text) and (kept.done or n < len(whole) / 2 + len(writer.header()))


@pytest.mark.parametrize("suffix", ["json", "csv"])
def test_an_editor_may_leave_out_the_last_line_break_or_put_a_mark_in_front(suffix: str, tmp_path: Path) -> None:
    path = _written(suffix, tmp_path, timeline=False)
    expected = list(read_rows(path))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().removesuffix(b"\n").removesuffix(b"\r"))
    assert list(read_rows(path)) == expected
    # Of a run that was killed the last line may be half of one.
    assert list(read_rows(path, torn=True)) == expected[:1]
