"""The genre in a wav file's RIFF INFO list: seen as the file's own, and written with it."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("mutagen")

from genrekit.library.errors import TagError
from genrekit.library.policy import TagPolicy
from genrekit.library.riff_info import read_info_genre, write_info_genre
from genrekit.library.tag_files import TagPlan, decided, plan_file, write_plan
from genrekit.library.tag_journal import TagJournal, read_journal
from genrekit.library.tags import read_tags, write_genres
from genrekit.library.undo import undo_entry
from library.tagged_files import write_heard

HEARD = {"jazz": 0.9, "blues": 0.1}


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack("<4sI", name, len(content)) + content + b"\0" * (len(content) % 2)


def _wav(texts: list[tuple[bytes, bytes]], *, data: bytes = b"\1\2" * 50, first: bool = True) -> bytes:
    info = _chunk(b"LIST", b"INFO" + b"".join(_chunk(*text) for text in texts))
    sound = _chunk(b"data", data)
    body = _chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)) + (info + sound if first else sound + info)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def _chunks(content: bytes, start: int = 12) -> list[tuple[bytes, bytes]]:
    found = []
    while start < len(content):
        name, size = struct.unpack_from("<4sI", content, start)
        found.append((name, content[start + 8 : start + 8 + size]))
        start += 8 + size + size % 2
    assert start == len(content)
    return found


@pytest.fixture
def of_ffmpeg(tmp_path: Path) -> Path:
    """Made by FFmpeg, which puts the list before the sound."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    path = tmp_path / "song.wav"
    source = ["-f", "lavfi", "-i", "sine=300:duration=1:sample_rate=8000"]
    tags = ["-metadata", "genre=Bossa Nova", "-metadata", "title=Mañana"]
    subprocess.run(["ffmpeg", "-v", "error", *source, *tags, path], check=True)
    return path


def _decide(path: Path, **policy: object) -> TagPlan:
    chosen = TagPolicy(**policy)  # type: ignore[arg-type]
    plan = decided(plan_file(str(path), chosen), HEARD, "jazz", chosen)
    assert plan.decision is not None
    return plan


def test_it_counts_for_the_policy(of_ffmpeg: Path) -> None:
    assert read_tags(of_ffmpeg).genres == ("Bossa Nova",)
    assert _decide(of_ffmpeg).decision.reason == "has a genre"
    assert _decide(of_ffmpeg, existing="add").decision.new == ("Bossa Nova", "jazz")
    assert _decide(of_ffmpeg, existing="replace", never_genres=("bossa nova",)).decision.reason.endswith("touched")
    same = _decide(of_ffmpeg, existing="replace", names={"jazz": "Bossa Nova"})
    assert same.decision.reason == "has these already"


def test_both_places_say_the_same_and_undo_gives_the_bytes_back(of_ffmpeg: Path, tmp_path: Path) -> None:
    before = of_ffmpeg.read_bytes()
    with TagJournal.opened(tmp_path / "journal", {}) as journal:
        write_plan(_decide(of_ffmpeg, existing="add", names={"jazz": "Jäzz"}), journal)
    assert read_tags(of_ffmpeg).genres == ("Bossa Nova", "Jäzz")
    command = ["ffprobe", "-v", "error", "-of", "default=nw=1", "-show_entries", "format_tags=genre,title", of_ffmpeg]
    shown = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    assert shown.splitlines() == ["TAG:genre=Bossa Nova; Jäzz", "TAG:title=Mañana"]
    assert dict(_chunks(of_ffmpeg.read_bytes()))[b"data"] == dict(_chunks(before))[b"data"]
    (entry,) = read_journal(tmp_path / "journal")
    assert undo_entry(entry).state == "restored"
    assert of_ffmpeg.read_bytes() == before


def test_exiftool_reads_it(tmp_path: Path) -> None:
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool (libimage-exiftool-perl) is not installed")
    path = tmp_path / "song.wav"
    path.write_bytes(_wav([(b"IGNR", b"Old\0"), (b"INAM", b"T\0")]))
    write_info_genre(path, ["New", "Newer"], may_begin=True)
    found = subprocess.run(["exiftool", "-s3", "-RIFF:Genre", path], capture_output=True, check=True).stdout
    assert found == b"New; Newer\n"


