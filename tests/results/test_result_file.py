"""A result file is whole or a part, whatever happens, and one file has one key."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from disk_room import no_room_beyond
from hypothesis import given

from genrekit.results.errors import ResultsError
from genrekit.results.result_file import ResultFile, part_of, path_key
from results.outcomes import file_names


def test_the_file_is_there_when_all_is_done_and_not_before(tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    with ResultFile(output, text="kept\r\n") as file:
        assert file.part == part_of(output) == tmp_path / "out.json.part"
        assert file.part.read_bytes() == b"kept\r\n"
        for n in range(3):
            file.write(f"é{n}\n")
            # A kill right here loses nothing.
            assert file.part.read_bytes().decode().endswith(f"é{n}\n")
        assert not output.exists()
        file.finish()
    assert output.read_bytes().decode() == "kept\r\né0\né1\né2\n"
    assert list(tmp_path.iterdir()) == [output]


def test_what_was_done_stays_where_the_work_ends_early(tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    output.write_text("before\n")
    with pytest.raises(KeyboardInterrupt), ResultFile(output) as file:
        file.write("one\n")
        raise KeyboardInterrupt
    assert output.read_text() == "before\n" and file.part.read_text() == "one\n"


def test_the_part_of_an_earlier_run_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    part_of(output).write_text("a night's work\n")
    with no_room_beyond(20), pytest.raises(ResultsError, match="cannot write results to"):
        ResultFile(output, text="kept of a night's work\n" * 10)
    assert part_of(output).read_text() == "a night's work\n"
    assert list(tmp_path.iterdir()) == [part_of(output)]
    ResultFile(output, text="kept\n").__exit__()
    assert part_of(output).read_text() == "kept\n"


def test_a_disk_that_fills_up_is_told_with_what_is_there(tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    with ResultFile(output) as file:
        file.write("one\n")
        with (
            no_room_beyond(6),
            pytest.raises(ResultsError, match=rf"cannot write results to .*; what was done is in {file.part}"),
        ):
            file.write("another\n")
    assert file.part.read_text().startswith("one\n") and not output.exists()


def test_a_part_that_cannot_take_its_name_stays(tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    with ResultFile(output) as file:
        file.write("one\n")
        output.mkdir()
        with pytest.raises(ResultsError, match=f"; what was done is in {file.part}"):
            file.finish()
    assert file.part.read_text() == "one\n"


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"cannot write results to .*: No such file or directory$"):
        ResultFile(tmp_path / "no" / "out.json")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_is_written_directly(tmp_path: Path) -> None:
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()), daemon=True)
    reader.start()
    with ResultFile(pipe) as file:
        assert file.part == pipe
        file.write("one\n")
        file.finish()
    reader.join(10)
    assert got == ["one\n"] and pipe.is_fifo() and list(tmp_path.iterdir()) == [pipe]


@given(file_names)
def test_a_file_has_one_key_however_it_is_named(name: str) -> None:
    key = path_key(name)
    key.encode()
    assert key == path_key(f"./{name}") == path_key(Path(name)) == path_key(Path.cwd() / name) == path_key(key)
    assert key != path_key(f"{name}x") and key != path_key(f"folder/{name}")


def test_a_key_is_of_the_folder_that_one_is_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert path_key("a.wav") == str(tmp_path / "a.wav")
    assert path_key(os.fsdecode(b"\xff.wav")) == str(tmp_path / "\\udcff.wav")
