"""The ways to split: each says which tracks or excerpts are in which part of one fold, and how many are missing.

Validation parts are empty where a way brings none; genres are balanced where folds are drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genrekit.data.dataset import Dataset
from genrekit.data.parts import Part
from genrekit.data.relations import groups
from genrekit.data.splits.balanced_folds import balanced_folds
from genrekit.data.splits.published_lists import artist_fold_parts, listed_parts, official_parts
from genrekit.data.window_grid import grid_size
from genrekit.errors import DataError

__all__ = [
    "Parts",
    "Request",
    "all_train",
    "artist_disjoint",
    "artist_folds",
    "by_excerpt",
    "by_excerpt_8_1_1",
    "by_track",
    "by_track_8_1_1",
    "filtered",
    "filtered_inner",
    "official",
    "stratified",
]

# Windows of the reports within the first 30 s, half overlapping: 19 and 11 of a whole track.
SPAN_S = 30.0
A_WINDOW_S = 3.0
B_WINDOW_S = 5.0

Parts = dict[Part, list[str]]


@dataclass(frozen=True)
class Request:
    """What a way needs to know: the fold of so many, the seed of what is drawn, and tracks that are one recording."""

    dataset: Dataset
    fold: int
    n_folds: int
    seed: int
    pairs: tuple[tuple[str, str], ...]


def by_track(request: Request) -> tuple[Parts, int]:
    """Tracks at random; one fold tests."""
    tracks = [track.track_id for track in request.dataset.tracks]
    tests = _stratified_folds(request.dataset.labels(tracks), request.n_folds, request.seed, "tracks")
    return _parts(tracks, tests[request.fold], np.array([], dtype=int)), 0


def by_track_8_1_1(request: Request) -> tuple[Parts, int]:
    """Tracks at random; one fold tests and the next one validates, as in report B."""
    tracks = [track.track_id for track in request.dataset.tracks]
    return _next_fold_validates(request, tracks, request.dataset.labels(tracks), "tracks"), 0


def by_excerpt(request: Request) -> tuple[Parts, int]:
    """Report A's excerpts at random, whatever track they are of; one fold tests."""
    members, labels = _excerpts(request.dataset, A_WINDOW_S)
    tests = _stratified_folds(labels, request.n_folds, request.seed, "excerpts")
    return _parts(members, tests[request.fold], np.array([], dtype=int)), 0


def by_excerpt_8_1_1(request: Request) -> tuple[Parts, int]:
    """Report B's excerpts likewise; the next fold validates."""
    members, labels = _excerpts(request.dataset, B_WINDOW_S)
    return _next_fold_validates(request, members, labels, "excerpts"), 0


def artist_disjoint(request: Request, tracks: Sequence[str] | None = None) -> tuple[Parts, int]:
    """Folds that share no artist, recording or copy; of `tracks` alone, if they are given."""
    dataset = request.dataset
    if request.n_folds < 2:
        raise DataError(f"Artist-disjoint folds: expected at least 2 folds; {request.n_folds} were asked for.")
    if tracks is None:
        tracks = [track.track_id for track in dataset.tracks]
    all_groups = groups(dataset, ("copy", "recording", "artist"), request.pairs)
    group_of = [all_groups[dataset.index[track]] for track in tracks]
    rng = np.random.default_rng(request.seed)
    folds = balanced_folds(group_of, dataset.labels(tracks), [1 / request.n_folds] * request.n_folds, rng)
    return _parts(tracks, np.flatnonzero(folds == request.fold), np.array([], dtype=int)), 0


def filtered(request: Request) -> tuple[Parts, int]:
    """The published fault-filtered lists."""
    return listed_parts(request.dataset, "filtered")


def filtered_inner(request: Request) -> tuple[Parts, int]:
    """Artist-disjoint folds of all but the published test part, of which no track is in any part."""
    listed, missing = listed_parts(request.dataset, "filtered")
    open_to_choices = {*listed["train"], *listed["valid"]}
    folds, _ = artist_disjoint(request, [t.track_id for t in request.dataset.tracks if t.track_id in open_to_choices])
    return folds, missing


def stratified(request: Request) -> tuple[Parts, int]:
    """The published stratified lists."""
    return listed_parts(request.dataset, "stratified")


def official(request: Request) -> tuple[Parts, int]:
    """The parts that a data set was published with."""
    return official_parts(request.dataset)


def artist_folds(request: Request) -> tuple[Parts, int]:
    """The published artist-filtered folds."""
    return artist_fold_parts(request.dataset, request.fold)


def all_train(request: Request) -> tuple[Parts, int]:
    """All tracks train, and none is tested."""
    return {"train": [track.track_id for track in request.dataset.tracks], "valid": [], "test": []}, 0


def _next_fold_validates(request: Request, members: Sequence[str], labels: Sequence[int], what: str) -> Parts:
    if request.n_folds < 3:
        raise DataError(
            f"One fold tests and the next one validates, so that 3 folds or more are needed to train on the others; "
            f"{request.n_folds} were asked for."
        )
    tests = _stratified_folds(labels, request.n_folds, request.seed, what)
    return _parts(members, tests[request.fold], tests[(request.fold + 1) % request.n_folds])


def _stratified_folds(labels: Sequence[int], n_folds: int, seed: int, what: str) -> list[np.ndarray]:
    from sklearn.model_selection import StratifiedKFold

    fewest = int(np.bincount(np.asarray(labels))[np.unique(labels)].min()) if labels else 0
    if not 2 <= n_folds <= fewest:
        raise DataError(
            f"{n_folds} folds need at least {max(n_folds, 2)} {what} in each genre (and at least 2 folds); "
            f"the smallest genre has {fewest}."
        )
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    return [test for _, test in folds.split(np.zeros(len(labels)), labels)]


def _excerpts(dataset: Dataset, window_s: float) -> tuple[list[str], list[int]]:
    """All excerpts and their labels: as many as a track is long enough for, where that is known, or as a table has."""
    members, labels = [], []
    table = dataset.table
    if table is not None and table.hop_s is None:
        raise DataError(
            f"The table of data set {dataset.name!r} has one row a track, so that no excerpts of a track can be mixed; "
            "take a split by tracks, such as a_folds, or a table of shorter excerpts."
        )
    for track, label in zip(dataset.tracks, dataset.labels(t.track_id for t in dataset.tracks), strict=True):
        if table is not None:
            rows = table.rows[track.track_id]
            count = rows.stop - rows.start
        else:
            duration_s = SPAN_S if track.duration_s is None else track.duration_s
            count = grid_size(duration_s, window_s=window_s, hop_s=window_s / 2, span_s=SPAN_S)
        members += [f"{track.track_id}@{index}" for index in range(count)]
        labels += [label] * count
    return members, labels


def _parts(members: Sequence[str], test: np.ndarray, valid: np.ndarray) -> Parts:
    part: list[Part] = ["train"] * len(members)
    for place in valid:
        part[place] = "valid"
    for place in test:
        part[place] = "test"
    parts: Parts = {"train": [], "valid": [], "test": []}
    for member, name in zip(members, part, strict=True):
        parts[name].append(member)
    return parts
