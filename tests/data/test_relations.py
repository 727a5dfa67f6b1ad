from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrekit.data import Dataset, Track
from genrekit.data.relations import groups, keys, normalise


@pytest.mark.parametrize(
    ("one", "other"),
    [("Beyoncé ", "beyonce"), ("Earth, Wind & Fire", "Earth Wind and Fire"), ("AC/DC", "ACDC"), ("!!!", "!!!")],
)
def test_one_name_in_two_spellings(one: str, other: str) -> None:
    assert normalise(one) == normalise(other) != ""


def test_different_names_stay_different() -> None:
    assert normalise("!!!") != normalise("???")
    assert normalise("Dio") != normalise("Dion")
    assert normalise("椎名林檎") != normalise("宇多田ヒカル")


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


def test_an_unknown_artist_shares_with_nobody() -> None:
    track = Track("a", "g", title="Untitled")
    assert keys(track, "artist") is None
    assert keys(track, "recording") is None
    assert keys(track, "copy") is None


def test_groups_join_through_others() -> None:
    tracks = (
        Track("a", "g", artist="X", sha256="1"),
        Track("b", "g", artist="Y", sha256="1"),
        Track("c", "g", artist="y"),
        Track("d", "g"),
        Track("e", "g"),
    )
    dataset = Dataset("d", ("g",), tracks)
    assert groups(dataset, ("artist",)) == [0, 1, 1, 2, 3]
    assert groups(dataset, ("copy", "artist")) == [0, 0, 0, 1, 2]
    assert groups(dataset, ("copy", "artist"), [("e", "c"), ("d", "not here")]) == [0, 0, 0, 1, 0]
