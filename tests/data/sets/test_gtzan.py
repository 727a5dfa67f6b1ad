from __future__ import annotations

from pathlib import Path

import pytest

from genrekit.data import load_dataset
from genrekit.data.sets.gtzan_facts import GENRES, gtzan_facts
from genrekit.errors import DataError


def _touch(path: Path, size: int = 100) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))


@pytest.mark.parametrize("layout", ["", "genres", "genres_original", "Data/genres_original", "audio"])
@pytest.mark.parametrize(
    "name", ["blues.00007.wav", "blues.00007.au", "blues_00007.mp3", "00007.flac", "BLUES.00007.OGG"]
)
def test_layouts_and_names(layout: str, name: str, tmp_path: Path) -> None:
    _touch(tmp_path / layout / "blues" / name)
    dataset = load_dataset("gtzan", tmp_path)
    (track,) = dataset.tracks
    fact = gtzan_facts()["blues.00007"]
    assert (track.track_id, track.genre) == ("blues.00007", "blues")
    assert track.path == tmp_path / layout / "blues" / name
    assert (track.artist, track.title, track.sha256) == (fact.artist, fact.title, fact.wav_sha256)
    assert track.duration_s == pytest.approx(30.013, abs=0.001)
    assert dataset.genres == GENRES
    assert [fault.kind for fault in dataset.faults] == ["missing"] * 999


def test_odd_files_are_faults(tmp_path: Path) -> None:
    for name in (
        "blues/blues.00000.wav",
        "blues/blues.00000.au",
        "blues/._blues.00000.wav",
        "blues/jazz.00001.wav",
        "blues/blues.00100.wav",
        "blues/song.wav",
        "blues/cover.jpg",
    ):
        _touch(tmp_path / name)
    dataset = load_dataset("gtzan", tmp_path)
    assert [track.path for track in dataset.tracks] == [tmp_path / "blues/blues.00000.wav"]
    found = {(fault.kind, fault.track_id) for fault in dataset.faults if fault.kind != "missing"}
    assert found == {
        ("double", "blues/blues.00000.au"),
        ("misplaced", "blues/jazz.00001.wav"),
        ("unrecognised", "blues/blues.00100.wav"),
        ("unrecognised", "blues/song.wav"),
    }


def test_jazz_54_is_left_out_only_where_it_is_broken(tmp_path: Path) -> None:
    _touch(tmp_path / "broken/jazz/jazz.00054.wav", 1_207_592)
    broken = load_dataset("gtzan", tmp_path / "broken")
    assert not broken.tracks
    assert ("undecodable", "jazz.00054") in {(fault.kind, fault.track_id) for fault in broken.faults}
    _touch(tmp_path / "whole/jazz/jazz.00054.wav", 1_323_632)
    assert [track.track_id for track in load_dataset("gtzan", tmp_path / "whole").tracks] == ["jazz.00054"]


def test_gtzan6_passes_over_the_other_genres(tmp_path: Path) -> None:
    _touch(tmp_path / "pop/pop.00000.wav")
    _touch(tmp_path / "rock/rock.00000.wav")
    dataset = load_dataset("gtzan6", tmp_path)
    assert dataset.genres == ("blues", "classical", "country", "jazz", "metal", "pop")
    assert [track.track_id for track in dataset.tracks] == ["pop.00000"]
    assert len(dataset.faults) == 599


def test_no_gtzan(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"does not hold GTZAN: none of .*genres_original/blues/"):
        load_dataset("gtzan", tmp_path)


def test_an_archive_in_place_of_audio_is_told(tmp_path: Path) -> None:
    (tmp_path / "logmel.npz").touch()
    with pytest.raises(DataError, match=r"logmel.npz is a file; .* the data set gtzan_archive"):
        load_dataset("gtzan", tmp_path / "logmel.npz")


def test_the_real_audio(gtzan_root: Path) -> None:
    six = load_dataset("gtzan6", gtzan_root)
    assert len(six) == 600
    assert not six.faults
    assert all(track.path is not None and track.path.is_file() for track in six.tracks)


def test_a_folder_that_has_but_the_name_of_a_genre_is_not_gtzan(tmp_path: Path) -> None:
    (tmp_path / "jazz").mkdir()
    (tmp_path / "polka").mkdir()
    (tmp_path / "jazz" / "take five.mp3").write_bytes(b"x")
    with pytest.raises(DataError, match=r"holds no track of GTZAN, such as .*; it has jazz, polka\. Give the folder"):
        load_dataset("gtzan", tmp_path)
