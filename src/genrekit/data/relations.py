"""What two tracks can share: the file, the recording, the artist."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Hashable, Iterable, Sequence
from typing import Literal, get_args

from genrekit.data.dataset import Dataset, Track

__all__ = ["RELATIONS", "Relation", "groups", "joined", "keys", "known_artist", "listed_artists", "normalise"]

Relation = Literal["track", "copy", "recording", "artist"]
RELATIONS: tuple[Relation, ...] = get_args(Relation)
# Between the artists of one text: ";", as GTZAN's index and tags of several values have it, and guests.
SEPARATORS = re.compile(r";|[\s(\[]+(?:feat|ft|featuring)(?:\.\s*|\s+)(?=\S)", re.IGNORECASE)

# What programs write where they know no artist, or where there are many: songs that have it need not share one.
NO_ARTIST = frozenset(
    {"unknown artist", "unknown artists", "<unknown>", "unknown", "various artists", "various", "va", "n/a", "-", "?"}
)


def known_artist(text: str | None) -> str | None:
    """The name, without white space around it; None of one that names nobody, such as "Various Artists"."""
    name = (text or "").strip()
    return None if not name or name.casefold() in NO_ARTIST else name


def normalise(text: str | None) -> str:
    """A name without case, accents and punctuation, for comparison: ``"Beyoncé "`` and ``"beyonce"`` are one."""
    if text is None:
        return ""
    decomposed = unicodedata.normalize("NFKD", text.replace("&", " and ")).casefold()
    kept = "".join(char if char.isalnum() or char.isspace() else "" for char in decomposed)
    # A name of punctuation only ("!!!") is still a name.
    return " ".join(kept.split()) or " ".join(text.casefold().split())


def listed_artists(text: str | None) -> dict[str, str]:
    """Every artist that a text lists, "Lauryn Hill; Bob Marley" or "Prince feat. Sheila E.": key -> name as spelt.

    Keys are for comparison: names without case, accents, punctuation, spaces and article, so that "Jay-Z" is "Jay Z",
    "Beatles, The" is "The Beatles" and "Simon + Garfunkel" is "Simon & Garfunkel". Names that differ more are others.
    """
    found: dict[str, str] = {}
    for name in SEPARATORS.split(text or ""):
        words = normalise((known_artist(name) or "").replace("+", " and ")).split()
        for place in (0, -1):
            if len(words) > 1 and words[place] == "the":
                del words[place]
        if words:
            found.setdefault("".join(words), name.strip(" ()[]"))
    return found


def keys(track: Track, relation: Relation) -> tuple[Hashable, ...]:
    """What a track shares with others by this relation, any of which is enough; empty if it cannot share.

    Two tracks are the same recording by the index if an artist and the title agree; an unknown artist agrees with
    nobody.
    """
    if relation == "track":
        return (track.track_id,)
    if relation == "copy":
        return () if track.sha256 is None else (track.sha256,)
    artists, title = tuple(listed_artists(track.artist)), normalise(track.title)
    if relation == "artist":
        return artists
    return tuple((artist, title) for artist in artists) if title else ()


def joined(keys_of: Iterable[Iterable[Hashable]]) -> list[int]:
    """Number of the group of each item: items that have a key in common, directly or through others, are one group.

    Returns
    -------
    Group numbers from 0, in the order of the first item of each group.
    """
    parent: list[int] = []

    def find(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    first: dict[Hashable, int] = {}
    for place, of_item in enumerate(keys_of):
        parent.append(place)
        for key in of_item:
            low, high = sorted((find(first.setdefault(key, place)), find(place)))
            parent[high] = low
    numbers: dict[int, int] = {}
    return [numbers.setdefault(find(place), len(numbers)) for place in range(len(parent))]


def groups(
    dataset: Dataset,
    relations: Collection[Relation],
    pairs: Sequence[tuple[str, str]] = (),
) -> list[int]:
    """Number of the group of each track: tracks that share anything, directly or through others, are one group.

    Parameters
    ----------
    dataset : whose tracks are grouped
    relations : by which
    pairs : tracks that belong together besides, such as those an audio fingerprint found; names that the data set
        lacks are passed over

    Returns
    -------
    Group numbers from 0, in the order of the first track of each group.
    """
    keys_of: list[list[Hashable]] = [
        [(relation, key) for relation in relations for key in keys(track, relation)] for track in dataset.tracks
    ]
    for number, (one, other) in enumerate(pairs):
        if one in dataset.index and other in dataset.index:
            for name in (one, other):
                keys_of[dataset.index[name]].append(("pair", number))
    return joined(keys_of)
