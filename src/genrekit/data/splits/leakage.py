"""The leak detector: what the parts of a split share, and what a protocol allows."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from types import MappingProxyType
from typing import Any

from genrekit.audio import AudioWarning
from genrekit.data.dataset import Dataset
from genrekit.data.parts import PARTS, Part, Protocol
from genrekit.data.relations import RELATIONS, Relation, groups, keys
from genrekit.data.splits.split import Split
from genrekit.errors import DataError, LeakError

__all__ = ["REFUSED", "Proof", "Shared", "prove", "require_proof"]

# What a protocol refuses to find in two parts. P2 is "tracks at random": it counts copies, recordings and artists and
# lets them pass; P3 and other published lists are fixed, and their known leaks are stated with every score. A user's
# own split must at least keep recordings apart, and so must P5: two collections may well know the same artists.
REFUSED: Mapping[Protocol, frozenset[Relation]] = MappingProxyType(
    {
        "P1": frozenset(),
        "P2": frozenset({"track"}),
        "P3": frozenset({"track", "copy"}),
        "P4": frozenset(RELATIONS),
        "P5": frozenset({"track", "copy", "recording"}),
        "published": frozenset({"track"}),
        "custom": frozenset({"track", "copy", "recording"}),
    }
)


@dataclass(frozen=True)
class Shared:
    """What two parts share by one relation.

    Parameters
    ----------
    first, second : the parts; "train+valid" is all that a system learns and chooses from
    relation : "track", "copy" (bit-identical), "recording" (same artist and title, or fingerprint) or "artist"
    n_shared : how many tracks, files, recordings or artists are in both
    n_first, n_second : how many tracks of each part are concerned
    n_second_total : tracks of the second part
    examples : up to three pairs of tracks, one of each part
    """

    first: str
    second: str
    relation: Relation
    n_shared: int
    n_first: int
    n_second: int
    n_second_total: int
    examples: tuple[tuple[str, str], ...] = ()

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Shared:
        """What `Proof.to_dict` wrote of it; TypeError or ValueError if it is not."""
        return cls(**{**values, "examples": tuple((first, second) for first, second in values.get("examples", ()))})


@dataclass(frozen=True)
class Proof:
    """What the parts of a split share, counted before training.

    Parameters
    ----------
    split_hash, protocol : of the split
    shared : for each pair of parts and for train+valid against test, one count a relation
    n_test : test tracks
    n_test_touched : test tracks that share anything at all with train or validation
    crossing : how many tracks, copies, recordings and artists are in more than one part
    n_tracks : of all parts
    n_unknown_artists : tracks of the split whose artist is unknown, so that artists may cross unseen
    refused : sentences on what the protocol does not allow; empty if the split is accepted
    n_tracks_missing : tracks that the data set lacked when its folds were made, if they were many; 0 if they were few
    """

    split_hash: str
    protocol: Protocol
    shared: tuple[Shared, ...]
    n_test: int
    n_test_touched: int
    crossing: Mapping[Relation, int]
    n_tracks: int
    n_unknown_artists: int
    refused: tuple[str, ...]
    n_tracks_missing: int = 0

    def __repr__(self) -> str:
        verdict = f"refused, {' '.join(self.refused)}" if self.refused else "nothing refused"
        return (
            f"<Proof under {self.protocol}: {verdict}; {self.n_test_touched} of {self.n_test} test tracks share "
            f"something with what is learnt from; artist unknown of {self.n_unknown_artists} of {self.n_tracks} tracks>"
        )

    def between(self, first: str, second: str, relation: Relation) -> Shared:
        """The count for two parts and a relation, such as ``("train+valid", "test", "artist")``."""
        for shared in self.shared:
            if (shared.first, shared.second, shared.relation) == (first, second, relation):
                return shared
        raise KeyError((first, second, relation))

    def to_dict(self) -> dict[str, Any]:
        """As JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Proof:
        """The proof that ``to_dict`` wrote.

        Raises
        ------
        DataError
            If it is none: a key is missing or unknown, or a count is no whole number.
        """
        try:
            shared = tuple(Shared.from_dict(one) for one in values["shared"])
            proof = cls(**{**values, "shared": shared, "refused": tuple(values["refused"])})
        except KeyError as error:
            raise DataError(f"Not the proof of a split: it has no key {error}.") from None
        except (TypeError, ValueError) as error:
            raise DataError(f"Not the proof of a split: {error}.") from error
        for name, count in proof._counts():
            if not isinstance(count, int):
                raise DataError(f"Not the proof of a split: {name} is {count!r}, expected a whole number.")
        return proof

    def _counts(self) -> Iterator[tuple[str, object]]:
        for holder in (self, *self.shared):
            yield from ((name, value) for name, value in vars(holder).items() if name.startswith("n_"))
        yield from self.crossing.items()


