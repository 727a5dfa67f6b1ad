"""Every format: the sound stays, the genre can be read by others, and undo gives the very bytes back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mutagen")

from audio.permissions import as_nobody, open_the_way_to

from genrekit.audio import load_audio
from genrekit.file_identity import file_sha256
from genrekit.library.errors import TagError
from genrekit.library.policy import TagPolicy
from genrekit.library.tag_files import decided, plan_file, write_plan
from genrekit.library.tag_journal import TagJournal, read_journal
from genrekit.library.tags import read_tags
from genrekit.library.undo import undo_entry
from library.tagged_files import NAMES, SR, make_file, write_heard

HEARD = {"jazz": 0.6, "hiphop": 0.4}
POLICY = TagPolicy(existing="replace", max_genres=2, names={"jazz": "Jazz", "hiphop": "Hip-Höp"})


def _write(path: Path, journal: Path, policy: TagPolicy = POLICY) -> None:
    write_heard(path, journal, HEARD, policy)


def _samples(path: Path) -> np.ndarray | bytes:
    if path.suffix == ".ape":  # noise, which no decoder takes
        return path.read_bytes()[: 76 + 200_000]
    return load_audio(path, sr=SR)


@pytest.mark.parametrize("name", NAMES)
def test_a_format_there_and_back(tmp_path: Path, name: str) -> None:
    path, journal = make_file(tmp_path, name), tmp_path / "journal"
    path.chmod(0o640)
    os.utime(path, ns=(10**18, 10**18 + 123))
    before, sound, looks = path.read_bytes(), _samples(path), path.stat()

    _write(path, journal)
    assert read_tags(path).genres == ("Jazz", "Hip-Höp")
    assert path.read_bytes() != before
    np.testing.assert_array_equal(_samples(path), sound)
    now = path.stat()
    assert (now.st_mode, now.st_mtime_ns, now.st_uid) == (looks.st_mode, looks.st_mtime_ns, looks.st_uid)

    (entry,) = read_journal(journal)
    assert journal.stat().st_size < 30_000  # cover art of 90 000 bytes may move, and is not kept once more
    assert undo_entry(entry).state == "restored"
    assert path.read_bytes() == before
    now = path.stat()
    assert (now.st_mode, now.st_mtime_ns) == (looks.st_mode, looks.st_mtime_ns)
    assert undo_entry(entry).state == "as it was"
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([name, "journal"])


@pytest.mark.parametrize("name", [name for name in NAMES if name != "song.ape"])
def test_ffprobe_reads_it(tmp_path: Path, name: str) -> None:
    if shutil.which("ffprobe") is None:
        pytest.skip("ffprobe (of FFmpeg) is not installed")
    path = make_file(tmp_path, name)
    _write(path, tmp_path / "journal")
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", path]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    tags = {**found["streams"][0].get("tags", {}), **found["format"].get("tags", {})}
    genre = {key.lower(): value for key, value in tags.items()}["genre"]
    # FFmpeg itself reads the first alone of a list in ID3v2.4, MP4 and APEv2.
    expected = {"id3v23.mp3": "Jazz/Hip-Höp", "info.wav": "Jazz; Hip-Höp", "song.wav": "Jazz; Hip-Höp"}.get(
        name, "Jazz;Hip-Höp" if path.suffix in (".flac", ".ogg", ".opus") else "Jazz"
    )
    assert genre == expected


@pytest.mark.parametrize("name", ["plain.mp3", "id3v23.mp3", "id3v24.mp3", "song.wav", "info.wav", "song.aiff"])
def test_exiftool_reads_both(tmp_path: Path, name: str) -> None:
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool (libimage-exiftool-perl) is not installed")
    path = make_file(tmp_path, name)
    _write(path, tmp_path / "journal")
    command = ["exiftool", "-json", "-ID3v2_3:Genre", "-ID3v2_4:Genre", "-Title", path]
    (found,) = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert found["Genre"] == "Jazz/Hip-Höp"
    if name.startswith("id3"):
        assert found["Title"] == "Ünder the Śea"


def test_metaflac_reads_both(tmp_path: Path) -> None:
    if shutil.which("metaflac") is None:
        pytest.skip("metaflac (of flac) is not installed")
    path = make_file(tmp_path, "song.flac")
    _write(path, tmp_path / "journal")
    command = ["metaflac", "--no-utf8-convert", "--show-tag=genre", path]
    lines = subprocess.run(command, capture_output=True, check=True).stdout.decode().splitlines()
    assert [line.partition("=")[2] for line in lines] == ["Jazz", "Hip-Höp"]
    subprocess.run(["flac", "--test", "--silent", path], check=True)


@pytest.mark.parametrize(("name", "version"), [("id3v23.mp3", 3), ("id3v24.mp3", 4), ("plain.mp3", 4)])
def test_a_file_keeps_its_version_of_id3(tmp_path: Path, name: str, version: int) -> None:
    path = make_file(tmp_path, name)
    _write(path, tmp_path / "journal")
    assert path.read_bytes()[:4] == b"ID3" + bytes([version])


def test_all_else_in_a_tag_stays(tmp_path: Path) -> None:
    from mutagen.id3 import ID3

    path = make_file(tmp_path, "id3v23.mp3")
    before = ID3(path, translate=False)
    _write(path, tmp_path / "journal")
    after = ID3(path, translate=False)
    assert set(before) == set(after)
    assert all(before[key] == after[key] for key in before if key != "TCON")


def _id3v1(genre: int) -> bytes:
    """As a Russian program writes it: in Windows' Cyrillic, with a comment."""
    title, artist, comment = "Катюша".encode("cp1251"), "Русланова".encode("cp1251"), b"ripped by me"
    parts = (b"TAG", title.ljust(30, b"\0"), artist.ljust(30, b"\0"), bytes(30), b"1940", comment.ljust(30, b"\0"))
    return b"".join(parts) + bytes([genre])


