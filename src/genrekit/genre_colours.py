"""A colour for each genre: the ten well-known ones have the same one in every picture."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["GENRE_COLOURS", "colours_of"]

# P. Tol's "muted" scheme (technical note SRON/EPS/TN/09-002, 2021), its grey darkened for points on white: told apart
# with every kind of colour vision. Ten are more than anyone keeps apart by hue alone: shapes or names help.
GENRE_COLOURS = {
    "blues": "#332288",
    "classical": "#CC6677",
    "country": "#DDAA33",
    "disco": "#117733",
    "hiphop": "#88CCEE",
    "jazz": "#882255",
    "metal": "#44AA99",
    "pop": "#999933",
    "reggae": "#AA4499",
    "rock": "#666666",
}


def colours_of(genres: Sequence[str]) -> dict[str, str]:
    """Colour of each genre, as #RRGGBB: the well-known ones have their own, others the free ones, in their order."""
    free = [colour for name, colour in GENRE_COLOURS.items() if name not in genres] or list(GENRE_COLOURS.values())
    own = [genre for genre in genres if genre not in GENRE_COLOURS]
    return {genre: GENRE_COLOURS.get(genre) or free[own.index(genre) % len(free)] for genre in genres}
