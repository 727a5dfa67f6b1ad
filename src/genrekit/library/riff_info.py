"""The genre in a wav file's RIFF INFO list (`IGNR`), which many players and FFmpeg read where they know no ID3 in wav.

Layout after "Multimedia Programming Interface and Data Specifications 1.0" (IBM and Microsoft, 1991): chunks of a name
of four bytes, a size of four, little endian, and that many bytes, padded to an even number; texts end with NUL. It says
nothing of their encoding; taggers of today write UTF-8, older programs of Windows its code page.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from genrekit.audio import display_name
from genrekit.library.errors import TagError

__all__ = ["mend_last_chunk", "read_info_genre", "require_whole_chunks", "write_info_genre"]

GENRE = b"IGNR"
HEAD = struct.Struct("<4sI")
RIFF_HEAD_BYTES = 12
# A list of a few texts; more is none, and is not read into memory.
MAX_INFO_BYTES = 1 << 20
MAX_SIZE = 0xFFFF_FFFF
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class _Info:
    offset: int  # of the chunk's head
    body: bytes  # behind "INFO"

    @property
    def encoding(self) -> str:
        try:
            for _, text in _texts(self.body):
                text.decode("utf-8")
        except UnicodeDecodeError:
            return "cp1252"
        return "utf-8"


def require_whole_chunks(file: BinaryIO, name: str) -> None:
    """Refuse a wav file one of whose chunks states more bytes than there are: tags behind it would not be found again.

    Parameters
    ----------
    file : of the form RIFF WAVE
    name : of the file, for the message

    Raises
    ------
    TagError : naming the chunk
    """
    end = file.seek(0, os.SEEK_END)
    behind = _behind(file, end)
    if behind + HEAD.size > end:
        return
    file.seek(behind)
    chunk, size = HEAD.unpack(file.read(HEAD.size))
    # What stands behind the last chunk need not be one.
    if chunk == b"data":
        raise TagError(
            f"{name}: its header states {size:,} bytes of sound, and {end - behind - HEAD.size:,} are there, as of a "
            "recording that was cut or streamed; write it anew (ffmpeg -i old.wav -c copy new.wav)"
        )


def mend_last_chunk(path: Path) -> None:
    """Put the byte behind a last chunk of odd size that RIFF asks for and many programs leave out, in place."""
    with path.open("rb+") as file:
        end = file.seek(0, os.SEEK_END)
        if _behind(file, end) != end + 1:
            return
        file.seek(end)
        file.write(b"\0")
        file.seek(0)
        name, riff_size = HEAD.unpack(file.read(HEAD.size))
        # Some count that byte although it is not there.
        if riff_size + HEAD.size == end:
            file.seek(0)
            file.write(HEAD.pack(name, riff_size + 1))


def read_info_genre(file: BinaryIO) -> str:
    """The genre in the INFO list of a wav file; "" if it has none."""
    for info in _lists(file):
        for name, text in _texts(info.body):
            genre = text.split(b"\0")[0].decode(info.encoding, "replace").strip()
            if name == GENRE and genre:
                return genre
    return ""


def write_info_genre(path: Path, genres: Sequence[str], *, may_begin: bool) -> None:
    """Put genres in the place of those that INFO lists have, or into a list of their own, in place.

    Several are parted by "; ", as Windows shows several values. A file that has no genre there, and whose sizes do not
    add up, is left as it is: what stands behind a wrong size is not found again.

    Parameters
    ----------
    path : a copy, since a kill leaves half of it
    genres : at least one
    may_begin : whether a file without an INFO list may get one. FFmpeg up to 5 reads no other tag of a file that has
        one, so that a list of a genre alone would hide title and artist in an ID3 tag

    Raises
    ------
    TagError : if the sizes of a file that has a genre do not add up, or it would become too long for RIFF
    OSError : if it cannot be written
    """
    text = "; ".join(genres)
    with path.open("rb+") as file:
        lists = list(_lists(file))
        having = [info for info in lists if any(name == GENRE for name, _ in _texts(info.body))]
        # Last first, so that the places of those before stay.
        for info in reversed(having):
            _replace(path, file, info, _with_genre(info, text))
        if having or not _adds_up(file):
            return
        if lists:
            _replace(path, file, lists[0], _with_genre(lists[0], text))
        elif may_begin:
            _append(path, file, _with_genre(_Info(0, b""), text))


def _adds_up(file: BinaryIO) -> bool:
    end = file.seek(0, os.SEEK_END)
    if end < RIFF_HEAD_BYTES:
        return False
    file.seek(0)
    name, riff_size = HEAD.unpack(file.read(HEAD.size))
    behind = _behind(file, end)
    return bool(name == b"RIFF" and riff_size + HEAD.size == behind == end)


def _lists(file: BinaryIO) -> Iterator[_Info]:
    end = file.seek(0, os.SEEK_END)
    for name, offset, size in _chunks(file, RIFF_HEAD_BYTES, end):
        if name == b"LIST" and 4 <= size <= MAX_INFO_BYTES:
            file.seek(offset + HEAD.size)
            content = file.read(size)
            if content[:4] == b"INFO":
                yield _Info(offset, content[4:])


def _chunks(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, offset and size of each chunk that lies in the file whole."""
    while start + HEAD.size <= end:
        file.seek(start)
        name, size = HEAD.unpack(file.read(HEAD.size))
        if start + HEAD.size + size > end:
            return
        yield name, start, size
        start += HEAD.size + size + size % 2


