from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from pathlib import Path

import pytest
from waiting import wait_until

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


@pytest.mark.parametrize("there", [True, False])
def test_a_link_leads_to_its_file(there: bool, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    file, link = tmp_path / "folder" / "a.txt", tmp_path / "link"
    if there:
        file.write_text("old")
    link.symlink_to("folder/a.txt")
    with written_whole(link) as partial:
        partial.write_text("new")
    assert link.is_symlink() and not file.is_symlink()
    assert file.read_text() == "new"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.txt", "folder", "link"]


def test_permissions_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(0o600)
    with written_whole(path) as partial:
        partial.write_text("new")
    assert path.read_text() == "new" and path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are a thing of POSIX")
def test_a_pipe_is_written_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    heard: list[str] = []
    reader = threading.Thread(target=lambda: heard.append(pipe.read_text()))
    reader.start()
    with written_whole(pipe) as partial:
        partial.write_text("new")
    reader.join(10)
    assert heard == ["new"] and pipe.is_fifo()


@pytest.mark.skipif(not Path("/dev/fd").is_dir(), reason="open files have names on POSIX only")
def test_a_link_to_a_pipe_without_a_name_is_written_as_it_is() -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(read_end) as pipe:
        with written_whole(Path(f"/dev/fd/{write_end}")) as partial:
            partial.write_text("new")
        os.close(write_end)
        assert pipe.read() == "new"


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
    try:
        wait_until(lambda: len(list(tmp_path.iterdir())) > 1, what="the new file is begun")
    finally:
        process.kill()
        process.join()
    assert path.read_text() == "old"
