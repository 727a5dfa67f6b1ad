"""GTZAN's ten genres in the words of other collections, so that a model of one can be asked about another."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from genrekit.data.sets.gtzan_facts import GENRES

__all__ = ["FMA_TO_GTZAN", "JAMENDO_TO_GTZAN", "LabelMap"]


@dataclass(frozen=True)
class LabelMap:
    """Which tags of a collection mean which genre.

    Parameters
    ----------
    tags : genre -> the tags that mean it; a tag means one genre
    beneath : genre -> the one that the collection's tree has it under: what is the first carries the tags of the
        second besides, and is none of it
    """

    tags: Mapping[str, Collection[str]]
    beneath: Mapping[str, str] = field(default_factory=dict)

    def genre_of(self, tags: Collection[str]) -> str | None:
        """The genre of a track that carries these tags; None if they mean none of the genres, or several."""
        meant = {genre for genre, names in self.tags.items() if not set(names).isdisjoint(tags)}
        meant -= {above for genre, above in self.beneath.items() if genre in meant}
        return meant.pop() if len(meant) == 1 else None


# Numbers of fma_metadata/genres.csv, to be looked for in `genres_all`, which has a genre's ancestors too.
FMA_TO_GTZAN = LabelMap(
    MappingProxyType(
        {
            "blues": ("3",),
            "classical": ("5",),
            "country": ("9",),
            "disco": ("11",),
            "hiphop": ("21",),
            "jazz": ("4",),
            "metal": ("31",),
            "pop": ("10",),
            "reggae": ("79",),
            "rock": ("12",),
        }
    ),
    MappingProxyType({"metal": "rock"}),
)

# Tags without "genre---"; a track tagged both metal and rock is one of two genres, since nothing stands above another.
JAMENDO_TO_GTZAN = LabelMap(
    MappingProxyType({genre: (genre,) for genre in GENRES} | {"metal": ("metal", "heavymetal")}),
)
