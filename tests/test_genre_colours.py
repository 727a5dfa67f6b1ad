from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from genrekit.analysis.style import MARKERS, signs_of
from genrekit.genre_colours import GENRE_COLOURS, colours_of


def test_a_known_genre_has_its_colour_whichever_stand_beside_it() -> None:
    colours = colours_of(("ambient", "jazz", "polka"))
    assert colours["jazz"] == GENRE_COLOURS["jazz"]
    assert len(set(colours.values())) == 3
    assert signs_of(("ambient", "jazz", "polka"))[1][0] == GENRE_COLOURS["jazz"]


def test_more_genres_than_colours_have_one_each() -> None:
    genres = tuple(f"g{k}" for k in range(25))
    assert set(colours_of(genres)) == set(genres)


@given(st.lists(st.sampled_from([*GENRE_COLOURS, *(f"g{k}" for k in range(90))]), unique=True, max_size=100))
def test_no_two_genres_have_colour_and_marker_in_common(genres: list[str]) -> None:
    signs = signs_of(genres)
    assert [colour for colour, _ in signs] == list(colours_of(genres).values())
    assert len(set(signs)) == len(genres)


def test_ten_genres_have_their_markers_in_turn() -> None:
    assert [marker for _, marker in signs_of(tuple(GENRE_COLOURS))] == list(MARKERS)
