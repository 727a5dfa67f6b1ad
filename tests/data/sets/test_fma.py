from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from genrekit.data import load_dataset, make_split, prove
from genrekit.errors import DataError

from ..conftest import FMA_COLUMNS, FMA_GENRES, FMA_ROWS

WriteFma = Callable[..., Path]


def test_small_by_top_genre(write_fma: WriteFma) -> None:
    root = write_fma()
    dataset = load_dataset("fma_small", root)
    assert dataset.name == "fma_small" and dataset.genres == ("Hip-Hop", "Rock")
    assert [(t.track_id, t.genre, t.artist, t.title) for t in dataset.tracks] == [
        ("000002", "Hip-Hop", "Ann", "One"),
        ("000005", "Rock", "Ann", "One"),
    ]
    assert dataset.tracks[0].path == root / "fma_small/000/000002.mp3"
    assert dataset.published_parts == {"000002": "train", "000005": "test"}
    assert not dataset.faults


def test_medium_has_small_and_none_of_large(write_fma: WriteFma) -> None:
    root = write_fma()
    dataset = load_dataset("fma_medium", root)
    assert [track.track_id for track in dataset.tracks] == ["000002", "000003", "000005", "000010", "000134", "000136"]
    assert dataset.track("000002").path == root / "fma_medium/000/000002.mp3"
    assert dataset.track("000003").artist == "Bo, Band"
    assert dataset.track("000010").title is None


def test_gtzan_genres_are_those_of_exactly_one(write_fma: WriteFma) -> None:
    dataset = load_dataset("fma_medium_gtzan_genres", write_fma())
    assert dataset.genres == ("hiphop", "metal", "pop", "rock")
    # Metal lies under rock in the tree and is no rock; 136 is both rock and pop, 134 none of the ten.
    genres = {track.track_id: track.genre for track in dataset.tracks}
    assert genres == {"000002": "hiphop", "000003": "metal", "000005": "rock", "000010": "pop"}
    assert dataset.published_parts == {"000002": "train", "000003": "train", "000005": "test", "000010": "valid"}
    small = load_dataset("fma_small_gtzan_genres", write_fma())
    assert (small.name, small.genres, len(small)) == ("fma_small_gtzan_genres", ("hiphop", "rock"), 2)


def test_the_clips_of_a_larger_archive_will_do(write_fma: WriteFma) -> None:
    root = write_fma()
    (root / "fma_small/000/000002.mp3").unlink()
    dataset = load_dataset("fma_small", root)
    assert dataset.track("000002").path == root / "fma_medium/000/000002.mp3"


def test_missing_and_empty_files_are_faults(write_fma: WriteFma) -> None:
    root = write_fma()
    (root / "fma_medium/000/000003.mp3").unlink()
    (root / "fma_medium/000/000010.mp3").write_bytes(b"")
    (root / "fma_medium/000/000136.mp3").unlink()
    (root / "fma_medium/000/000136.mp3").mkdir()
    dataset = load_dataset("fma_medium", root)
    assert [(fault.kind, fault.track_id) for fault in dataset.faults] == [
        ("missing", "000003"),
        ("empty", "000010"),
        ("missing", "000136"),
    ]
    assert len(dataset) == 3
    assert "fma_medium/000/000003.mp3" in dataset.faults[0].detail
    # What is not here still has its place in the published split.
    split = make_split(dataset, "official")
    assert split.missing == 3 and sum(map(len, split.parts.values())) == 3


def test_official_split_and_what_it_shares(write_fma: WriteFma) -> None:
    dataset = load_dataset("fma_medium", write_fma())
    split = make_split(dataset, "official")
    assert dict(split.parts) == {
        "train": ("000002", "000003"),
        "valid": ("000010",),
        "test": ("000005", "000134", "000136"),
    }
    assert (split.protocol, split.validation, split.missing) == ("published", "published", 0)
    proof = prove(split, dataset)
    assert proof.between("train", "test", "artist").n_shared == 1
    assert proof.between("train", "test", "recording").examples == (("000002", "000005"),)
    assert not proof.refused  # a published list is taken as it is, and its leaks are stated


def test_no_official_split_elsewhere_or_without_tracks(write_fma: WriteFma, gtzan_without_audio) -> None:
    with pytest.raises(DataError, match=r"has no split that it was published with.* Use filtered, stratified or"):
        make_split(gtzan_without_audio, "official")
    root = write_fma()
    for path in root.rglob("*.mp3"):
        path.unlink()
    with pytest.raises(DataError, match="None of the tracks of data set 'fma_small' is here"):
        make_split(load_dataset("fma_small", root), "official")
    with pytest.raises(DataError, match="None of the tracks"):
        make_split(load_dataset("fma_small", root), "artist_disjoint")