@pytest.mark.parametrize("name", ["id3v23.mp3", "id3v24.mp3", "plain.mp3"])
def test_an_id3v1_tag_keeps_its_texts_and_has_the_new_genre(tmp_path: Path, name: str) -> None:
    from mutagen.id3 import ID3

    path, journal = make_file(tmp_path, name), tmp_path / "journal"
    sound = path.read_bytes()
    path.write_bytes((sound[:-128] if sound[-128:-125] == b"TAG" else sound) + _id3v1(genre=17))
    before = path.read_bytes()
    known = set(ID3(path, load_v1=False)) if name != "plain.mp3" else None
    _write(path, journal, TagPolicy(existing="replace", names={"jazz": "Jazz"}))
    jazz = 8
    assert path.read_bytes()[-128:] == _id3v1(genre=jazz)
    assert read_tags(path).genres == ("Jazz",)
    if known is not None:
        # What ID3v1 alone says, in whatever encoding, is not taken into the other tag.
        assert set(ID3(path, load_v1=False)) == known
    (entry,) = read_journal(journal)
    assert undo_entry(entry).state == "restored" and path.read_bytes() == before


def test_a_genre_in_an_ape_tag_of_an_mp3_counts_where_id3_has_none(tmp_path: Path) -> None:
    from mutagen.apev2 import APEv2

    path = make_file(tmp_path, "plain.mp3")
    tags = APEv2()
    tags["Genre"] = ["Audiobook", "History"]
    tags.save(path)
    assert read_tags(path).genres == ("Audiobook", "History")
    for policy in (TagPolicy(), TagPolicy(existing="replace", never_genres=("audiobook",))):
        decision = plan_file(str(path), policy).decision
        assert decision is not None and not decision.changes
    _write(path, tmp_path / "journal")
    assert read_tags(path).genres == ("Jazz", "Hip-Höp") and list(APEv2(path)["Genre"]) == ["Audiobook", "History"]


def test_an_undo_may_be_repeated_where_a_file_was_written_twice(tmp_path: Path) -> None:
    path, journal = make_file(tmp_path, "song.flac"), tmp_path / "journal"
    before = path.read_bytes()
    for name in ("Jazz", "Cool Jazz"):
        _write(path, journal, TagPolicy(existing="replace", names={"jazz": name}))
    first, second = read_journal(journal)
    assert [undo_entry(entry).state for entry in (second, first)] == ["restored", "restored"]
    assert undo_entry(second, earlier_sha256=[first.old_sha256]).state == "as it was"
    assert undo_entry(first).state == "as it was" and path.read_bytes() == before
    with pytest.raises(TagError, match="was changed after"):
        undo_entry(second)


