"""The genres in a file's tags, in each format's own way: read, and written into a copy.

Several genres are several values where the format has them: Vorbis comments (FLAC, Ogg, Opus), MP4, ASF, APEv2, and
ID3v2.4, whose text frames hold a list. ID3v2.3 has one text a frame, and for several genres only references to ID3v1's
list of numbers. For lists of people it has "/"; taggers took that over for genres (issues of getID3 say so of Picard),
whereas a NUL, which others write, ends the text for a reader that keeps to the standard. So "/" is written, and "; "
where a name itself has a "/". A file keeps the version that it has; one without any ID3 tag gets 2.4.

An ID3v1 tag at the end of an mp3 keeps its texts, whatever their encoding; its number of a genre goes with the others.
A genre in an APEv2 tag counts where there is none in ID3.

A wav file may have a genre in its RIFF INFO list besides, the only place where Windows looks: it counts where there is
none in ID3, and it is written with the ID3 tag, so that a file does not say two things; but a file that has an ID3 tag
with more than a genre and no such list gets none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from genrekit.audio import display_name
from genrekit.audio.sniff import HEAD_BYTES, describe_head
from genrekit.library.errors import TagError
from genrekit.library.id3v1 import id3v1_texts_kept
from genrekit.library.riff_info import mend_last_chunk, read_info_genre, require_whole_chunks, write_info_genre

__all__ = ["TAGGED_FORMATS", "Tags", "as_written", "read_tags", "write_genres"]


@dataclass(frozen=True)
class _Format:
    module: str
    type: str
    family: str  # how its tags are made


# As people call them -> mutagen's type
_FORMATS = {
    "mp3": _Format("mutagen.mp3", "MP3", "id3"),
    "aiff": _Format("mutagen.aiff", "AIFF", "id3"),
    "wav": _Format("mutagen.wave", "WAVE", "id3"),
    "flac": _Format("mutagen.flac", "FLAC", "vorbis"),
    "ogg": _Format("mutagen.oggvorbis", "OggVorbis", "vorbis"),
    "opus": _Format("mutagen.oggopus", "OggOpus", "vorbis"),
    "ogg flac": _Format("mutagen.oggflac", "OggFLAC", "vorbis"),
    "speex": _Format("mutagen.oggspeex", "OggSpeex", "vorbis"),
    "m4a": _Format("mutagen.mp4", "MP4", "mp4"),
    "wma": _Format("mutagen.asf", "ASF", "asf"),
    "ape": _Format("mutagen.monkeysaudio", "MonkeysAudio", "ape"),
    "wavpack": _Format("mutagen.wavpack", "WavPack", "ape"),
}
TAGGED_FORMATS: tuple[str, ...] = tuple(_FORMATS)
"""Formats whose tags can be written."""

_KEYS = {"id3": "TCON", "vorbis": "genre", "mp4": "\xa9gen", "asf": "WM/Genre", "ape": "Genre"}
_HEAD_BYTES = 512
_ID3_HEADER_BYTES = 10
_LENGTH_TOLERANCE_S = 1e-6


@dataclass(frozen=True)
class Tags:
    """What a file's tags say of its genre.

    Attributes
    ----------
    format : as in `TAGGED_FORMATS`
    genres : in the order of the file; empty if it has none
    version : of its ID3 tag, such as "ID3v2.3"; "" without one
    duration_s : as the file's headers state it
    notes : what a reader should know, such as a second tag that stays as it is
    """

    format: str
    genres: tuple[str, ...]
    version: str = ""
    duration_s: float = 0.0
    notes: tuple[str, ...] = ()


def read_tags(path: Path) -> Tags:
    """The genres of a file.

    Raises
    ------
    TagError : if it is of no format with tags, or its tag block is broken
    """
    name, opened = _open(path)
    notes = []
    beside: tuple[str, ...] = ()
    with path.open("rb") as file:
        if _FORMATS[name].family == "vorbis" and file.read(3) == b"ID3":
            notes.append("has an ID3 tag in front of its own tags, which stays as it is")
        if name == "mp3" and _has_ape(file):
            notes.append("has an APEv2 tag too, which stays as it is, and which some players read first")
            beside = _ape_genres(path)
        if name == "wav":
            require_whole_chunks(file, display_name(path))
            if info_genre := read_info_genre(file):
                beside = (info_genre,)
    version = ""
    if _FORMATS[name].family == "id3" and opened.tags is not None:
        version = "ID3v{}.{}".format(*opened.tags.version[:2])
    length = getattr(opened.info, "length", 0.0) or 0.0
    genres = _genres(opened, _FORMATS[name].family) or beside
    return Tags(name, genres, version, float(length), tuple(notes))


def write_genres(path: Path, genres: Sequence[str]) -> None:
    """Write genres into the file's tags, in place, and read them back. Meant for a copy: a kill leaves half a tag.

    Parameters
    ----------
    path : the copy, which may be written
    genres : at least one

    Raises
    ------
    TagError : if the tags cannot be written, or do not come back as they were given
    """
    before = read_tags(path)
    if before.format == "wav":
        mend_last_chunk(path)
    name, opened = _open(path, with_id3v1=False)
    family = _FORMATS[name].family
    has_more = opened.tags is not None and any(key != _KEYS[family] for key in opened.tags)
    try:
        with id3v1_texts_kept(path) if name == "mp3" else nullcontext():
            _set(opened, family, list(genres))
        if name == "wav":
            write_info_genre(path, genres, may_begin=not has_more)
    except TagError:
        raise
    except OSError as error:
        raise TagError(f"{display_name(path)}: cannot write tags: {error.strerror or error}") from error
    # mutagen meets whatever bytes the file has; the copy is thrown away, and the file's own name is told.
    except Exception as error:
        raise TagError(f"{display_name(path)}: cannot write tags: {_reason(error)}") from error
    after = read_tags(path)
    expected = as_written(genres, after)
    if after.genres != expected:
        raise TagError(f"{display_name(path)}: genres came back as {list(after.genres)}; expected {list(expected)}")
    if abs(after.duration_s - before.duration_s) > _LENGTH_TOLERANCE_S:
        raise TagError(
            f"{display_name(path)}: with the tags it lasts {after.duration_s:.3f} s, without {before.duration_s:.3f} s"
        )


def as_written(genres: Sequence[str], tags: Tags) -> tuple[str, ...]:
    """The genres as they will be read back from a file with such tags: in ID3v2.3 a name with "/" reads as two."""
    return _parted(_joined(genres)) if tags.version in ("ID3v2.3", "ID3v2.2") else tuple(genres)


def _open(path: Path, *, with_id3v1: bool = True) -> tuple[str, Any]:
    """The format and mutagen's file; of an mp3 that has ID3v2, `with_id3v1` adds what ID3v1 alone says."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            content = describe_head(head)
            file.seek(0)
            name = _sniff(file, path.suffix.lower())
    except OSError as error:
        raise TagError(f"{display_name(path)}: cannot be read: {error.strerror or error}") from error
    if name is None:
        raise TagError(
            f"{display_name(path)}: no format whose tags can be written; {content}. Such formats are "
            f"{', '.join(TAGGED_FORMATS)}"
        )
    entry = _FORMATS[name]
    file_type = getattr(import_module(entry.module), entry.type)
    # Frames of ID3v2.3 must not be turned into those of 2.4 that a player of 2.3 would not know.
    options = {"translate": False} if entry.family == "id3" else {}
    of_id3v1 = {"load_v1": False} if name == "mp3" and not with_id3v1 and head.startswith(b"ID3") else {}
    try:
        opened = file_type(path, **options, **of_id3v1)
        if options and opened.tags is not None and opened.tags.version[:2] < (2, 3):
            opened = file_type(path, **of_id3v1)
        return name, opened
    # mutagen meets whatever bytes the file has, and its own error is not the only one that they lead to.
    except Exception as error:
        raise TagError(
            f"{display_name(path)}: its tags cannot be read as {name}: {_reason(error)}; {content}; left as it is"
        ) from error