def test_id3_goes_before_it(of_ffmpeg: Path) -> None:
    from mutagen.id3 import TCON
    from mutagen.wave import WAVE

    file = WAVE(of_ffmpeg)
    file.add_tags()
    file.tags.add(TCON(encoding=3, text=["Samba"]))
    file.save()
    assert read_tags(of_ffmpeg).genres == ("Samba",)


texts = st.binary(max_size=300).map(lambda text: text.replace(b"\0", b" "))
names = st.sampled_from([b"INAM", b"IART", b"ICMT", b"ISFT"])


@settings(max_examples=150)
@given(
    before=st.lists(st.tuples(names, texts), max_size=3),
    old=texts,
    behind=st.lists(st.tuples(names, texts), max_size=3),
    new=st.lists(st.text(st.characters(min_codepoint=32, codec="utf-8"), min_size=1, max_size=40), min_size=1),
    data=st.binary(max_size=80),
    first=st.booleans(),
)
def test_only_the_genre_changes(
    tmp_path_factory: pytest.TempPathFactory,
    before: list[tuple[bytes, bytes]],
    old: bytes,
    behind: list[tuple[bytes, bytes]],
    new: list[str],
    data: bytes,
    first: bool,
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.wav"
    was = _wav([*before, (b"IGNR", old), *behind], data=data, first=first)
    path.write_bytes(was)
    write_info_genre(path, new, may_begin=True)
    now = path.read_bytes()
    assert struct.unpack_from("<I", now, 4) == (len(now) - 8,)
    assert [name for name, _ in _chunks(now)] == [name for name, _ in _chunks(was)]
    assert dict(_chunks(now))[b"data"] == data
    listed = _chunks(dict(_chunks(now))[b"LIST"], 4)
    kept = [*before, *behind]
    assert [text for text in listed if text[0] != b"IGNR"] == kept
    written = dict(listed)[b"IGNR"].removesuffix(b"\0")
    wanted = "; ".join(new)
    assert wanted in (written.decode("utf-8", "replace"), written.decode("cp1252", "replace"))


def _untagged(*, info: bool, data: bytes = b"\1\2" * 50) -> bytes:
    if info:
        return _wav([(b"INAM", b"T\0")], data=data)
    body = _chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)) + _chunk(b"data", data)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


@pytest.mark.parametrize("info", [True, False])
@pytest.mark.parametrize("data", [b"\1\2" * 50, b"odd"])
def test_what_has_none_gets_one(tmp_path: Path, info: bool, data: bytes) -> None:
    path = tmp_path / "song.wav"
    was = _untagged(info=info, data=data)
    path.write_bytes(was)
    write_info_genre(path, ["Jazz", "Früh"], may_begin=True)
    now = path.read_bytes()
    assert struct.unpack_from("<I", now, 4) == (len(now) - 8,)
    assert [chunk for chunk in _chunks(now) if chunk[0] != b"LIST"] == [c for c in _chunks(was) if c[0] != b"LIST"]
    assert (b"INAM" in now) == info
    with path.open("rb") as file:
        assert read_info_genre(file) == "Jazz; Früh"