def _behind(file: BinaryIO, end: int) -> int:
    """Where the chunks that lie in the file whole end, with the byte that one of odd size should have behind it."""
    behind = RIFF_HEAD_BYTES
    for _, offset, size in _chunks(file, RIFF_HEAD_BYTES, end):
        behind = offset + HEAD.size + size + size % 2
    return behind


def _texts(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    start = 0
    while start + HEAD.size <= len(body):
        name, size = HEAD.unpack_from(body, start)
        yield name, body[start + HEAD.size : start + HEAD.size + size]
        start += HEAD.size + size + size % 2


def _with_genre(info: _Info, genre: str) -> bytes:
    try:
        new = genre.encode(info.encoding)
    except UnicodeEncodeError:
        new = genre.encode("utf-8")
    texts = [(name, new + b"\0" if name == GENRE else text) for name, text in _texts(info.body)]
    if all(name != GENRE for name, _ in texts):
        texts.append((GENRE, new + b"\0"))
    return b"".join(HEAD.pack(name, len(text)) + text + b"\0" * (len(text) % 2) for name, text in texts)


def _replace(path: Path, file: BinaryIO, info: _Info, body: bytes) -> None:
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    _, riff_size = HEAD.unpack(file.read(HEAD.size))
    if riff_size + HEAD.size > end:
        raise TagError(f"{display_name(path)}: its RIFF header tells of more bytes than it has; left as it is")
    old_body = len(info.body) + len(info.body) % 2  # the new one is of even size
    behind = min(info.offset + HEAD.size + 4 + old_body, end)
    change = info.offset + HEAD.size + 4 + len(body) - behind
    if riff_size + change > MAX_SIZE:
        raise TagError(f"{display_name(path)}: with the new genre it would be too long for a wav file")
    _shift(file, behind, end, change)
    file.seek(info.offset)
    file.write(HEAD.pack(b"LIST", 4 + len(body)) + b"INFO" + body)
    file.seek(0)
    file.write(HEAD.pack(b"RIFF", riff_size + change))


def _append(path: Path, file: BinaryIO, body: bytes) -> None:
    chunk = HEAD.pack(b"LIST", 4 + len(body)) + b"INFO" + body
    end = file.seek(0, os.SEEK_END)
    size = end + len(chunk) - HEAD.size
    if size > MAX_SIZE:
        raise TagError(f"{display_name(path)}: with the new genre it would be too long for a wav file")
    file.write(chunk)
    file.seek(0)
    file.write(HEAD.pack(b"RIFF", size))


def _shift(file: BinaryIO, start: int, end: int, by: int) -> None:
    """Move the bytes from `start` to `end`, in blocks: the last first if they go back, so that none is overwritten."""
    blocks = range(start, end, BLOCK_BYTES)
    for offset in reversed(blocks) if by > 0 else blocks:
        file.seek(offset)
        block = file.read(min(BLOCK_BYTES, end - offset))
        file.seek(offset + by)
        file.write(block)
    file.truncate(end + by)