def _reason(error: Exception) -> str:
    return str(error) or "they are damaged"


def _genres(opened: Any, family: str) -> tuple[str, ...]:
    if opened.tags is None:
        return ()
    key = _KEYS[family]
    if family == "id3":
        found = [genre for frame in opened.tags.getall(key) for genre in frame.genres if genre]
        if opened.tags.version[:2] < (2, 4):
            return tuple(part for genre in found for part in _parted(genre))
        return tuple(found)
    return _texts(opened.tags[key]) if key in opened.tags else ()


def _texts(value: object) -> tuple[str, ...]:
    """The texts of a tag's value; none of one that is no list, such as bytes in an APEv2 tag."""
    parts = value if isinstance(value, Iterable) else ()
    return tuple(text for text in map(str, parts) if text)


def _set(opened: Any, family: str, genres: list[str]) -> None:
    if opened.tags is None:
        opened.add_tags()
    key = _KEYS[family]
    if family != "id3":
        opened.tags[key] = genres
        opened.save()
        return
    from mutagen.id3 import TCON, Encoding

    version: tuple[int, ...] = opened.tags.version[:2] if opened.tags.size else (2, 4)
    old = version < (2, 4)
    if version < (2, 3):
        opened.tags.update_to_v23()
    text = [_joined(genres)] if old else genres
    latin = all(ord(letter) < 256 for part in text for letter in part)
    unicode = Encoding.UTF16 if old else Encoding.UTF8
    opened.tags.setall(key, [TCON(encoding=Encoding.LATIN1 if latin else unicode, text=text)])  # type: ignore[no-untyped-call]
    # NUL stays what parts the other frames' values where it did before.
    opened.save(v2_version=3 if old else 4, v23_sep=None)


