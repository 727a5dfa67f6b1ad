from __future__ import annotations

from genrekit.analysis.style import signs_of
from genrekit.genre_colours import GENRE_COLOURS, colours_of


def test_a_known_genre_has_its_colour_whichever_stand_beside_it() -> None:
    colours = colours_of(("ambient", "jazz", "polka"))
    assert colours["jazz"] == GENRE_COLOURS["jazz"]
    assert len(set(colours.values())) == 3
    assert signs_of(("ambient", "jazz", "polka"))[1][0] == GENRE_COLOURS["jazz"]


def test_more_genres_than_colours_have_one_each() -> None:
    genres = tuple(f"g{k}" for k in range(25))
    assert set(colours_of(genres)) == set(genres)
    assert len(set(signs_of(genres))) == 10