@pytest.mark.parametrize("info", [True, False])
@pytest.mark.parametrize("spoil", [lambda was: was[:-1], lambda was: was + b"behind", lambda was: was[:10]])
def test_what_has_none_is_left_where_sizes_do_not_add_up(
    tmp_path: Path, info: bool, spoil: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(spoil(_untagged(info=info)))
    before = path.read_bytes()
    write_info_genre(path, ["Jazz"], may_begin=True)
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", [b"", b"\0\0", b"  \0"])
def test_an_empty_genre_is_none(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(_wav([(b"IGNR", text)]))
    with path.open("rb") as file:
        assert read_info_genre(file) == ""


def test_the_code_page_of_windows_is_read_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(_wav([(b"IGNR", "Früh".encode("cp1252") + b"\0")]))
    with path.open("rb") as file:
        assert read_info_genre(file) == "Früh"
    write_info_genre(path, ["Spät"], may_begin=True)
    assert b"Sp\xe4t\0" in path.read_bytes()


@pytest.mark.parametrize("n_kept", [0, 11, 12, 20, 43, 50, 60, 70, 100])
def test_a_cut_file_is_no_crash(tmp_path: Path, n_kept: int) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(_wav([(b"IGNR", b"Old\0"), (b"INAM", b"Title\0")])[:n_kept])
    before = path.read_bytes()
    with path.open("rb") as file:
        found = read_info_genre(file)
    if found:  # the list is whole, the sound is not
        with pytest.raises(TagError, match="more bytes than it has"):
            write_info_genre(path, ["Jazz"], may_begin=True)
    else:
        write_info_genre(path, ["Jazz"], may_begin=True)
    assert path.read_bytes() == before


def test_long_recordings_are_moved_in_blocks(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    data = bytes(range(256)) * 10_000  # more than two blocks
    for old, new in ((b"A\0", "Longer than it was"), (b"Longer than it will be\0", "B")):
        path.write_bytes(_wav([(b"IGNR", old)], data=data))
        write_info_genre(path, [new], may_begin=True)
        assert dict(_chunks(path.read_bytes()))[b"data"] == data


def _write(path: Path, journal: Path) -> None:
    write_heard(path, journal, HEARD, TagPolicy(existing="replace"))


@pytest.mark.parametrize("has_list", [False, True])
def test_an_id3_tag_with_more_than_a_genre_is_not_hidden_by_a_list_of_a_genre_alone(
    tmp_path: Path, has_list: bool
) -> None:
    from mutagen.id3 import TCON, TIT2
    from mutagen.wave import WAVE

    path = tmp_path / "song.wav"
    path.write_bytes(_wav([(b"INAM", b"Title\0")] if has_list else []).replace(b"LIST\4\0\0\0INFO", b""))
    if not has_list:
        whole = path.read_bytes()
        path.write_bytes(whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:])
    file = WAVE(path)
    file.add_tags()
    file.tags.add(TIT2(encoding=3, text=["Title"]))
    file.tags.add(TCON(encoding=3, text=["Rock"]))
    file.save()
    _write(path, tmp_path / "journal")
    assert read_tags(path).genres == ("jazz",)
    names = [name for name, _ in _chunks(path.read_bytes())]
    assert (b"LIST" in names) == has_list
    # What is tagged already, by a genre alone, goes on to have both.
    plain = tmp_path / "plain.wav"
    plain.write_bytes(_wav([]))
    _write(plain, tmp_path / "journal of plain")
    write_genres(plain, ["Blues"])
    assert read_info_genre(plain.open("rb")) == "Blues" and WAVE(plain).tags["TCON"].genres == ["Blues"]


@pytest.mark.parametrize("counted", [False, True])
def test_sound_of_an_odd_size_without_a_byte_behind_it_is_tagged_and_given_back(tmp_path: Path, counted: bool) -> None:
    path, journal = tmp_path / "mono8.wav", tmp_path / "journal"
    whole = _wav([], data=b"\x80\x90\xa0" * 33)
    assert whole.endswith(b"\xa0\0")
    riff_size = len(whole) - 8 if counted else len(whole) - 9
    before = whole[:4] + struct.pack("<I", riff_size) + whole[8:-1]
    path.write_bytes(before)
    _write(path, journal)
    assert read_tags(path).genres == ("jazz",)
    after = path.read_bytes()
    assert struct.unpack("<I", after[4:8]) == (len(after) - 8,)
    assert dict(_chunks(after))[b"data"] == b"\x80\x90\xa0" * 33
    (entry,) = read_journal(journal)
    assert undo_entry(entry).state == "restored" and path.read_bytes() == before


@pytest.mark.parametrize("stated", [1_000_000, 0xFFFF_FFFF])
def test_sound_that_is_shorter_than_its_header_states_is_told_before_anything_is_written(
    tmp_path: Path, stated: int
) -> None:
    path = tmp_path / "cut.wav"
    whole = bytearray(_wav([]))
    place = whole.index(b"data") + 4
    whole[place : place + 4] = struct.pack("<I", stated)
    path.write_bytes(whole)
    with pytest.raises(TagError, match=rf"cut\.wav: its header states {stated:,} bytes of sound, and 100 are there"):
        plan_file(str(path), TagPolicy())
