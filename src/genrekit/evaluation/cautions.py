"""What must be known to read a figure right, and what is missing: said, not skipped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from genrekit.evaluation.clusters import cluster_rows
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.protocols import note_of
from genrekit.evaluation.published import GTZAN_GENRES
from genrekit.evaluation.runs import StoredSplit, proofs_of

__all__ = ["cautions", "comparison_cautions", "on_missing_tracks"]

HEADLINE_SEEDS = 3
# Of fewer artists or tracks a bootstrap has too few different resamples.
FEW_CLUSTERS = 10


def cautions(rows: Predictions, splits: Sequence[StoredSplit], n_readings: Sequence[int] | None) -> tuple[str, ...]:
    """Sentences for the report card of one part's rows.

    Parameters
    ----------
    rows : of one part, not empty
    splits : of the runs, as far as they are known
    n_readings : of the part, run by run; None or empty if no record is kept
    """
    return (
        *_on_the_split(rows, splits),
        *_on_the_runs(rows, splits),
        *_on_the_data(rows),
        *_on_the_readings(rows, n_readings),
    )


def comparison_cautions(
    first: Predictions,
    second: Predictions,
    *,
    splits: tuple[Sequence[StoredSplit], Sequence[StoredSplit]] = ((), ()),
) -> tuple[str, ...]:
    """Sentences on what makes a comparison of two fused tables less than fair; `splits` are of each side's runs."""
    found = []
    for side in (first, second):
        if side.contaminated:
            found.append(
                f"CONTAMINATED: {side.recipe} has heard the test tracks; what it gains shows a leak, not a merit."
            )
    for which, of_side in zip(("first", "second"), splits, strict=True):
        if any(split.validates_on_test for split in of_side):
            found.append(
                f"The training of the {which} was stopped on the very part that is scored, which flatters it: what it "
                "gains shows a leak, not a merit."
            )
    for what in ("protocol", "dataset"):
        one, two = getattr(first, what), getattr(second, what)
        if one != two:
            found.append(f"The systems differ in {what} too: {one} and {two}.")
    if str(first.part[0]) != "test":
        found.append(f"These are decisions on the {first.part[0]} part, on which choices were made.")
    if first.artist is None and second.artist is None:
        found.append("Artists were not recorded: the interval resamples tracks, and may be too narrow.")
    return (*found, *_on_few_clusters(first if first.artist is not None else second))


def on_missing_tracks(dataset: str, splits: Sequence[StoredSplit]) -> str:
    """What to know if many tracks of the data set were missing when its folds were made; "" if they were not."""
    n_missing = max((proof.n_tracks_missing for proof in proofs_of(splits)), default=0)
    if not n_missing:
        return ""
    return (
        f"{n_missing} tracks of {dataset} were missing: its folds are not those of the whole, and the figures do not "
        "stand for it."
    )


def _on_the_split(rows: Predictions, splits: Sequence[StoredSplit]) -> Iterator[str]:
    yield note_of(rows.protocol, n_artists=rows.n_artists).interval
    if rows.protocol == "P5":
        # Which genres are shared, and what was lost on the way, decide what the figures mean.
        yield from dict.fromkeys(note for split in splits for note in split.split.notes)
    if rows.contaminated and rows.protocol != "P1":
        yield "The split is marked as contaminated: scores and intervals are meaningless for new music."
    if any(split.validates_on_test for split in splits):
        yield (
            "Training was stopped on the very part that is scored here, which flatters: the figures compare only with "
            "published ones that were made the same way."
        )
    if incomplete := on_missing_tracks(rows.dataset, splits):
        yield incomplete
    if not splits or any(split.proof is None for split in splits):
        yield "Missing: a proof of what the parts share (split.json of the run)."


def _on_the_runs(rows: Predictions, splits: Sequence[StoredSplit]) -> Iterator[str]:
    seeds, folds = np.unique(rows.seed), np.unique(rows.fold)
    if len(seeds) < HEADLINE_SEEDS:
        count = "One seed was" if len(seeds) == 1 else "Two seeds were"
        yield f"{count} trained; a headline figure needs at least {HEADLINE_SEEDS}."
    n_runs = len(np.unique(np.stack([rows.fold, rows.seed]), axis=1).T)
    if n_runs < len(seeds) * len(folds):
        yield f"Only {n_runs} of the {len(seeds) * len(folds)} combinations of fold and seed are here."
    n_folds = max((split.n_folds for split in splits), default=0)
    if len(folds) < n_folds:
        yield f"{len(folds)} of the split's {n_folds} folds {'is' if len(folds) == 1 else 'are'} here."


def _on_the_data(rows: Predictions) -> Iterator[str]:
    absent = [genre for index, genre in enumerate(rows.genres) if not (rows.label == index).any()]
    if absent:
        yield f"No track of {', '.join(absent)} is in this part; macro scores leave such genres out."
    if rows.artist is None:
        yield "Missing: artists were not recorded; intervals resample tracks, and may be too narrow."
    elif not (np.char.str_len(rows.artist) > 0).any():
        yield "No artist is known: intervals resample tracks, and may be too narrow."
    yield from _on_few_clusters(rows)
    if frozenset(rows.genres) != GTZAN_GENRES:
        which = "of them" if frozenset(rows.genres) < GTZAN_GENRES else "others"
        yield f"Published figures are for GTZAN's ten genres; these are {len(rows.genres)} {which}, so none is shown."


def _on_few_clusters(rows: Predictions) -> Iterator[str]:
    clusters = cluster_rows(rows)
    if clusters.n_clusters < FEW_CLUSTERS:
        unit = "Artists and single tracks" if clusters.unit == "artist" else "Tracks"
        yield f"{unit} that were scored: {clusters.n_clusters}. Intervals over so few say little."


def _on_the_readings(rows: Predictions, n_readings: Sequence[int] | None) -> Iterator[str]:
    part = str(rows.part[0])
    if part != "test":
        yield f"These are figures of the {part} part, on which choices were made: not a test result."
    elif not n_readings:
        yield "Missing: the record of how often this part was read."
    elif max(n_readings) > 1:
        yield f"The test part of a run was read {max(n_readings)} times: choices may have been made on it."
