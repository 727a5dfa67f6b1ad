"""New tags that would cost anything else are not written: sound, pictures, and tags that mutagen cannot parse."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

pytest.importorskip("mutagen")

from audio.encoding import music, write_pyav

from genrekit.library.contents import contents_of
from genrekit.library.errors import TagError
from genrekit.library.policy import TagPolicy
from genrekit.library.tag_journal import read_journal
from genrekit.library.tags import write_genres
from library.tagged_files import NAMES, make_file, write_heard


def _write(path: Path, journal: Path) -> None:
    write_heard(path, journal, {"jazz": 1.0}, TagPolicy(existing="replace"))


def _id3v24(*frames: tuple[bytes, bytes]) -> bytes:
    body = b"".join(name + struct.pack(">I", len(text)) + b"\0\0" + text for name, text in frames)
    return b"ID3\x04\0\0" + struct.pack(">I", len(body)) + body


@pytest.mark.parametrize("name", [name for name in NAMES if name != "song.ape"])
def test_a_new_genre_leaves_all_else(tmp_path: Path, name: str) -> None:
    path = make_file(tmp_path, name)
    before = contents_of(path)
    write_genres(path, ["Jazz", "Hip-Höp"])
    after = contents_of(path)
    assert before is not None and before.streams and after is not None
    assert before.lost_in(after) == ""


def test_what_no_decoder_opens_has_no_contents(tmp_path: Path) -> None:
    assert contents_of(make_file(tmp_path, "song.ape")) is None


@pytest.mark.parametrize("place", [0.5, 0.99])
def test_one_byte_of_the_sound_counts(tmp_path: Path, place: float) -> None:
    path = make_file(tmp_path, "song.wav")
    before, data = contents_of(path), bytearray(path.read_bytes())
    data[int(place * len(data))] ^= 1
    path.write_bytes(data)
    after = contents_of(path)
    assert before is not None and after is not None
    assert "sound" in before.lost_in(after)


def test_an_mp4_in_fragments_whose_places_mutagen_would_not_move_is_left_as_it_is(tmp_path: Path) -> None:
    path = write_pyav(
        tmp_path / "fragments.m4a",
        music(4.0),
        container="ipod",
        codec="aac",
        sample_format="fltp",
        container_options={"movflags": "frag_keyframe+empty_moov", "frag_duration": "1000000"},
    )
    before = path.read_bytes()
    with pytest.raises(TagError, match=r"fragments\.m4a: with a new genre its sound .* would not stay the same"):
        _write(path, tmp_path / "journal")
    assert path.read_bytes() == before
    assert list(read_journal(tmp_path / "journal")) == []
    assert sorted(file.name for file in tmp_path.iterdir()) == ["fragments.m4a", "journal"]


def test_a_tag_that_mutagen_cannot_parse_is_not_lost(tmp_path: Path) -> None:
    path = make_file(tmp_path, "plain.mp3")
    # An encoding byte that says UTF-8 before Latin-1, as old taggers wrote.
    tag = _id3v24((b"TIT2", b"\x03Ace"), (b"TPE1", b"\x03Mot\xf6rhead"), (b"TALB", b"\x03Ace"))
    path.write_bytes(tag + path.read_bytes())
    before = path.read_bytes()
    with pytest.raises(TagError, match=r"with a new genre its tag artist, 'Mot.rhead', would not stay the same"):
        _write(path, tmp_path / "journal")
    assert path.read_bytes() == before


def _id3v1(title: bytes, year: bytes, comment: bytes) -> bytes:
    return b"TAG" + title.ljust(30, b"\0") + bytes(60) + year.ljust(4, b"\0") + comment.ljust(30, b"\0") + b"\x05"


@pytest.mark.parametrize("between", [b"", b"LYRICSBEGININD0000200000010LYRICS200", bytes(range(1, 201))])
@pytest.mark.parametrize("has_v2", [False, True])
@pytest.mark.parametrize(
    "v1", [_id3v1(b"Title", b"1999", b"plain"), _id3v1(b" Caf\xc3\xa9", b"n.d.", b"Caf\xe9"), _id3v1(b"x", b"99", b"")]
)
def test_an_id3v1_tag_behind_whatever_is_no_sound_and_keeps_its_texts(
    tmp_path: Path, v1: bytes, has_v2: bool, between: bytes
) -> None:
    path = make_file(tmp_path, "plain.mp3")
    sound = path.read_bytes()
    path.write_bytes(_id3v24((b"TIT2", b"\x03Ace")) * has_v2 + sound[:-100] + between + v1)
    _write(path, tmp_path / "journal")
    assert path.read_bytes()[-128:-1] == v1[:-1]


def test_several_comments_are_no_loss_whichever_comes_first(tmp_path: Path) -> None:
    from mutagen.id3 import COMM, ID3

    path = make_file(tmp_path, "plain.mp3")
    tags = ID3()
    for language, text in (("eng", "a long comment about the song"), ("deu", "kurz"), ("XXX", "x")):
        tags.add(COMM(encoding=0, lang=language, desc="", text=[text]))
    tags.save(path, v2_version=3)
    _write(path, tmp_path / "journal")
    assert len(ID3(path).getall("COMM")) == 3


def test_two_tags_of_one_text_are_two(tmp_path: Path) -> None:
    path = make_file(tmp_path, "plain.mp3")
    sound = path.read_bytes()
    path.write_bytes(_id3v24((b"TIT2", b"\x03Ace"), (b"TALB", b"\x03Ace")) + sound)
    before = contents_of(path)
    path.write_bytes(_id3v24((b"TIT2", b"\x03Ace")) + sound)
    after = contents_of(path)
    assert before is not None and after is not None
    assert before.lost_in(after) == "its tag album, 'Ace',"
