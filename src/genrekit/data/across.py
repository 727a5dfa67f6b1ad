"""From one collection to another (P5): what a model of the first may have heard of the second, and the proof."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from genrekit.data.dataset import Dataset, Track
from genrekit.data.gtzan_facts import GENRES, gtzan_facts
from genrekit.data.relations import RELATIONS, Relation, keys
from genrekit.data.split import Part, Split
from genrekit.errors import DataError

__all__ = ["across", "heard_tracks", "unheard"]

NOTE = (
    "Artists and titles of the two collections are compared as they are spelt; where a collection has numbers for "
    "them, as MTG-Jamendo has, nothing can be found."
)


def heard_tracks(trained_on: str) -> tuple[Track, ...] | None:
    """The tracks of the collection that a model was trained on, without their audio; None if they are not known.

    Parameters
    ----------
    trained_on : name of the data set; GTZAN is known in all its forms, whole even where a model heard a part of it
    """
    if not trained_on.startswith("gtzan"):
        return None
    return tuple(
        Track(track_id, track_id.split(".")[0], None, fact.artist, fact.title, fact.wav_sha256)
        for track_id, fact in gtzan_facts().items()
    )


def unheard(dataset: Dataset, heard: Iterable[Track]) -> Dataset:
    """The data set without the tracks that are copies or recordings of what was heard.

    Raises
    ------
    DataError
        If a track has the name of one that was heard: then this is the collection that was trained on.
    """
    heard = tuple(heard)
    same: tuple[Relation, ...] = tuple(relation for relation in RELATIONS if relation != "artist")
    known = {relation: {keys(track, relation) for track in heard} - {None} for relation in same}
    for track in dataset.tracks:
        if track.track_id in known["track"]:
            raise DataError(
                f"The model was trained on tracks of data set {dataset.name!r}, such as {track.track_id!r}; P5 asks it "
                "about another collection. For its own, evaluate runs: 'genrekit evaluate'."
            )
    kept = (track for track in dataset.tracks if not any(keys(track, one) in known[one] for one in same))
    return replace(dataset, tracks=tuple(kept))


def across(heard: Iterable[Track], dataset: Dataset) -> tuple[Split, Dataset]:
    """The split whose training part is one collection and whose test part is another, and the data set of both.

    Parameters
    ----------
    heard : tracks that the model was trained on; none if they are not known, and then there is nothing to prove
    dataset : the other collection; its identifiers are others
    """
    heard = tuple(heard)
    both = Dataset(
        dataset.name,
        (*dataset.genres, *sorted({track.genre for track in heard} - set(dataset.genres), key=_place)),
        tuple(sorted((*heard, *dataset.tracks), key=lambda track: track.track_id)),
    )
    parts: dict[Part, tuple[str, ...]] = {
        "train": tuple(track.track_id for track in heard),
        "valid": (),
        "test": tuple(track.track_id for track in dataset.tracks),
    }
    return Split("another_collection", "P5", "track", parts, notes=(NOTE,) if heard else ()), both


def _place(genre: str) -> tuple[int, str]:
    return (GENRES.index(genre) if genre in GENRES else len(GENRES), genre)
