"""A file is known by its size and time."""

from __future__ import annotations

import os
from pathlib import Path

from genrekit.file_identity import FileState, file_state, same_sound


def test_a_change_of_size_or_time_is_another_state(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    os.utime(path, ns=(0, 5_000_000_000))
    assert file_state(path) == file_state(str(path)) == FileState(3, 5_000_000_000)
    os.utime(path, ns=(0, 6_000_000_000))
    assert file_state(path) == FileState(3, 6_000_000_000)


def test_what_is_not_there_has_none(tmp_path: Path) -> None:
    assert file_state(tmp_path / "no") is None
    assert file_state("a\0b") is None


def test_a_tag_is_no_change_of_the_sound_and_a_replaced_file_is_one() -> None:
    heard = FileState(5_000_000, 1)
    assert same_sound(heard, FileState(5_007_000, 1)) and same_sound(heard, FileState(4_995_000, 1))
    assert not same_sound(heard, FileState(5_000_000, 2))
    # Another song of the archive that gave all of its files one time.
    assert not same_sound(heard, FileState(6_100_000, 1))
    assert not same_sound(heard, FileState(4_100_000, 1))