def test_a_genre_that_the_tree_lacks_is_a_fault(write_fma: WriteFma) -> None:
    dataset = load_dataset("fma_small", write_fma(rows=[(2, "Ann", "test", "small", "Rock", "[12, 999]", "One")]))
    assert [(fault.kind, fault.track_id) for fault in dataset.faults] == [("unknown_genre", "000002")]
    assert "999" in dataset.faults[0].detail and len(dataset) == 1


@pytest.mark.parametrize("name", ["tracks.csv", "genres.csv"])
def test_a_missing_table(name: str, write_fma: WriteFma) -> None:
    root = write_fma()
    (root / "fma_metadata" / name).unlink()
    with pytest.raises(DataError, match=rf"There is no .*{name}. Unpack fma_metadata.zip"):
        load_dataset("fma_small", root)


def test_wrong_headers(write_fma: WriteFma) -> None:
    with pytest.raises(DataError, match="lacks the columns track genres_all, track title"):
        load_dataset("fma_small", write_fma(rows=[], columns=FMA_COLUMNS[:-2]))
    root = write_fma()
    path = root / "fma_metadata/tracks.csv"
    path.write_text(path.read_text().replace("track_id", "2"))
    with pytest.raises(DataError, match="third row does not begin with track_id"):
        load_dataset("fma_small", root)
    path.write_bytes(b"")
    with pytest.raises(DataError, match="must begin with two rows of column names"):
        load_dataset("fma_small", root)
    (root / "fma_metadata/genres.csv").write_text("id,name\n3,Blues\n")
    with pytest.raises(DataError, match="lacks genre_id and title"):
        load_dataset("fma_small", root)


def test_a_tree_without_one_of_the_ten(write_fma: WriteFma) -> None:
    genres = {number: title for number, title in FMA_GENRES.items() if number != 31}
    with pytest.raises(DataError, match=r"genres\.csv lacks the genres metal \(31\)"):
        load_dataset("fma_small", write_fma(genres=genres))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((2, "A", "training", "small", "Rock", "[12", "One"), r"row 4: genres_all is a list of numbers.*'\[12'"),
        ((2, "A", "training", "small", "Rock", '["12"]', "One"), "row 4: genres_all is a list of numbers"),
        ((2, "A", "train", "small", "Rock", "[12]", "One"), "row 4: the split is one of training.*found 'train'"),
        (("2b", "A", "test", "large", "Rock", "[12]"), "row 4: 6 cells; expected 7"),
    ],
)
def test_odd_rows(row: tuple[object, ...], message: str, write_fma: WriteFma) -> None:
    root = write_fma()
    with (root / "fma_metadata/tracks.csv").open("w", newline="") as file:
        header = [[first for first, _ in FMA_COLUMNS], [second for _, second in FMA_COLUMNS], ["track_id", *[""] * 6]]
        csv.writer(file).writerows([*header, row])
    with pytest.raises(DataError, match=message):
        load_dataset("fma_small", root)


def test_a_track_twice(write_fma: WriteFma) -> None:
    with pytest.raises(DataError, match=r"Track 000002 is there twice, in .*row 4 and in .*row 11"):
        load_dataset("fma_small", write_fma(rows=[*FMA_ROWS, FMA_ROWS[0]]))


def test_a_subset_without_tracks(write_fma: WriteFma) -> None:
    with pytest.raises(DataError, match="no track of the subset 'small'"):
        load_dataset("fma_small", write_fma(rows=FMA_ROWS[-1:]))
    with pytest.raises(DataError, match=r"None of the 1 tracks in the metadata .* has a genre of 'fma_medium_gtzan_ge"):
        load_dataset("fma_medium_gtzan_genres", write_fma(rows=FMA_ROWS[4:5]))


def test_long_cells_and_another_encoding(write_fma: WriteFma) -> None:
    row = (2, "Ann" * 100_000, "test", "small", "Rock", "[12]", "One")
    limit = csv.field_size_limit()
    assert len(load_dataset("fma_small", write_fma(rows=[row]))) == 1
    assert csv.field_size_limit() == limit
    root = write_fma()
    (root / "fma_metadata/tracks.csv").write_bytes("Björk".encode("latin-1"))
    with pytest.raises(DataError, match="no CSV table in UTF-8"):
        load_dataset("fma_small", root)
