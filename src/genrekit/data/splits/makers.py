"""Makers of splits by name: the two reports' folds, the published lists, and the protocols P2 and P4."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np

from genrekit.data.dataset import Dataset
from genrekit.data.parts import Part, Protocol, Unit, Validation
from genrekit.data.relations import groups, keys
from genrekit.data.splits.split import Split
from genrekit.data.splits.validation_part import carve_groups, carve_stratified
from genrekit.data.splits.ways import (
    Parts,
    Request,
    all_train,
    artist_disjoint,
    artist_folds,
    by_excerpt,
    by_excerpt_8_1_1,
    by_track,
    by_track_8_1_1,
    filtered,
    filtered_inner,
    official,
    stratified,
)
from genrekit.errors import DataError, NoSuchDataError
from genrekit.suggestion import did_you_mean

__all__ = ["SPLITS", "SplitKind", "make_split", "require_fold", "split_kind"]

A_SEED = 123456789
A_CONTAMINATED_SEED = 12345


@dataclass(frozen=True)
class SplitKind:
    """A way to split.

    Parameters
    ----------
    summary : one line for a list
    protocol, unit : of the splits made
    n_folds : by default
    make : training, validation (empty if it brings none) and test parts, and the number of tracks missing
    seed : by default; None if nothing is random
    own_validation : where the validation part that ``make`` gives is from; None if it gives none
    grouped : an inner validation part keeps groups together, too
    """

    summary: str
    protocol: Protocol
    unit: Unit
    n_folds: int
    make: Callable[[Request], tuple[Parts, int]]
    seed: int | None = 0
    own_validation: Validation | None = None
    grouped: bool = False


def make_split(
    dataset: Dataset,
    name: str,
    *,
    fold: int = 0,
    n_folds: int | None = None,
    seed: int | None = None,
    validation: Literal["default", "test"] = "default",
    valid_fraction: float = 0.1,
    valid_seed: int = 0,
    pairs: Sequence[tuple[str, str]] = (),
) -> Split:
    """Split a data set by one of the ways in ``SPLITS``.

    Parameters
    ----------
    dataset : whose tracks are split
    name : of the way
    fold : which fold is tested, counted from 0
    n_folds : how many; None for the way's own number. Published lists have a fixed number
    seed : of the folds; None for the way's own
    validation : "default" is the published validation part where there is one, otherwise an inner part carved from
        the training part in the spirit of the same protocol. "test" validates on the test part itself, as report A
        does; such a score is flattered, and the split's name says so
    valid_fraction : share of the training part that an inner validation part takes, 0 (none) to 0.5
    valid_seed : of the inner validation part
    pairs : tracks that are one recording, besides those of the data set's `same_recordings`; artist_disjoint keeps
        them together

    Raises
    ------
    DataError
        If the name, the fold or an option does not fit, or a genre has too few tracks or the data set none.
    """
    kind = split_kind(name)
    if not dataset.tracks:
        # Of nothing, everything could be proved.
        raise DataError(
            f"None of the tracks of data set {dataset.name!r} is here; 'genrekit data info {dataset.name}' says where "
            "their audio is expected."
        )
    count = kind.n_folds if n_folds is None else n_folds
    if kind.seed is None and count != kind.n_folds:
        raise DataError(f"The published split {name!r} has {kind.n_folds} fold(s); {count} were asked for.")
    require_fold(name, fold, count)
    if not 0 <= valid_fraction <= 0.5:
        raise DataError(f"valid_fraction is the share of the training part, 0 to 0.5; found {valid_fraction}.")
    if validation not in ("default", "test"):
        raise DataError(f"validation is 'default' or 'test'; found {validation!r}.")
    if seed is not None and kind.seed is None:
        raise DataError(f"The published split {name!r} takes no seed; {seed} was given.")
    chosen_seed = kind.seed if seed is None else seed
    request = Request(dataset, fold, count, chosen_seed or 0, (*(dataset.same_recordings or ()), *pairs))
    parts, missing = kind.make(request)
    split = Split(
        name=name,
        protocol=kind.protocol,
        unit=kind.unit,
        parts={part: tuple(members) for part, members in parts.items()},
        fold=fold,
        n_folds=count,
        seed=chosen_seed,
        validation=kind.own_validation or "none",
        missing=missing,
        notes=_notes(kind, missing, dataset),
    )
    if validation == "test":
        return _validated_on_test(split, kind)
    if kind.own_validation is None and valid_fraction > 0:
        return _with_inner_validation(split, kind, request, valid_fraction, valid_seed)
    return split


def split_kind(name: str) -> SplitKind:
    """The way of that name; NoSuchDataError if there is none."""
    if name not in SPLITS:
        raise NoSuchDataError(f"There is no split {name!r}{did_you_mean(name, SPLITS)}. Known: {', '.join(SPLITS)}.")
    return SPLITS[name]


def require_fold(name: str, fold: int, n_folds: int) -> None:
    """Raise NoSuchDataError if a split of so many folds has none of that number."""
    if not 0 <= fold < n_folds:
        raise NoSuchDataError(f"Split {name!r} has the folds 0 to {n_folds - 1}; fold {fold} was asked for.")


def _notes(kind: SplitKind, missing: int, dataset: Dataset) -> tuple[str, ...]:
    notes = []
    if kind.protocol == "P1":
        notes.append("CONTAMINATED: excerpts of one track lie in several parts; the score shows the size of the leak.")
    if kind.protocol == "P4" and not any(keys(track, "artist") for track in dataset.tracks):
        notes.append("No artist is known: each track counts as an artist of its own, and artists may be on both sides.")
    if missing:
        notes.append(f"Tracks of the published list that the data set lacks: {missing}.")
    return tuple(notes)


def _validated_on_test(split: Split, kind: SplitKind) -> Split:
    if kind.own_validation is not None:
        raise DataError(f"Split {split.name!r} has a validation part of its own; it is not validated on the test part.")
    note = "Validation is the test part itself, so choices are made on it and the score is flattered."
    return replace(
        split,
        name=f"{split.name}_validated_on_test",
        parts={**split.parts, "valid": split.parts["test"]},
        validation="test",
        notes=(*split.notes, note),
    )


def _with_inner_validation(split: Split, kind: SplitKind, request: Request, fraction: float, seed: int) -> Split:
    dataset, members = request.dataset, split.parts["train"]
    labels = dataset.labels(split.track_of(member) for member in members)
    rng = np.random.default_rng([seed, split.fold])
    if kind.grouped:
        group_of = groups(dataset, ("copy", "recording", "artist"), request.pairs)
        train, valid = carve_groups(members, labels, [group_of[dataset.index[m]] for m in members], fraction, rng)
    else:
        train, valid = carve_stratified(members, labels, fraction, rng)
    note = f"Validation: {fraction:g} of the training part, seed {seed}."
    parts: dict[Part, tuple[str, ...]] = {**split.parts, "train": tuple(train), "valid": tuple(valid)}
    return replace(split, parts=parts, validation="inner", notes=(*split.notes, note))


SPLITS: Mapping[str, SplitKind] = MappingProxyType(
    {
        "all": SplitKind(
            "every track trains and none is tested: for a model to use",
            "custom", "track", 1, all_train, None, grouped=True,
        ),
        "filtered": SplitKind(
            "the published fault-filtered split 443/197/290 of GTZAN", "P3", "track", 1, filtered, None, "published"
        ),
        "filtered_inner": SplitKind(
            "three artist-disjoint folds of the fault-filtered split without its test part: to choose on",
            "custom", "track", 3, filtered_inner, grouped=True,
        ),
        "stratified": SplitKind(
            "the stratified split 500/250/250 of GTZAN", "published", "track", 1, stratified, None, "published"
        ),
        "official": SplitKind(
            "the split that FMA and MTG-Jamendo (split-0) were published with",
            "published", "track", 1, official, None, "published",
        ),
        "a_folds": SplitKind("five folds as report A made its own, by track", "P2", "track", 5, by_track, A_SEED),
        "random_folds": SplitKind("ten folds of tracks at random", "P2", "track", 10, by_track),
        "b_grouped": SplitKind(
            "report B's ten folds 8:1:1, a track's excerpts together", "P2", "track", 10, by_track_8_1_1, 0, "inner"
        ),
        "artist_folds": SplitKind(
            "the three published artist-filtered folds of GTZAN",
            "published", "track", 3, artist_folds, None, None, grouped=True,
        ),
        "artist_disjoint": SplitKind(
            "three balanced folds that share no artist, recording or copy", "P4", "track", 3, artist_disjoint,
            grouped=True,
        ),
        "a_contaminated": SplitKind(
            "report A's split after framing, 19 excerpts of a track of 30 s (of a table: all): CONTAMINATED",
            "P1", "excerpt", 3, by_excerpt, A_CONTAMINATED_SEED,
        ),
        "b_folds": SplitKind(
            "report B's ten folds 8:1:1 over excerpts, 11 of a track of 30 s (of a table: all): CONTAMINATED",
            "P1", "excerpt", 10, by_excerpt_8_1_1, 0, "inner",
        ),
    }
)  # fmt: skip
