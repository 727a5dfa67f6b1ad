from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from disk_room import no_room_beyond
from hypothesis import given
from hypothesis import strategies as st

from genrekit.line_files import BLOCK_BYTES, append_line, cut_torn_end, whole_lines

LINES = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n")), max_size=5)


@given(lines=LINES)
def test_lines_come_back_whatever_is_in_them(lines: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("lines") / "lines"
    path.touch()
    for line in lines:
        append_line(path, line)
    assert whole_lines(path) == lines


@pytest.mark.parametrize("torn", ["", "half", "x" * (2 * BLOCK_BYTES + 3)])
def test_half_a_line_is_none_and_can_be_cut_or_written_behind(torn: str, tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_text(f"one\ntwo\n{torn}")
    assert whole_lines(path) == ["one", "two"]
    append_line(path, "three")
    assert whole_lines(path) == ["one", "two", *([torn] if torn else []), "three"]
    path.write_text(f"one\ntwo\n{torn}")
    cut_torn_end(path)
    assert path.read_text() == "one\ntwo\n"
    path.write_text(torn)
    cut_torn_end(path)
    assert path.read_text() == ""


def test_a_line_that_was_cut_inside_a_letter_is_none(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes("one\ntwo é".encode()[:-1])
    assert whole_lines(path) == ["one"]


def test_a_line_for_which_there_is_no_room_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    append_line(path, "one")
    with no_room_beyond(10), pytest.raises(OSError, match=r"No space|too large"):
        append_line(path, "much longer than that")
    assert path.read_text() == "one\n"


@pytest.mark.skipif(sys.platform == "win32", reason="files are locked as POSIX has it")
@pytest.mark.parametrize("done", ["appended", "cut"])
def test_what_another_is_writing_is_not_taken_for_torn(done: str, tmp_path: Path) -> None:
    import fcntl

    path = tmp_path / "lines"
    with path.open("ab", buffering=0) as file, ThreadPoolExecutor(1) as pool:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(b"first h")
        waiting = pool.submit(append_line, path, "second") if done == "appended" else pool.submit(cut_torn_end, path)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.2)
        file.write(b"alf and second half\n")
        fcntl.flock(file, fcntl.LOCK_UN)
        waiting.result(timeout=60)
    assert whole_lines(path) == ["first half and second half", *(["second"] if done == "appended" else [])]