def prove(split: Split, dataset: Dataset, *, pairs: Sequence[tuple[str, str]] = ()) -> Proof:
    """Count what the parts of a split share.

    Parameters
    ----------
    split : to be proved
    dataset : that knows the tracks' artists, titles and hashes
    pairs : tracks that are one recording, besides those of the data set's `same_recordings`

    Raises
    ------
    DataError
        If the split names a track that the data set lacks.

    Warns
    -----
    AudioWarning : nobody has compared the data set's recordings (`with_same_recordings` does), so that a song in two
        files goes unnoticed unless its name or its bytes tell
    """
    split.require_known(dataset)
    _warn_of_unheard(split, dataset)
    heard = (*(dataset.same_recordings or ()), *pairs)
    key_of = {relation: _keys(dataset, relation, heard) for relation in RELATIONS}
    tracks: dict[str, tuple[str, ...]] = {part: split.tracks(part) for part in PARTS}
    tracks["train+valid"] = tuple(sorted({*tracks["train"], *tracks["valid"]}))
    shared: list[Shared] = []
    for first, second in [*combinations(PARTS, 2), ("train+valid", "test")]:
        # A split that validates on its test part shares all of it by intent; only the training part can leak.
        if split.validation == "test" and "valid" in (first, second):
            continue
        shared += [_count(first, second, tracks, key_of[relation], relation) for relation in RELATIONS]
    learnt = tracks["train"] if split.validation == "test" else tracks["train+valid"]
    seen = {
        relation: {key for track_id in learnt for key in key_of[relation].get(track_id, ())} for relation in RELATIONS
    }
    touched = [
        track_id
        for track_id in tracks["test"]
        if any(not seen[relation].isdisjoint(key_of[relation].get(track_id, ())) for relation in RELATIONS)
    ]
    known = key_of["artist"]
    everything = {track_id for part in PARTS for track_id in tracks[part]}
    return Proof(
        split_hash=split.hash,
        protocol=split.protocol,
        shared=tuple(shared),
        n_test=len(tracks["test"]),
        n_test_touched=len(touched),
        crossing={relation: _crossing(split, tracks, key_of[relation]) for relation in RELATIONS},
        n_tracks=len(everything),
        n_unknown_artists=len(everything - known.keys()),
        refused=tuple(_refusals(split.protocol, shared)),
    )


def require_proof(split: Split, dataset: Dataset, *, pairs: Sequence[tuple[str, str]] = ()) -> Proof:
    """Prove a split, and refuse it if its parts share what its protocol does not allow.

    Raises
    ------
    LeakError
        With all that is refused.
    DataError
        If the split names a track that the data set lacks.

    Warns
    -----
    AudioWarning : as `prove`
    """
    proof = prove(split, dataset, pairs=pairs)
    if proof.refused:
        raise LeakError(
            f"Split {split.name!r} is refused under protocol {split.protocol}: {' '.join(proof.refused)} "
            "Move these tracks into one part, or leave them out."
        )
    return proof


def _warn_of_unheard(split: Split, dataset: Dataset) -> None:
    # Of two collections nothing is compared but what is written of their tracks, which the split's notes say.
    if dataset.is_compared or split.protocol == "P5":
        return
    warnings.warn(
        f"the recordings of data set {dataset.name!r} were not compared by ear: a song in two files goes unnoticed "
        "unless its name or its bytes tell; split and prove genrekit.data.with_same_recordings(dataset) instead",
        AudioWarning,
        stacklevel=3,
    )


def _keys(dataset: Dataset, relation: Relation, pairs: Sequence[tuple[str, str]]) -> dict[str, tuple[Hashable, ...]]:
    ids = [track.track_id for track in dataset.tracks]
    if relation == "track":
        return {track_id: (track_id,) for track_id in ids}
    if relation == "artist":
        # Who plays on a recording plays on its copies, whatever their own tags say.
        numbers = groups(dataset, ("copy", "recording"), pairs)
        of_group: dict[int, dict[Hashable, None]] = {}
        for number, track in zip(numbers, dataset.tracks, strict=True):
            of_group.setdefault(number, {}).update(dict.fromkeys(keys(track, "artist")))
        return {
            track_id: tuple(of_group[number]) for track_id, number in zip(ids, numbers, strict=True) if of_group[number]
        }
    # A recording is known by the index or by ear. A track is no copy of itself, so groups of one do not count.
    numbers = groups(dataset, (relation,), pairs if relation == "recording" else ())
    sizes = Counter(numbers)
    return {track_id: (number,) for track_id, number in zip(ids, numbers, strict=True) if sizes[number] > 1}


def _count(
    first: str,
    second: str,
    tracks: Mapping[str, Iterable[str]],
    key_of: Mapping[str, tuple[Hashable, ...]],
    relation: Relation,
) -> Shared:
    holders: dict[str, dict[Hashable, list[str]]] = {first: {}, second: {}}
    total = 0
    for part in (first, second):
        total = 0
        for track_id in tracks[part]:
            total += 1
            for key in key_of.get(track_id, ()):
                holders[part].setdefault(key, []).append(track_id)
    ours, theirs = holders[first], holders[second]
    both = [key for key in theirs if key in ours]
    return Shared(
        first=first,
        second=second,
        relation=relation,
        n_shared=len(both),
        n_first=len({track_id for key in both for track_id in ours[key]}),
        n_second=len({track_id for key in both for track_id in theirs[key]}),
        n_second_total=total,
        examples=tuple((ours[key][0], theirs[key][0]) for key in both[:3]),
    )


def _crossing(split: Split, tracks: Mapping[str, Iterable[str]], key_of: Mapping[str, tuple[Hashable, ...]]) -> int:
    parts = ("train", "test") if split.validation == "test" else PARTS
    counts = Counter(key for part in parts for key in {key for one in tracks[part] for key in key_of.get(one, ())})
    return sum(count > 1 for count in counts.values())


def _refusals(protocol: Protocol, shared: Iterable[Shared]) -> Iterable[str]:
    plural = {"track": "tracks", "copy": "bit-identical copies", "recording": "recordings", "artist": "artists"}
    parts: tuple[Part, ...] = PARTS
    for one in shared:
        if one.relation in REFUSED[protocol] and one.n_shared and {one.first, one.second} <= set(parts):
            a, b = one.examples[0]
            pair = repr(a) if a == b else f"{a!r} and {b!r}"
            yield f"{one.first} and {one.second} share {one.n_shared} {plural[one.relation]}, such as {pair}."