def test_bytes_in_the_place_of_a_genre_are_none(tmp_path: Path) -> None:
    from mutagen.apev2 import BINARY, APEv2, APEValue

    for name in ("plain.mp3", "song.wv"):
        path = make_file(tmp_path, name)
        tags = APEv2()
        tags["Genre"] = APEValue(b"\xff\x00", BINARY)
        tags.save(path)
        assert read_tags(path).genres == ()


def test_a_file_in_a_folder_that_cannot_be_listed_is_written_and_told_so(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.mkdir()
    path, journal = make_file(box, "song.flac"), tmp_path / "journal"
    open_the_way_to(tmp_path)
    # Whatever it imports is imported by now.
    _write(make_file(tmp_path, "song.flac"), tmp_path / "first journal")
    tmp_path.chmod(0o777)
    path.chmod(0o666)
    box.chmod(0o333)
    with as_nobody():
        with pytest.raises(PermissionError):
            list(box.iterdir())
        _write(path, journal)
        assert read_tags(path).genres == ("Jazz", "Hip-Höp")
    box.chmod(0o755)


@pytest.mark.parametrize(
    ("mode", "of_folder", "message"),
    [
        (0o600, 0o777, "cannot be read: permission denied"),
        (0o644, 0o777, "read-only"),
        (0o666, 0o755, "no new file can be put into its folder"),
    ],
)
def test_what_may_not_be_read_or_replaced_is_told_before_it_is_heard(
    tmp_path: Path, mode: int, of_folder: int, message: str
) -> None:
    path = make_file(tmp_path, "song.flac")
    open_the_way_to(tmp_path)
    path.chmod(mode)
    tmp_path.chmod(of_folder)
    with as_nobody():
        if path.stat().st_uid == os.geteuid():
            pytest.skip("only root can make another's file")
        with pytest.raises(TagError, match=message):
            plan_file(str(path), POLICY)


def test_a_file_that_would_change_its_owner_is_told_so(tmp_path: Path) -> None:
    path = make_file(tmp_path, "song.flac")
    open_the_way_to(tmp_path)
    assert plan_file(str(path), POLICY).tags.notes == ()
    tmp_path.chmod(0o777)
    path.chmod(0o666)
    with as_nobody():
        is_ours = path.stat().st_uid == os.geteuid()
        (note,) = plan_file(str(path), POLICY).tags.notes or ("",)
    assert ("belongs to another user" in note) != is_ours


@pytest.mark.parametrize(
    ("folder", "path", "is_protected"),
    [
        (".", "Audiobooks/plain.mp3", True),
        ("Audiobooks", "plain.mp3", True),
        ("Audiobooks/1984", "../plain.mp3", True),
        (".", "link.mp3", True),
        (".", "Audiobooks/link.mp3", True),
        (".", "song.mp3", False),
        ("Audiobooks", "../song.mp3", False),
    ],
)
def test_a_protected_path_is_protected_however_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, path: str, is_protected: bool
) -> None:
    (tmp_path / "Audiobooks" / "1984").mkdir(parents=True)
    shutil.copy(make_file(tmp_path / "Audiobooks", "plain.mp3"), tmp_path / "song.mp3")
    (tmp_path / "link.mp3").symlink_to("Audiobooks/plain.mp3")
    (tmp_path / "Audiobooks" / "link.mp3").symlink_to("../song.mp3")
    monkeypatch.chdir(tmp_path / folder)
    policy = TagPolicy(existing="replace", never_paths=("*/Audiobooks/*",))
    plan = decided(plan_file(path, policy), HEARD, "jazz", policy)
    assert plan.decision is not None and plan.decision.changes is not is_protected


def test_adding_twice_adds_once(tmp_path: Path) -> None:
    path, policy = make_file(tmp_path, "id3v23.mp3"), TagPolicy(existing="add")
    _write(path, tmp_path / "journal", policy)
    assert read_tags(path).genres == ("Rock", "jazz")
    again = decided(plan_file(str(path), policy), HEARD, "jazz", policy)
    assert again.decision is not None and not again.decision.changes


