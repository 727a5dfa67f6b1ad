from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrekit.data import Dataset, Track
from genrekit.data.relations import groups, joined, keys, listed_artists, normalise


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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jay-Z", "Jay Z"),
        ("AC/DC", "AC DC"),
        ("B.B. King", "B. B. King"),
        ("The Beatles", "Beatles, The"),
        ("the beatles", "Beatles"),
        ("Simon & Garfunkel", "Simon + Garfunkel"),
        ("Simon and Garfunkel", "Simon & Garfunkel"),
    ],
)
def test_one_artist_in_two_spellings(one: str, other: str) -> None:
    assert set(listed_artists(one)) == set(listed_artists(other)) and len(listed_artists(one)) == 1


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Lauryn Hill; Bob Marley", ["Lauryn Hill", "Bob Marley"]),
        ("Lauryn Hill;Bob Marley;", ["Lauryn Hill", "Bob Marley"]),
        ("Prince feat. Sheila E.", ["Prince", "Sheila E."]),
        ("Prince (ft. Sheila E)", ["Prince", "Sheila E"]),
        ("Prince Featuring Sheila E", ["Prince", "Sheila E"]),
        ("Earth, Wind & Fire", ["Earth, Wind & Fire"]),
        ("Little Feat", ["Little Feat"]),
        ("Daft Punk", ["Daft Punk"]),
        ("The The", ["The The"]),
        ("!!!", ["!!!"]),
        ("Various Artists", []),
        ("Madonna; Various Artists", ["Madonna"]),
        ("", []),
        (None, []),
    ],
)
def test_artists_of_one_text(text: str | None, names: list[str]) -> None:
    assert list(listed_artists(text).values()) == names


def test_who_is_named_beside_others_joins_their_tracks() -> None:
    names = ("Bob Marley", "Lauryn Hill; Bob Marley", "Lauryn Hill", "Marley")
    tracks = tuple(Track(f"{place}", "reggae", artist=name) for place, name in enumerate(names))
    assert groups(Dataset("d", ("reggae",), tracks), ("artist",)) == [0, 0, 0, 1]


@given(st.lists(st.sets(st.integers(0, 8), max_size=3), max_size=10))
def test_items_are_joined_if_and_only_if_a_chain_leads_from_one_to_the_other(keys_of: list[set[int]]) -> None:
    numbers = joined(keys_of)
    reached = [{place} for place in range(len(keys_of))]
    for _ in keys_of:
        for place in range(len(keys_of)):
            reached[place] |= {
                other
                for other in range(len(keys_of))
                if any(keys_of[other] & keys_of[known] for known in reached[place])
            }
    for place, found in enumerate(reached):
        assert found == {other for other, number in enumerate(numbers) if number == numbers[place]}


def test_an_unknown_artist_shares_with_nobody() -> None:
    track = Track("a", "g", title="Untitled")
    assert keys(track, "artist") == keys(track, "recording") == keys(track, "copy") == ()


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
