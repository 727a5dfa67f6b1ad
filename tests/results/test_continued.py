"""A run that is stopped anywhere and gone on with ends as one that was not, and mixes nothing."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrekit.file_identity import FileState, file_state
from genrekit.inference import Failure
from genrekit.results.continued import ContinuedResults, resume_results, start_results
from genrekit.results.errors import ResultsError
from genrekit.results.file_states import FileStates, read_states, states_path
from genrekit.results.result_file import ResultFile, part_of, path_key
from genrekit.results.rows import read_rows
from genrekit.results.stored_results import read_results
from genrekit.results.writers import JsonWriter, TableWriter
from results.outcomes import GENRES, MODEL, heard, writer_of

each_format = pytest.mark.parametrize("suffix", ["json", "csv", "parquet"])


@pytest.fixture(autouse=True)
def _parquet_if_it_can_be_written(request: pytest.FixtureRequest) -> None:
    if getattr(request.node, "callspec", None) and request.node.callspec.params.get("suffix") == "parquet":
        pytest.importorskip("pyarrow")


@pytest.fixture
def songs(tmp_path: Path) -> list[str]:
    """Three files in a folder."""
    (tmp_path / "songs").mkdir()
    return [_song(tmp_path / "songs" / f"{name}.wav") for name in "abc"]


def _song(path: Path, *, time_s: int = 1_000_000_000) -> str:
    path.write_bytes(b"sound")
    os.utime(path, (time_s, time_s))
    return str(path)


def _resume(output: Path, files: list[str], suffix: str = "json", **options: Any) -> ContinuedResults:
    return resume_results(output, files, writer_of(suffix), **{"model": MODEL, "model_sha256": "1", **options})


def _done(results: ContinuedResults, *, fail: Iterable[str] = (), genre: str = "jazz") -> None:
    """All that is missing becomes a result, or a failure, and the output whole."""
    with results.opened() as file:
        for song in results.missing:
            file.add(Failure(song, f"{song}: damaged") if song in fail else heard(song, genre=genre))
        file.finish()


def _stopped(results: ContinuedResults, *, n_done: int) -> None:
    with results.opened() as file:
        for song in results.missing[:n_done]:
            file.add(heard(song))


def _known(output: Path) -> dict[str, FileState | None]:
    states = read_states(output)
    return {} if states is None else states.of_key


def _genres(output: Path) -> dict[str, str | None]:
    rows = list(read_rows(output))
    assert len({row["path"] for row in rows}) == len(rows)
    return {row["path"]: row.get("genre") for row in rows}


def _everything(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


# --- a run that goes on


@each_format
def test_a_run_that_was_stopped_goes_on_with_what_is_missing(suffix: str, songs: list[str], tmp_path: Path) -> None:
    output = tmp_path / f"out.{suffix}"
    results = start_results(output, songs, writer_of(suffix), model_sha256="1")
    assert (results.missing, results.text, results.n_kept, results.n_changed) == (tuple(songs), "", 0, 0)
    _stopped(results, n_done=2)
    assert not output.exists() and part_of(output).is_file()

    again = _resume(output, songs, suffix)
    assert again.missing == (songs[2],) and (again.n_kept, again.n_changed) == (2, 0)
    _done(again, genre='b,"lues"')
    assert _genres(output) == dict(zip(songs, ["jazz", "jazz", 'b,"lues"'], strict=True))
    assert not part_of(output).exists()

    whole = _resume(output, songs, suffix)
    assert whole.missing == () and whole.n_kept == 3
    _done(whole)
    assert len(_genres(output)) == 3 and not part_of(output).exists()


@each_format
def test_new_files_join_those_of_a_run_that_was_done(suffix: str, songs: list[str], tmp_path: Path) -> None:
    output = tmp_path / f"out.{suffix}"
    _done(start_results(output, songs[:2], writer_of(suffix), model_sha256="1"))
    results = _resume(output, songs[1:], suffix)
    assert results.missing == (songs[2],) and results.n_kept == 2
    _done(results)
    assert list(_genres(output)) == songs


@given(st.sampled_from(["json", "csv"]), st.integers(0, 4), st.integers(0, 400), st.integers(0, 100))
def test_a_kill_anywhere_costs_no_more_than_the_line_that_was_written(
    suffix: str, n_done: int, n_cut: int, n_state_cut: int
) -> None:
    with TemporaryDirectory() as folder:
        songs = [_song(Path(folder) / f"{name}\n.wav") for name in "abcd"]
        output = Path(folder) / "out"
        _stopped(start_results(output, songs, writer_of(suffix), model_sha256="1"), n_done=n_done)
        part = part_of(output)
        lines = part.read_bytes()
        # A row is written when its state is: only the last of either can be cut, and not the state of a row.
        last = len(writer_of(suffix).row(heard(songs[n_done - 1])).encode()) if n_done else len(lines)
        n_cut = min(n_cut, last)
        part.write_bytes(lines[: len(lines) - n_cut])
        if n_cut == last and n_done:
            states = states_path(output).read_bytes()
            n_last = len(states.splitlines()[-1]) + 1
            states_path(output).write_bytes(states[: len(states) - min(n_state_cut, n_last)])
        results = _resume(output, songs, suffix)
        assert list(results.missing) == songs[n_done - bool(n_cut and n_done) :]
        _done(results)
        writer = writer_of(suffix)
        assert output.read_bytes().decode() == writer.header() + "".join(writer.row(heard(song)) for song in songs)


def test_failures_are_tried_again_and_forgotten_if_they_are_gone_from_a_folder(
    songs: list[str], tmp_path: Path
) -> None:
    output, elsewhere = tmp_path / "out.json", str(tmp_path / "elsewhere.wav")
    _done(start_results(output, [*songs, elsewhere], JsonWriter(), model_sha256="1"), fail=[*songs[1:], elsewhere])
    assert _resume(output, songs[:2]).missing == (songs[1],)
    Path(songs[2]).unlink()
    results = _resume(output, songs[:2], folders=[str(tmp_path / "songs")])
    assert results.missing == (songs[1],)
    _done(results)
    assert _genres(output) == {songs[0]: "jazz", elsewhere: None, songs[1]: "jazz"}


# --- files that change


@each_format
def test_what_changed_since_is_left_to_classify_and_its_result_is_gone(
    suffix: str, songs: list[str], tmp_path: Path
) -> None:
    output = tmp_path / f"out.{suffix}"
    _done(start_results(output, songs, writer_of(suffix), model_sha256="1"))
    _song(Path(songs[1]), time_s=2_000_000_000)
    results = _resume(output, songs, suffix)
    assert results.missing == (songs[1],) and (results.n_kept, results.n_changed) == (2, 1)
    assert songs[0] in results.text and songs[1] not in results.text
    _done(results, genre='b,"lues"')
    assert _genres(output) == {songs[0]: "jazz", songs[2]: "jazz", songs[1]: 'b,"lues"'}
    assert _resume(output, songs, suffix).n_changed == 0


def test_a_file_that_changes_while_the_run_waits_for_it_is_told_by_the_next_one(
    songs: list[str], tmp_path: Path
) -> None:
    output = tmp_path / "out.json"
    results = start_results(output, songs, JsonWriter(), model_sha256="1")
    _song(Path(songs[2]), time_s=2_000_000_000)
    _done(results)
    assert _resume(output, songs).missing == (songs[2],)


@pytest.mark.parametrize("begun", ["anew", "again"])
def test_the_state_of_a_file_is_on_the_disk_before_its_result(
    begun: str, songs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out.json"
    if begun == "anew":
        results = start_results(output, songs, JsonWriter(), model_sha256="1")
    else:
        results = _resume(output, songs)
    known: list[list[str]] = []
    write = ResultFile.write

    def looked_at(file: ResultFile, text: str) -> None:
        known.append(list(_known(output)))
        write(file, text)

    monkeypatch.setattr(ResultFile, "write", looked_at)
    _done(results)
    header, *rows = known
    assert header == [] and rows == [[path_key(song) for song in songs[: k + 1]] for k in range(3)]


def test_a_kill_between_a_state_and_its_result_costs_the_result(
    songs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out.json"
    _done(start_results(output, songs[:2], JsonWriter(), model_sha256="1"))
    with monkeypatch.context() as patched, _resume(output, songs).opened() as file:
        patched.setattr(ResultFile, "write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            file.add(heard(songs[2]))
    assert _known(output)[path_key(songs[2])] == file_state(songs[2])
    assert _resume(output, songs).missing == (songs[2],)


# --- from one folder and from another


@pytest.fixture
def library(songs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that holds `songs`, into which one has gone."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


FROM_OUTSIDE, FROM_INSIDE = [f"songs/{name}.wav" for name in "abc"], ["./a.wav", "b.wav", "c.wav"]


@each_format
@pytest.mark.parametrize("way", ["into the folder", "out of the folder", "by the whole paths"])
def test_a_file_is_known_again_from_another_folder(
    way: str, suffix: str, library: Path, songs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    output = library / f"out.{suffix}"
    before, after = (FROM_INSIDE, FROM_OUTSIDE) if way == "out of the folder" else (FROM_OUTSIDE, FROM_INSIDE)
    monkeypatch.chdir(library / "songs" if before is FROM_INSIDE else library)
    _done(start_results(output, before[:2], writer_of(suffix), model_sha256="1"), fail=before[1:2])
    monkeypatch.chdir(library / "songs" if after is FROM_INSIDE else library)
    after = songs if way == "by the whole paths" else after

    results = _resume(output, after, suffix)
    assert results.missing == tuple(after[1:]) and results.n_kept == 1
    _done(results)
    assert list(_genres(output)) == [before[0], *after[1:]]
    # Names of both folders stand in it now; from either all are known, also to those who read the results.
    for folder, files in ((library, FROM_OUTSIDE), (library / "songs", FROM_INSIDE)):
        monkeypatch.chdir(folder)
        again = _resume(output, files, suffix)
        assert again.missing == ()
        _done(again)
        assert all(result is not None and result.genre == "jazz" for result in map(read_results(output).of, files))
    _song(Path(songs[0]), time_s=2_000_000_000)
    assert _resume(output, FROM_INSIDE, suffix).missing == ("./a.wav",)


@pytest.mark.parametrize("is_known", [False, True], ids=["new", "of a run that was killed at it"])
def test_another_file_of_the_same_name_is_told_by_all(
    is_known: bool, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = library / "out.json"
    _song(library / "a.wav")
    monkeypatch.chdir(library / "songs")
    _done(start_results(output, ["a.wav"], JsonWriter(), model_sha256="1"))
    monkeypatch.chdir(library)
    if is_known:
        states = FileStates(output, keep=True, model_sha256="1")
        states.begin()
        states.record(str(library / "a.wav"))
    with pytest.raises(ResultsError, match=r"the result of another a\.wav, heard from another folder"):
        _resume(output, ["a.wav"])
    result = read_results(output).of("a.wav")
    assert result is not None and "it was another file of this name" in result.error
    # Under another name it is listed beside the first.
    _done(_resume(output, [str(library / "a.wav")]))
    result = read_results(output).of("a.wav")
    assert result is not None and result.genre == "jazz"
    assert _resume(output, ["a.wav", "songs/a.wav"]).missing == ()


def test_a_failure_does_not_keep_its_name_from_a_file_in_another_folder(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = library / "out.json"
    _song(library / "a.wav")
    monkeypatch.chdir(library / "songs")
    _done(start_results(output, ["a.wav", "gone.wav"], JsonWriter(), model_sha256="1"), fail=["a.wav", "gone.wav"])
    monkeypatch.chdir(library)
    again = _resume(output, ["songs/gone.wav"])
    assert again.missing == ("songs/gone.wav",) and "gone" not in again.text
    _done(_resume(output, ["a.wav"]))
    assert _genres(output) == {"gone.wav": None, "a.wav": "jazz"}
    assert _resume(output, ["a.wav"]).missing == ()


def test_results_of_before_names_were_written_down_go_on_from_where_they_were_heard(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = library / "out.json"
    _done(start_results(output, FROM_OUTSIDE, JsonWriter(), model_sha256="1"))
    lines = states_path(output).read_text().splitlines(keepends=True)
    states_path(output).write_text("".join(line for line in lines if "name" not in line))
    assert _resume(output, FROM_OUTSIDE).missing == ()
    (library / "songs" / "songs").mkdir()
    _song(library / "songs" / "songs" / "a.wav")
    with monkeypatch.context() as patched:
        patched.chdir(library / "songs")
        with pytest.raises(ResultsError, match="heard from another folder"):
            _resume(output, FROM_OUTSIDE)
        result = read_results(output).of("songs/a.wav")
        assert result is not None and "it was another file of this name" in result.error
    _song(library / "songs" / "b.wav", time_s=2_000_000_000)
    _done(_resume(output, FROM_OUTSIDE))
    monkeypatch.chdir(library / "songs")
    assert _resume(output, ["b.wav"]).missing == ()


# --- what is refused


def _refused_for_another_name(output: Path, songs: list[str], suffix: str) -> str:
    with pytest.raises(ResultsError) as told:
        _resume(output, songs, suffix, model="other")
    return str(told.value)


def _refused_for_another_file(output: Path, songs: list[str], suffix: str) -> str:
    with pytest.raises(ResultsError) as told:
        _resume(output, songs, suffix, model_sha256="2")
    return str(told.value)


def _refused_for_a_result_without_a_state(output: Path, songs: list[str], suffix: str) -> str:
    lines = states_path(output).read_text().splitlines(keepends=True)
    states_path(output).write_text("".join(line for line in lines if songs[1] not in line))
    with pytest.raises(ResultsError) as told:
        _resume(output, songs, suffix)
    states_path(output).write_text("".join(lines))
    return str(told.value)


@each_format
@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (_refused_for_another_name, "made with model 'm'; this is 'other'"),
        (_refused_for_another_file, "made with another model file, though of the same name"),
        (_refused_for_a_result_without_a_state, "the result of another "),
    ],
)
def test_what_is_refused_is_left_as_it_was(
    refused: Any, words: str, suffix: str, songs: list[str], tmp_path: Path
) -> None:
    output = tmp_path / f"out.{suffix}"
    _done(start_results(output, songs, writer_of(suffix), model_sha256="1"))
    before = _everything(tmp_path)
    assert words in refused(output, songs, suffix)
    assert _everything(tmp_path) == before
    assert _resume(output, songs, suffix).missing == ()


def test_one_who_sees_to_the_model_file_needs_no_checksum(songs: list[str], tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    _done(start_results(output, songs, JsonWriter()))
    assert _resume(output, songs, model_sha256=None).missing == ()


def test_what_is_no_parquet_is_left_as_it_was(songs: list[str], tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    output = tmp_path / "out.parquet"
    output.write_text("something else")
    with pytest.raises(ResultsError, match="not results in Parquet"):
        _resume(output, songs, "parquet")
    assert _everything(tmp_path) == {"out.parquet": b"something else"}


def test_lines_of_a_run_that_was_stopped_are_not_taken_from_the_parquet_before_it(
    songs: list[str], tmp_path: Path
) -> None:
    pytest.importorskip("pyarrow")
    output = tmp_path / "out.parquet"
    _done(start_results(output, songs[:1], writer_of("parquet"), model_sha256="1"))
    _stopped(_resume(output, songs, "parquet"), n_done=1)
    with pytest.raises(ResultsError):
        _resume(output, songs, "parquet", model="other")
    results = _resume(output, songs, "parquet")
    assert results.missing == (songs[2],)
    _done(results)
    assert list(_genres(output)) == songs


# --- what begins anew


@pytest.mark.parametrize("suffix", ["json", "csv"])
def test_nothing_to_go_on_with_is_a_beginning(suffix: str, songs: list[str], tmp_path: Path) -> None:
    output = tmp_path / f"out.{suffix}"
    results = _resume(output, songs, suffix)
    assert results.missing == tuple(songs) and results.n_kept == 0
    _done(results)
    writer = writer_of(suffix)
    assert output.read_bytes().decode() == writer.header() + "".join(writer.row(heard(song)) for song in songs)


def test_a_run_that_begins_anew_knows_nothing_of_the_one_before(songs: list[str], tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    _done(start_results(output, songs, JsonWriter(), model_sha256="1"))
    results = start_results(output, songs[1:], JsonWriter(), model_sha256="2")
    assert results.missing == tuple(songs[1:])
    _done(results)
    assert list(_genres(output)) == songs[1:]
    assert list(_known(output)) == [path_key(song) for song in songs[1:]]
    assert _resume(output, songs, model_sha256="2").missing == (songs[0],)


def test_a_table_has_no_states(songs: list[str], tmp_path: Path) -> None:
    output, writer = tmp_path / "out.txt", TableWriter(GENRES)
    _done(start_results(output, songs, writer, model_sha256="1"))
    assert output.read_text() == writer.header() + "".join(writer.row(heard(song)) for song in songs)
    assert not states_path(output).exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
@pytest.mark.parametrize("begun", ["anew", "again"])
def test_a_pipe_has_no_states_and_nothing_to_go_on_with(begun: str, songs: list[str], tmp_path: Path) -> None:
    pipe, got, writer = tmp_path / "pipe", [], writer_of("csv")
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes().decode()), daemon=True)
    reader.start()
    _done(start_results(pipe, songs, writer, model_sha256="1") if begun == "anew" else _resume(pipe, songs, "csv"))
    reader.join(10)
    assert got == [writer.header() + "".join(writer.row(heard(song)) for song in songs)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pipe", "songs"]
