from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest

from audio.encoding import write_pyav
from genrekit.audio.ffmpeg_file import open_with_ffmpeg, texts_of


@pytest.fixture
def mp3(tmp_path: Path) -> bytes:
    samples = np.zeros((44100, 2), np.float32)
    return write_pyav(
        tmp_path / "a.mp3", samples, container="mp3", codec="libmp3lame", sample_format="fltp"
    ).read_bytes()


@pytest.mark.parametrize(
    ("artist", "read"),
    [(b"Mot\xc3\xb6rhead", "Mot\u00f6rhead"), (b"Mot\xf6rhead", "Mot\ufffdrhead"), (b"\xed\xa0\x80", "\ufffd" * 3)],
    ids=["UTF-8", "Latin-1", "a lone surrogate"],
)
def test_texts_can_be_written_down_whatever_bytes_a_file_has(mp3: bytes, artist: bytes, read: str) -> None:
    frame = b"TPE1" + bytes([0, 0, 0, len(artist) + 1, 0, 0, 3]) + artist
    tag = b"ID3\x04\0\0" + bytes([0, 0, 0, len(frame)]) + frame
    with open_with_ffmpeg(io.BytesIO(tag + mp3)) as container:
        texts = texts_of(container)
    assert texts["artist"] == read
    assert texts["artist"].encode("utf-8")


def test_a_playlist_opens_no_other_file(tmp_path: Path, mp3: bytes) -> None:
    (tmp_path / "a.mp3").write_bytes(mp3)
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{tmp_path / 'a.mp3'}\n#EXT-X-ENDLIST\n".encode()
    with pytest.raises((av.error.FFmpegError, ValueError)):
        open_with_ffmpeg(io.BytesIO(playlist))
