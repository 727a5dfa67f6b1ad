"""A file is known by its size and time."""

from __future__ import annotations

import os
from pathlib import Path

from genrekit.file_identity import FileState, file_state


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
