"""From one collection to another (P5): what a model of the first may have heard of the second, and the proof."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import PurePath

from genrekit.data.dataset import Dataset, Track
from genrekit.data.hashing import hash_of_sizes
from genrekit.data.parts import Part
from genrekit.data.relations import RELATIONS, Relation, keys
from genrekit.data.sets.gtzan_facts import GENRES, gtzan_facts
from genrekit.data.splits.split import Split
from genrekit.errors import DataError

__all__ = ["Heard", "across", "collection_of", "heard_by", "losses", "of_part", "require_another", "unheard"]

GTZAN = "gtzan"
# A subset's tracks are in those after it.
FMA = frozenset({"fma_small", "fma_medium", "fma_large", "fma_full"})

NOTE = (
    "Artists and titles of the two collections are compared as they are spelt; where a collection has numbers for "
    "them, as MTG-Jamendo has, its artists count as unknown and nothing can be found."
)


@dataclass(frozen=True)
class Heard:
    """What a model was trained on, as far as we know it.

    Parameters
    ----------
    tracks : of the collections whose recordings are known, without their audio
    sizes : in bytes, of the files whose hashes the tracks have; a file of another size is no copy of them
    unlisted : data sets whose recordings are not known
    """

    tracks: tuple[Track, ...] = ()
    sizes: frozenset[int] = frozenset()
    unlisted: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether `tracks` is all that was heard."""
        return bool(self.tracks) and not self.unlisted

    def notes(self, asked: Dataset) -> tuple[str, ...]:
        """What a reader must know of a model that may have heard anything, or more of `asked` than can be told."""
        if self.is_known:
            n_nameless = sum(not keys(track, "recording") for track in asked.tracks)
            if not n_nameless:
                return ()
            return (
                f"Of {n_nameless} of {len(asked)} tracks artist or title is not known: but for bit-identical copies, "
                "nothing tells whether they are among what the model heard.",
            )
        why = "its card names no data set"
        if self.unlisted:
            why = f"there is no list of the recordings of {', '.join(map(repr, self.unlisted))}"
        return (f"What the model heard is not known: {why}. These tracks may be among what it heard.",)


def collection_of(dataset: str) -> str:
    """The collection that a data set of this name is of: gtzan6 is of GTZAN, and FMA-small lies in FMA-medium."""
    name = dataset.casefold().removesuffix("_gtzan_genres")
    if name in FMA:
        return "fma"
    return GTZAN if name.startswith(GTZAN) else name


def require_another(dataset: Dataset, trained_on: Iterable[str]) -> None:
    """Refuse a data set of a collection that the model was trained on.

    Raises
    ------
    DataError
        If one of the names in `trained_on` is of the same collection.
    """
    for name in trained_on:
        if collection_of(name) == collection_of(dataset.name):
            raise DataError(
                f"The model was trained on data set {name!r}, which is of the same collection as {dataset.name!r}; P5 "
                "asks it about another. For its own, evaluate runs: 'genrekit evaluate'. If a folder of yours is only "
                "called like it, rename the folder."
            )


def of_part(dataset: Dataset, part: Part | None) -> Dataset:
    """What a model can be asked about: the tracks of one part of the split that came with a collection; None for all.

    Raises
    ------
    DataError
        If there is no audio, no such split, or no track of the part.
    """
    if dataset.archive is not None or dataset.table is not None:
        raise DataError(f"Data set {dataset.name!r} has no audio that a model could be applied to.")
    if not dataset.tracks:
        raise DataError(
            f"None of the {len(dataset.absent())} tracks of data set {dataset.name!r} has its audio here; 'genrekit "
            f"data info {dataset.name}' says where it is expected."
        )
    parts = dataset.published_parts
    if part is None:
        return dataset
    if parts is None:
        raise DataError(f"Data set {dataset.name!r} did not come with a split of its own; leave --part out.")
    members = {track_id: one for track_id, one in parts.items() if one == part}
    tracks = tuple(track for track in dataset.tracks if track.track_id in members)
    if not tracks:
        here = Counter(parts[track.track_id] for track in dataset.tracks)
        others = ", ".join(f"{n} of {one}" for one, n in sorted(here.items()))
        raise DataError(
            f"No track of the {part} part of data set {dataset.name!r} is here (the part has {len(members)}); "
            f"there are {others}. Give another --part, or add audio."
        )
    faults = tuple(fault for fault in dataset.faults if fault.track_id in members)
    return replace(dataset, tracks=tracks, faults=faults, published_parts=members)


