"""Only what is ours and nobody's any more is taken for left over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from genrekit.library.copies import find_leftovers, is_copy_name, new_copy, remove_leftover

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")

HOLD = """
import sys, time
from pathlib import Path
from genrekit.library.copies import new_copy
with new_copy(Path(sys.argv[1]), ".flac") as copy:
    copy.write_bytes(b"half a song")
    print(copy, flush=True)
    time.sleep(600)
"""


def _left(folder: Path) -> Path:
    """What a process leaves that is killed while it holds a copy."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    path = Path(process.stdout.readline().strip())
    assert find_leftovers([folder]) == [] and not remove_leftover(path)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    return path


def test_a_copy_is_left_over_once_its_process_is_gone(tmp_path: Path) -> None:
    path = _left(tmp_path)
    assert path.read_bytes() == b"half a song"
    assert find_leftovers([tmp_path, tmp_path]) == [path]
    assert find_leftovers([tmp_path.parent, tmp_path / "missing"]) == []
    assert remove_leftover(path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        remove_leftover(path)


def test_a_copy_that_this_process_works_on_is_not(tmp_path: Path) -> None:
    with new_copy(tmp_path, ".mp3") as copy:
        assert is_copy_name(copy.name) and copy.suffix == ".mp3"
        assert copy.stat().st_mode & 0o777 == 0o600
        assert find_leftovers([tmp_path]) == [] and not remove_leftover(copy)
        copy.rename(tmp_path / "song.mp3")
    assert [path.name for path in tmp_path.iterdir()] == ["song.mp3"]


@pytest.mark.parametrize(
    "name",
    [
        ".genrekit-mine.flac",
        ".genrekit-0123456789ab-00000000.flac",  # a checksum that is none
        "genrekit-0123456789ab-00000000.flac",
        ".genrekit-tags-20260101-120000.jsonl",
        "song.flac",
    ],
)
def test_what_somebody_named_otherwise_is_never_touched(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"mine")
    assert find_leftovers([tmp_path]) == []
    assert not remove_leftover(tmp_path / name)
    assert (tmp_path / name).read_bytes() == b"mine"


def test_neither_is_a_copy_under_another_suffix(tmp_path: Path) -> None:
    path = _left(tmp_path)
    path.rename(path.with_suffix(".kept"))
    assert find_leftovers([tmp_path]) == []


def test_neither_are_links_and_folders_of_such_a_name(tmp_path: Path) -> None:
    song = tmp_path / "song.flac"
    song.write_bytes(b"mine")
    names = []
    for _ in range(4):
        with new_copy(tmp_path, ".flac") as copy:
            names.append(copy)
            copy.unlink()
    names[0].symlink_to(song)
    names[1].hardlink_to(song)
    names[2].mkdir()
    os.mkfifo(names[3])
    assert find_leftovers([tmp_path]) == []
    assert song.read_bytes() == b"mine" and len(list(tmp_path.iterdir())) == 5


def test_suffixes_of_any_letters(tmp_path: Path) -> None:
    for suffix in ("", ".", ".mp3", ".Ünder\n", os.fsdecode(b".\xff\xfe")):
        with new_copy(tmp_path, suffix) as copy:
            assert is_copy_name(copy.name)
            copy.unlink()