def test_an_id3_tag_on_a_flac_stays_and_is_told(tmp_path: Path) -> None:
    from mutagen.id3 import ID3, TCON

    path = make_file(tmp_path, "song.flac")
    tags = ID3()
    tags.add(TCON(encoding=3, text=["Rock"]))
    tags.save(path)
    before, sound = path.read_bytes(), _samples(path)
    _write(path, tmp_path / "journal")
    found = read_tags(path)
    assert found.genres == ("Jazz", "Hip-Höp")
    assert "ID3 tag in front" in found.notes[0]
    assert ID3(path)["TCON"].text == ["Rock"]
    np.testing.assert_array_equal(_samples(path), sound)
    undo_entry(next(read_journal(tmp_path / "journal")))
    assert path.read_bytes() == before


def test_a_tag_block_of_10_mb(tmp_path: Path) -> None:
    from mutagen.id3 import APIC, ID3

    path = make_file(tmp_path, "id3v24.mp3")
    tags = ID3(path)
    tags.add(APIC(encoding=0, mime="image/png", type=4, desc="b", data=np.random.default_rng(3).bytes(10_000_000)))
    tags.save(path, padding=lambda _: 0)
    before, sound = file_sha256(path), _samples(path)
    _write(path, tmp_path / "journal")
    np.testing.assert_array_equal(_samples(path), sound)
    assert (tmp_path / "journal").stat().st_size < 300_000
    undo_entry(next(read_journal(tmp_path / "journal")))
    assert file_sha256(path) == before


@pytest.mark.parametrize("name", [name for name in NAMES if name != "plain.mp3"])
@pytest.mark.parametrize("n_kept", [0, 3, 40, 600])
def test_a_broken_head_leaves_the_file_as_it_is(tmp_path: Path, name: str, n_kept: int) -> None:
    path = make_file(tmp_path, name)
    data = path.read_bytes()
    path.write_bytes(data[:n_kept] + b"\xff\xff\xff\x7f" * 16 + data[n_kept + 64 :])
    before = path.read_bytes()
    try:
        _write(path, tmp_path / "journal")
    except TagError as error:
        assert str(path) in str(error)
        assert path.read_bytes() == before
    else:
        undo_entry(next(read_journal(tmp_path / "journal")))
        assert path.read_bytes() == before


def test_a_cut_file_is_no_crash(tmp_path: Path) -> None:
    for name in NAMES:
        path = make_file(tmp_path, name)
        data = path.read_bytes()
        for n in (0, 1, 11, 100, 1000):
            path.write_bytes(data[:n])
            try:
                _write(path, tmp_path / "journal")
            except TagError:
                assert path.read_bytes() == data[:n]
        path.unlink()


def test_a_file_that_is_not_audio_is_told(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a song")
    with pytest.raises(TagError, match="no format whose tags can be written"):
        read_tags(path)


def test_a_file_that_changes_in_between_is_left(tmp_path: Path) -> None:
    path = make_file(tmp_path, "song.flac")
    plan = decided(plan_file(str(path), POLICY), HEARD, "jazz", POLICY)
    with path.open("ab") as file:
        file.write(b"more")
    before = path.read_bytes()
    with TagJournal.opened(tmp_path / "journal", {}) as journal, pytest.raises(TagError, match="changed since"):
        write_plan(plan, journal)
    assert path.read_bytes() == before
    assert not list(read_journal(tmp_path / "journal"))
    path.unlink()
    with TagJournal.opened(tmp_path / "journal", {}) as journal, pytest.raises(TagError):
        write_plan(plan, journal)


def test_a_file_that_got_another_name_in_between_is_left(tmp_path: Path) -> None:
    path = make_file(tmp_path, "song.flac")
    plan = decided(plan_file(str(path), POLICY), HEARD, "jazz", POLICY)
    (tmp_path / "twin.flac").hardlink_to(path)
    before = path.read_bytes()
    with TagJournal.opened(tmp_path / "journal", {}) as journal, pytest.raises(TagError, match="changed since"):
        write_plan(plan, journal)
    assert path.read_bytes() == before


def test_undo_leaves_a_file_that_was_changed_since(tmp_path: Path) -> None:
    path = make_file(tmp_path, "song.flac")
    _write(path, tmp_path / "journal")
    (entry,) = read_journal(tmp_path / "journal")
    with path.open("ab") as file:
        file.write(b"more")
    before = path.read_bytes()
    with pytest.raises(TagError, match="was changed after"):
        undo_entry(entry)
    assert path.read_bytes() == before
    path.unlink()
    with pytest.raises(TagError, match="No such file"):
        undo_entry(entry)