def _joined(genres: Sequence[str]) -> str:
    return ("; " if any("/" in genre for genre in genres) else "/").join(genres)


def _parted(text: str) -> tuple[str, ...]:
    return tuple(part for part in (part.strip() for part in text.split(";" if ";" in text else "/")) if part)


def _sniff(file: BinaryIO, suffix: str) -> str | None:
    """The format, by the bytes behind an ID3 tag if there is one; the suffix has a word only where they say nothing."""
    head = file.read(_HEAD_BYTES)
    tagged = head[:3] == b"ID3" and len(head) >= _ID3_HEADER_BYTES
    if tagged:
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        file.seek(_ID3_HEADER_BYTES + size)
        head = file.read(_HEAD_BYTES)
    for start, name in ((b"fLaC", "flac"), (b"MAC ", "ape"), (b"wvpk", "wavpack"), (b"\x30\x26\xb2\x75", "wma")):
        if head.startswith(start):
            return name
    if head[:4] == b"OggS":
        for mark, name in (
            (b"OpusHead", "opus"),
            (b"\x01vorbis", "ogg"),
            (b"\x7fFLAC", "ogg flac"),
            (b"Speex ", "speex"),
        ):
            if mark in head:
                return name
        return None
    if head[4:8] == b"ftyp":
        return "m4a"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "wav"
    # Layer bits 00 behind the same sync word are AAC without a container, which has no tags of its own.
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06:
        return "mp3"
    return "mp3" if suffix == ".mp3" else None


def _ape_genres(path: Path) -> tuple[str, ...]:
    from mutagen import MutagenError
    from mutagen.apev2 import APEv2

    try:
        tags: Any = APEv2(path)  # type: ignore[no-untyped-call]
    except (MutagenError, ValueError):  # a broken one stays, and says nothing
        return ()
    return _texts(tags.get(_KEYS["ape"]))


def _has_ape(file: BinaryIO) -> bool:
    end = file.seek(0, 2)
    file.seek(max(0, end - 160))
    return b"APETAGEX" in file.read()
