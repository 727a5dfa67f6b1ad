"""ID3v1, the 128 bytes at the very end of an mp3: kept when the genre changes, and left out of the sound."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

__all__ = ["WithoutId3v1", "id3v1_texts_kept"]

ID3V1_BYTES = 128


class WithoutId3v1:
    """A file as FFmpeg reads it, but for an ID3v1 tag at its end: whoever writes tags keeps its texts, and FFmpeg may
    take its bytes for sound."""

    def __init__(self, file: BinaryIO) -> None:
        end = file.seek(0, os.SEEK_END)
        tag = _id3v1(file)
        self._end = end - len(tag) if len(tag) < end else end
        self._file = file
        file.seek(0)

    def read(self, n: int) -> bytes:
        return self._file.read(max(0, min(n, self._end - self._file.tell())))

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_END:
            offset, whence = self._end + offset, os.SEEK_SET
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


@contextmanager
def id3v1_texts_kept(path: Path) -> Iterator[None]:
    """Give an ID3v1 tag its texts back, which mutagen makes anew: in Latin-1 alone, and without the comment."""
    before = _id3v1_of(path)
    yield
    after = _id3v1_of(path)
    if before and after:
        with path.open("r+b") as file:
            file.seek(-ID3V1_BYTES, os.SEEK_END)
            file.write(before[:-1] + after[-1:])


def _id3v1_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return _id3v1(file)


def _id3v1(file: BinaryIO) -> bytes:
    """The tag at the end of a file; empty if there is none."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - ID3V1_BYTES))
    tail = file.read()
    return tail if tail.startswith(b"TAG") and len(tail) == ID3V1_BYTES else b""
