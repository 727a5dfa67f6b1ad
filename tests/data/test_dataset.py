from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from genrekit.data import Dataset, Fault, Track
from genrekit.errors import DataError


def test_finds_tracks_and_labels() -> None:
    dataset = Dataset("two", ("a", "b"), (Track("x", "b"), Track("y", "a")))
    assert dataset.track("y").genre == "a"
    assert dataset.index == {"x": 0, "y": 1}
    assert dataset.labels(["y", "x"]) == [0, 1]
    assert len(dataset) == 2


def test_a_data_set_shows_itself_in_a_line() -> None:
    names = Dataset("two", ("a", "b"), (Track("x", "b"), Track("y", "a")))
    assert repr(names) == "<Dataset two: 2 tracks (a, b), no audio>"
    files = Dataset("two", ("a", "b"), (Track("x", "b", Path("x.wav")),), (Fault("missing", "y", "gone"),))
    assert repr(files) == "<Dataset two: 1 tracks (a, b), audio, faults: 1; recordings not compared by ear>"
    assert "not compared" not in repr(replace(files, same_recordings=()))
    assert "(13 genres)" in repr(Dataset("many", tuple("abcdefghijklm"), ()))


def test_unknown_track_names_the_nearest() -> None:
    dataset = Dataset("one", ("a",), (Track("blues.00012", "a"),))
    with pytest.raises(DataError, match=r"did you mean 'blues\.00012'"):
        dataset.track("blues_00012")


@pytest.mark.parametrize(
    ("ids", "problem"),
    [(("b", "a"), "comes after 'b'"), (("a", "a"), "is there twice")],
)
def test_identifiers_are_unique_and_sorted(ids: tuple[str, str], problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        Dataset("wrong", ("g",), tuple(Track(track_id, "g") for track_id in ids))


def test_genre_must_be_known() -> None:
    with pytest.raises(DataError, match="also have"):
        Dataset("wrong", ("rock",), (Track("a", "blues"),))
