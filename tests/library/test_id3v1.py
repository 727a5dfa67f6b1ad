from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from genrekit.library.id3v1 import WithoutId3v1, id3v1_texts_kept

SOUND = bytes(range(200))
TAG = b"TAG" + b"Caf\xc3\xa9".ljust(124, b"\0") + bytes([8])


@pytest.mark.parametrize(
    ("data", "sound"),
    [
        (SOUND + TAG, SOUND),
        (SOUND, SOUND),
        (SOUND + TAG[:-1], SOUND + TAG[:-1]),
        (TAG, TAG),
        (b"", b""),
        (b"TAG", b"TAG"),
    ],
    ids=["a tag", "none", "cut short", "nothing else", "empty", "shorter than a tag"],
)
def test_what_is_read_ends_before_the_tag(data: bytes, sound: bytes) -> None:
    file = WithoutId3v1(io.BytesIO(data))
    assert file.read(1000) == sound
    assert file.seek(0, os.SEEK_END) == len(sound) == file.tell()
    assert file.read(1) == b""
    file.seek(max(0, len(sound) - 2))
    assert file.read(1000) == sound[-2:]


def test_a_tag_that_is_made_anew_has_its_texts_back_and_keeps_its_new_genre(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(SOUND + TAG)
    with id3v1_texts_kept(path):
        path.write_bytes(b"longer head" + SOUND + b"TAG" + b"Cafe".ljust(124, b" ") + bytes([17]))
    assert path.read_bytes() == b"longer head" + SOUND + TAG[:-1] + bytes([17])


def test_a_tag_that_is_taken_away_does_not_come_back(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(SOUND + TAG)
    with id3v1_texts_kept(path):
        path.write_bytes(SOUND)
    assert path.read_bytes() == SOUND
