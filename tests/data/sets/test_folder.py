from __future__ import annotations

import os
import unicodedata
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import soundfile

from genrekit.data import load_dataset
from genrekit.errors import DataError

Form = Literal["NFC", "NFD"]


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Two genres; two of the files are the same bytes."""
    root = tmp_path / "music"
    for name, content in {
        "polka/a.mp3": b"one",
        "polka/live/b.flac": b"two",
        "waltz/c.wav": b"three",
        "waltz/d.ogg": b"one",
        "waltz/cover.jpg": b"four",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def test_genres_are_folders(music: Path) -> None:
    dataset = load_dataset("folder", music)
    assert dataset.name == "music"
    assert dataset.genres == ("polka", "waltz")
    assert [track.track_id for track in dataset.tracks] == [
        "polka/a.mp3",
        "polka/live/b.flac",
        "waltz/c.wav",
        "waltz/d.ogg",
    ]
    assert dataset.track("polka/live/b.flac").genre == "polka"
    assert dataset.track("polka/a.mp3").sha256 == dataset.track("waltz/d.ogg").sha256 is not None
    # Nothing else is three bytes long except b.flac, which differs; c.wav has no possible copy and was not read.
    assert dataset.track("waltz/c.wav").sha256 is None
    assert not dataset.faults


def test_artists_by_path_or_by_name(music: Path) -> None:
    table = "file,artist,title\npolka/a.mp3,The Accordions,First\nb.flac,Brass & Co,\nz.mp3,Nobody,\n"
    (music / "artists.csv").write_text(table, encoding="utf-8-sig")
    dataset = load_dataset("folder", music)
    track = dataset.track("polka/a.mp3")
    assert (track.artist, track.title) == ("The Accordions", "First")
    track = dataset.track("polka/live/b.flac")
    assert (track.artist, track.title) == ("Brass & Co", None)
    assert dataset.track("waltz/c.wav").artist is None
    assert [(fault.kind, fault.track_id) for fault in dataset.faults] == [("missing", "z.mp3")]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_artists_as_spreadsheets_of_other_countries_write_them(separator: str, music: Path) -> None:
    rows = [("File", "Artist", "Title", ""), ("polka/a.mp3", "Trio, The", "First, second", "")]
    lines = [f"sep={separator}", *map(separator.join, rows)]
    (music / "artists.csv").write_text("\r\n".join(lines), encoding="utf-8-sig", newline="")
    track = load_dataset("folder", music).track("polka/a.mp3")
    assert (track.artist, track.title) == ("Trio, The", "First, second")


@pytest.mark.parametrize("on_disk", ["NFC", "NFD"])
@pytest.mark.parametrize("in_table", ["NFC", "NFD"])
@pytest.mark.parametrize("given", ["polka/Beyoncé.mp3", r"polka\Beyoncé.mp3", "Beyoncé.mp3"])
def test_artists_as_other_systems_write_names(on_disk: Form, in_table: Form, given: str, music: Path) -> None:
    name = unicodedata.normalize(on_disk, "polka/Beyoncé.mp3")
    (music / name).write_bytes(b"five5")
    table = unicodedata.normalize(in_table, f"file,artist\n{given},B\n")
    (music / "artists.csv").write_text(table, encoding="utf-8")
    dataset = load_dataset("folder", music)
    assert (dataset.track(name).artist, dataset.faults) == ("B", ())


def test_a_name_as_it_is_written_goes_before_one_that_is_spelt_alike(music: Path) -> None:
    names = [unicodedata.normalize(form, "é.mp3") for form in ("NFC", "NFD")]
    for name in names:
        (music / "polka" / name).write_bytes(name.encode())
    table = "file,artist\n" + "".join(f"polka/{name},{artist}\n" for name, artist in zip(names, "CD", strict=True))
    (music / "artists.csv").write_text(table, encoding="utf-8")
    dataset = load_dataset("folder", music)
    assert [dataset.track(f"polka/{name}").artist for name in names] == ["C", "D"]
    (music / "artists.csv").write_text(f"file,artist\npolka\\{names[0]},C\n", encoding="utf-8")
    assert [fault.kind for fault in load_dataset("folder", music).faults] == ["ambiguous"]


def test_folders_that_systems_make_are_no_genres(music: Path) -> None:
    for name in ("@eaDir", "#recycle", "lost+found", "System Volume Information"):
        (music / name).mkdir()
    (music / "#recycle" / "deleted.mp3").write_bytes(b"seven77")
    (music / "#rock").mkdir()
    (music / "#rock" / "a.mp3").write_bytes(b"eight888")
    assert load_dataset("folder", music).genres == ("#rock", "polka", "waltz")


def test_tags_tell_artists_where_the_table_is_silent(music: Path) -> None:
    for name in ("tagged", "told"):
        with soundfile.SoundFile(music / f"waltz/{name}.flac", "w", 8000, 1) as file:
            file.artist = "Tagged"
            file.write(np.zeros(800))
    (music / "artists.csv").write_text("file,artist\ntold.flac,Told\n")
    dataset = load_dataset("folder", music)
    found = {track.path.name: track.artist for track in dataset.tracks if track.artist}
    assert found == {"tagged.flac": "Tagged", "told.flac": "Told"}


@pytest.mark.parametrize("nobody", ["Various Artists", "unknown artist", "N/A", " - ", "?"])
def test_what_names_nobody_is_no_artist(nobody: str, music: Path) -> None:
    with soundfile.SoundFile(music / "waltz/tagged.flac", "w", 8000, 1) as file:
        file.artist = "Tagged"
        file.write(np.zeros(800))
    (music / "artists.csv").write_text(f"file,artist\na.mp3,{nobody}\ntagged.flac,{nobody}\n")
    dataset = load_dataset("folder", music)
    assert dataset.track("polka/a.mp3").artist is None
    assert dataset.track("waltz/tagged.flac").artist == "Tagged"


def test_two_rows_of_one_file_that_do_not_agree_are_a_fault(music: Path) -> None:
    (music / "artists.csv").write_text("file,artist\na.mp3,X\na.mp3,X\npolka/a.mp3,Y\n")
    dataset = load_dataset("folder", music)
    assert [(fault.kind, fault.track_id) for fault in dataset.faults] == [("ambiguous", "polka/a.mp3")]
    assert dataset.track("polka/a.mp3").artist == "X"


def test_a_name_that_two_files_have_is_ambiguous(music: Path) -> None:
    (music / "waltz/a.mp3").write_bytes(b"five5")
    (music / "artists.csv").write_text("file,artist\na.mp3,X\n")
    dataset = load_dataset("folder", music)
    assert [fault.kind for fault in dataset.faults] == ["ambiguous"]
    assert dataset.track("waltz/a.mp3").artist is None


@pytest.mark.parametrize("table", ["name,artist\na,b\n", "file,artist,year\na,b,c\n", ""])
def test_wrong_columns(table: str, music: Path) -> None:
    (music / "artists.csv").write_text(table)
    with pytest.raises(DataError, match=r"artists\.csv must have the columns file, artist"):
        load_dataset("folder", music)


def test_table_in_another_encoding(music: Path) -> None:
    (music / "artists.csv").write_bytes("file,artist\na.mp3,Björk\n".encode("latin-1"))
    with pytest.raises(DataError, match="UTF-8"):
        load_dataset("folder", music)


def test_a_genre_may_have_one_file_but_not_none(music: Path) -> None:
    (music / "salsa").mkdir()
    (music / "salsa/x.mp3").write_bytes(b"x")
    (music / ".hidden").mkdir()
    assert [track.track_id for track in load_dataset("folder", music).tracks if track.genre == "salsa"] == [
        "salsa/x.mp3"
    ]
    (music / "tango").mkdir()
    with pytest.raises(DataError, match="'tango' has no audio file"):
        load_dataset("folder", music)
    (music / "rumba").mkdir()
    with pytest.raises(DataError, match="'rumba', 'tango' have no audio file"):
        load_dataset("folder", music)


def test_no_genre_folders(tmp_path: Path) -> None:
    (tmp_path / "song.mp3").write_bytes(b"x")
    with pytest.raises(DataError, match="has no folders"):
        load_dataset("folder", tmp_path)
    with pytest.raises(DataError, match="is not a folder"):
        load_dataset("folder", tmp_path / "song.mp3")


def test_broken_links_loops_and_empty_files_are_faults(music: Path) -> None:
    (music / "polka/lost.mp3").symlink_to(music / "nowhere.mp3")
    (music / "polka/live/round").symlink_to(music / "polka")
    (music / "polka/nothing.mp3").write_bytes(b"")
    dataset = load_dataset("folder", music)
    assert {(fault.kind, fault.track_id) for fault in dataset.faults} == {
        ("unreadable", "polka/lost.mp3"),
        ("empty", "polka/nothing.mp3"),
    }
    assert len(dataset) == 4


def test_names_with_newline_and_emoji(music: Path) -> None:
    (music / "polka/new\nline 🎺@3.mp3").write_bytes(b"six666")
    assert "polka/new\nline 🎺@3.mp3" in load_dataset("folder", music).index


def test_names_that_are_not_utf8_are_text_in_all_that_is_made_of_them(music: Path) -> None:
    try:
        (music / os.fsdecode(b"caf\xe9")).mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    (music / os.fsdecode(b"caf\xe9/\xff.mp3")).write_bytes(b"seven77")
    (music / "artists.csv").write_text("file,artist\n\\udcff.mp3,X\n")
    track = load_dataset("folder", music).track(r"caf\udce9/\udcff.mp3")
    assert (track.genre, track.artist) == (r"caf\udce9", "X")
    assert track.path is not None and track.path.read_bytes() == b"seven77"
