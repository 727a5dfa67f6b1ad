from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from genrekit.whole_file import written_whole


def test_it_appears_under_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with written_whole(path) as partial:
        partial.write_text("begun")
        assert partial.parent == tmp_path and not path.exists()
    assert path.read_text() == "begun"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("writes", [True, False])
def test_an_error_leaves_what_was_there_and_nothing_beside_it(writes: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(ValueError, match="half way"), written_whole(path) as partial:
        if writes:
            partial.write_text("new")
        raise ValueError("half way")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_errors_of_the_disk_pass_through(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), written_whole(tmp_path / "no folder" / "a.txt") as partial:
        partial.write_text("new")
    with pytest.raises(OSError, match="too long"), written_whole(tmp_path / ("a" * 255)) as partial:
        partial.write_text("new")


def write_slowly(path: Path) -> None:
    with written_whole(path) as partial:
        partial.write_text("new")
        time.sleep(60)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_a_kill_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    process = multiprocessing.get_context("spawn").Process(target=write_slowly, args=(path,))
    process.start()
    while len(list(tmp_path.iterdir())) == 1:
        time.sleep(0.01)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert path.read_text() == "old"
