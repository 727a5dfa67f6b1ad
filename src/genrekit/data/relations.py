"""What two tracks can share: the file, the recording, the artist."""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Iterable, Sequence
from typing import Literal, get_args

from genrekit.data.dataset import Dataset, Track

__all__ = ["RELATIONS", "Relation", "groups", "keys", "normalise"]

Relation = Literal["track", "copy", "recording", "artist"]
RELATIONS: tuple[Relation, ...] = get_args(Relation)


def normalise(text: str | None) -> str:
    """A name without case, accents and punctuation, for comparison: ``"Beyoncé "`` and ``"beyonce"`` are one."""
    if text is None:
        return ""
    decomposed = unicodedata.normalize("NFKD", text.replace("&", " and ")).casefold()
    kept = "".join(char if char.isalnum() or char.isspace() else "" for char in decomposed)
    # A name of punctuation only ("!!!") is still a name.
    return " ".join(kept.split()) or " ".join(text.casefold().split())


def keys(track: Track, relation: Relation) -> Hashable | None:
    """What a track shares with others by this relation; None if it cannot share.

    Two tracks are the same recording by the index if artist and title agree; an unknown artist agrees with nobody.
    """
    if relation == "track":
        return track.track_id
    if relation == "copy":
        return track.sha256
    artist, title = normalise(track.artist), normalise(track.title)
    if relation == "artist":
        return artist or None
    return (artist, title) if artist and title else None


def groups(
    dataset: Dataset,
    relations: Iterable[Relation],
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
    parent = list(range(len(dataset.tracks)))

    def find(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    def join(one: int, other: int) -> None:
        low, high = sorted((find(one), find(other)))
        parent[high] = low

    for relation in relations:
        first: dict[Hashable, int] = {}
        for place, track in enumerate(dataset.tracks):
            key = keys(track, relation)
            if key is not None:
                join(first.setdefault(key, place), place)
    for one, other in pairs:
        if one in dataset.index and other in dataset.index:
            join(dataset.index[one], dataset.index[other])
    numbers: dict[int, int] = {}
    return [numbers.setdefault(find(place), len(numbers)) for place in range(len(parent))]