def heard_by(trained_on: Iterable[str]) -> Heard:
    """What a model heard that was trained on data sets of these names.

    GTZAN is known in all its forms, whole even where a model heard a part of it.
    """
    names = tuple(trained_on)
    unlisted = tuple(name for name in names if collection_of(name) != GTZAN)
    if len(unlisted) == len(names):
        return Heard(unlisted=unlisted)
    tracks = tuple(
        Track(track_id, track_id.split(".")[0], None, fact.artist, fact.title, fact.wav_sha256)
        for track_id, fact in gtzan_facts().items()
    )
    return Heard(tracks, frozenset(fact.wav_bytes for fact in gtzan_facts().values()), unlisted)


def unheard(dataset: Dataset, heard: Heard) -> Dataset:
    """The data set without the tracks that are copies or recordings of what was heard, its possible copies hashed.

    Raises
    ------
    DataError
        If a track or its file has the name of one that was heard (then this is the collection that was trained on), or
        no track is left.
    """
    same: tuple[Relation, ...] = tuple(relation for relation in RELATIONS if relation != "artist")
    known = {relation: {key for track in heard.tracks for key in keys(track, relation)} for relation in same}
    for track in dataset.tracks:
        if not known["track"].isdisjoint((track.track_id, _stem(track))):
            raise DataError(
                f"Data set {dataset.name!r} has tracks that the model was trained on, such as {track.track_id!r}; P5 "
                "asks it about another collection. For its own, evaluate runs: 'genrekit evaluate'."
            )
    dataset = _hashed(dataset, heard)
    kept = tuple(t for t in dataset.tracks if all(known[one].isdisjoint(keys(t, one)) for one in same))
    if dataset.tracks and not kept:
        raise DataError(
            f"The model may have heard the recordings of all {len(dataset)} tracks that were asked for of data set "
            f"{dataset.name!r}; none is left to ask it about. Take another collection."
        )
    return replace(dataset, tracks=kept)


def losses(there: Dataset, asked: Dataset, genres: Collection[str]) -> tuple[str, ...]:
    """Sentences on what of these genres is not asked about: tracks without audio, and what the model may have heard.

    Parameters
    ----------
    there : as `of_part` gave it
    asked : what `unheard` left of it
    genres : that are asked about
    """
    found = []
    n_absent = len(there.absent(genres))
    n_here, n_asked = (sum(track.genre in genres for track in dataset.tracks) for dataset in (there, asked))
    if n_absent:
        found.append(f"Tracks of {there.name} that are not here: {n_absent} of {n_here + n_absent}.")
    if n_asked < n_here:
        found.append(f"Tracks left out, whose recordings the model may have heard: {n_here - n_asked}.")
    return tuple(found)


def _stem(track: Track) -> str:
    """The name of a track's file as GTZAN would have it: blues/blues_00000.ogg is blues.00000."""
    stem = PurePath(track.track_id if track.path is None else track.path.name).stem.casefold()
    return re.sub(r"^([a-z]+)[_-](\d+)$", r"\1.\2", stem)


def _hashed(dataset: Dataset, heard: Heard) -> Dataset:
    hashes = hash_of_sizes((t.path for t in dataset.tracks if t.path is not None and t.sha256 is None), heard.sizes)
    tracks = (
        track if track.path not in hashes else replace(track, sha256=hashes[track.path]) for track in dataset.tracks
    )
    return replace(dataset, tracks=tuple(tracks))


def across(heard: Iterable[Track], dataset: Dataset) -> tuple[Split, Dataset]:
    """The split whose training part is one collection and whose test part is another, and the data set of both.

    Parameters
    ----------
    heard : tracks that the model was trained on; none if they are not known, and then there is nothing to prove
    dataset : the other collection; its identifiers are others
    """
    heard = tuple(heard)
    tracks = dataset.tracks
    if dataset.numbered_artists:
        # A number is no name: to the other collection these artists are unknown, and the proof counts them so.
        tracks = tuple(replace(track, artist=None, title=None) for track in tracks)
    both = Dataset(
        dataset.name,
        (*dataset.genres, *sorted({track.genre for track in heard} - set(dataset.genres), key=_place)),
        tuple(sorted((*heard, *tracks), key=lambda track: track.track_id)),
    )
    parts: dict[Part, tuple[str, ...]] = {
        "train": tuple(track.track_id for track in heard),
        "valid": (),
        "test": tuple(track.track_id for track in tracks),
    }
    return Split("another_collection", "P5", "track", parts, notes=(NOTE,) if heard else ()), both


def _place(genre: str) -> tuple[int, str]:
    return (GENRES.index(genre) if genre in GENRES else len(GENRES), genre)
