"""What of an earlier run is kept, and what is refused, in each format."""

from __future__ import annotations

from pathlib import Path

import pytest

from genrekit.inference import Failure
from genrekit.results.errors import ResultsError
from genrekit.results.kept import Kept, kept_results
from genrekit.results.parquet import parquet_to_json
from genrekit.results.result_file import path_key
from genrekit.results.writers import CsvWriter, JsonWriter, TableWriter
from results.outcomes import FAILED, GENRES, HEARD, MODEL, heard, write_results, writer_of


@pytest.mark.parametrize("timeline", [False, True])
@pytest.mark.parametrize("suffix", ["json", "csv", "parquet"])
def test_what_is_kept_is_what_was_written(suffix: str, timeline: bool, tmp_path: Path) -> None:
    path = write_results(suffix, tmp_path, timeline=timeline)
    if suffix == "parquet":
        parquet_to_json(path, path := tmp_path / "back.json")
    writer = writer_of(suffix, timeline=timeline)
    kept = kept_results(path, writer, model=MODEL, retry=())
    assert kept.text == path.read_bytes().decode()
    assert path_key(FAILED.path) in kept.done and len(kept.done) == 2
    assert len(kept_results(path, writer, model=MODEL, retry=kept.done).done) == 1
    with pytest.raises(ResultsError, match="was made with model 'm'; this is 'other'"):
        kept_results(path, writer, model="other", retry=())
    if suffix != "csv":
        with pytest.raises(ResultsError, match="--timeline; resume it likewise"):
            kept_results(path, JsonWriter(timeline=not timeline), model=MODEL, retry=())


def test_a_run_does_not_go_on_in_another_format(tmp_path: Path) -> None:
    lines, table = (write_results(suffix, tmp_path, timeline=False) for suffix in ("json", "csv"))
    with pytest.raises(ResultsError, match="does not begin as results in CSV do"):
        kept_results(lines, CsvWriter(GENRES), model=MODEL, retry=())
    with pytest.raises(ResultsError, match="does not begin as results in JSON do"):
        kept_results(table, JsonWriter(), model=MODEL, retry=())
    with pytest.raises(ResultsError, match="has other columns than this run writes"):
        kept_results(table, CsvWriter(("jazz",)), model=MODEL, retry=())


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
        kept_results(tmp_path / "out", writer, model=MODEL, retry=())


@pytest.mark.parametrize("writer", [JsonWriter(), CsvWriter(GENRES)], ids=["json", "csv"])
def test_a_run_that_was_cut_anywhere_goes_on(writer: JsonWriter | CsvWriter, tmp_path: Path) -> None:
    whole = (writer.header() + writer.row(HEARD) + writer.row(HEARD)).encode()
    for n in range(len(whole) + 1):
        (tmp_path / "out.part").write_bytes(whole[:n])
        kept = kept_results(tmp_path / "out", writer, model=MODEL, retry=())
        assert whole.decode().startswith(kept.text) and (kept.done or n < len(whole) / 2 + len(writer.header()))


def test_nothing_is_kept_where_there_is_nothing(tmp_path: Path) -> None:
    assert kept_results(tmp_path / "out", JsonWriter(), model=MODEL, retry=()) == Kept()
    # A run that was stopped before its first result.
    (tmp_path / "out.part").write_bytes(b"")
    assert kept_results(tmp_path / "out", JsonWriter(), model=MODEL, retry=()) == Kept()


def test_an_interrupted_run_has_more_than_the_output_that_it_went_on_with(tmp_path: Path) -> None:
    writer = JsonWriter()
    (tmp_path / "out").write_text(writer.row(heard("a")))
    (tmp_path / "out.part").write_text(writer.row(heard("a")) + writer.row(heard("b")))
    assert kept_results(tmp_path / "out", writer, model=MODEL, retry=()).done == {path_key("a"), path_key("b")}


@pytest.mark.parametrize("suffix", ["json", "csv"])
def test_what_changed_is_not_kept_and_failures_are_tried_again_in_the_folders_of_this_run(
    suffix: str, tmp_path: Path
) -> None:
    writer = writer_of(suffix)
    changed = [heard("changed.wav"), Failure("changed too.wav", "damaged")]
    again = [Failure("again.wav", "no"), Failure("folder/sub/gone.wav", "no"), Failure("folder", "no")]
    kept = [heard("folder/sub/a.wav"), Failure("folder 2/b.wav", "no"), Failure("elsewhere.wav", "no")]
    output = tmp_path / "out"
    output.write_text(writer.header() + "".join(map(writer.row, (*changed, *again, *kept))), newline="")
    found = kept_results(
        output,
        writer,
        model=MODEL,
        retry=[path_key("again.wav"), path_key("folder/sub/a.wav")],
        changed=[path_key(outcome.path) for outcome in changed],
        folders=[path_key("folder")],
    )
    assert found.text == writer.header() + "".join(map(writer.row, kept))
    assert found.done == {path_key(outcome.path) for outcome in kept}


def test_a_table_cannot_be_read_back(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("genre\n")
    with pytest.raises(ResultsError, match="only JSON and CSV can be resumed"):
        kept_results(tmp_path / "out", TableWriter(GENRES), model=MODEL, retry=())


def test_what_is_no_result_behind_results_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text(JsonWriter().row(FAILED) + "shopping list\n" + JsonWriter().row(FAILED))
    with pytest.raises(ResultsError, match=r"behind 1 results: .*; give another --output"):
        kept_results(tmp_path / "out", JsonWriter(), model=MODEL, retry=())
