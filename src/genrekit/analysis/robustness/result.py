"""What the robustness suite says: accuracy under each condition, its paired difference, and the changed decisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from genrekit.analysis.captions import STOPPED_ON_TEST, predictions_caption
from genrekit.analysis.robustness.conditions import UNCHANGED, Condition
from genrekit.analysis.robustness.out_of_fold import OutOfFoldRun
from genrekit.analysis.robustness.store import TrackResult
from genrekit.data.dataset import Dataset
from genrekit.data.relations import normalise
from genrekit.errors import DataError
from genrekit.evaluation.clusters import cluster_rows
from genrekit.evaluation.fusion import FusionMethod, fuse
from genrekit.evaluation.intervals import (
    Interval,
    bootstrap_scores,
    percentile_interval,
    resample_weights,
    with_a_width,
)
from genrekit.evaluation.paired import compare
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.readings import record_reading
from genrekit.evaluation.scores import score
from genrekit.evaluation.summary import BOOTSTRAP_SEED

__all__ = [
    "TITLE",
    "ConditionScore",
    "Robustness",
    "changed_decisions",
    "score_robustness",
    "tabulate",
]

# By which an earlier page is known.
TITLE = "# Robustness"
N_RESAMPLES = 5000


@dataclass(frozen=True)
class ConditionScore:
    """File-wise figures of one condition, shares 0..1; differences are changed minus unchanged.

    `n_lost` and `n_gained` count tracks that only the unchanged, or only the changed recording has right; None where a
    track was decided several times (seeds). Differences and changes of the unchanged condition itself are None.
    """

    name: str
    title: str
    accuracy: float
    interval: Interval
    difference: float | None
    difference_interval: Interval | None
    p_value: float | None
    changed: float | None
    changed_interval: Interval | None
    n_lost: int | None
    n_gained: int | None


@dataclass(frozen=True)
class Robustness:
    """The suite's result, in the order of the suite; `runs` are the names of those that decided -> weights' SHA-256."""

    conditions: tuple[ConditionScore, ...]
    caption: str
    runs: Mapping[str, str]
    n_tracks: int
    n_decisions: int
    n_artists: int
    fusion: FusionMethod

    @property
    def unchanged(self) -> ConditionScore:
        return self.conditions[0]

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "runs": dict(self.runs),
            "n_tracks": self.n_tracks,
            "n_decisions": self.n_decisions,
            "n_known_artists": self.n_artists,
            "fusion": self.fusion,
            "bootstrap_seed": BOOTSTRAP_SEED,
            "conditions": [asdict(condition) for condition in self.conditions],
        }

    def to_markdown(self) -> str:
        """A table with what must be known to read it."""
        lines = [
            TITLE,
            "",
            self.caption,
            "",
            "| condition | accuracy, % (95 %) | difference, points (95 %) | p | changed, % (95 %) | lost | gained |",
            "|---|---|---|---|---|---|---|",
        ]
        for c in self.conditions:
            cells = [c.title, f"{_percent(c.accuracy)} ({_range(c.interval)})"]
            if c.difference is None or c.difference_interval is None or c.changed is None or c.p_value is None:
                cells += ["", "", "", "", ""]
            else:
                cells += [
                    f"{100 * c.difference:+.1f} ({_range(c.difference_interval, '+.1f')})",
                    f"{c.p_value:.4f}",
                    f"{_percent(c.changed)} ({_range(c.changed_interval)})",
                    "" if c.n_lost is None else str(c.n_lost),
                    "" if c.n_gained is None else str(c.n_gained),
                ]
            lines.append("| " + " | ".join(cells) + " |")
        unit = self.unchanged.interval
        clustered = "artists, single tracks where the artist is unknown" if unit.unit == "artist" else "tracks"
        n_compared = len(self.conditions) - 1
        return "\n".join(
            [
                *lines,
                "",
                f"Each track is decided by the models that did not train on it. Intervals: percentile bootstrap over "
                f"{unit.n_clusters} {clustered} ({N_RESAMPLES} resamples), Wilson's where no resample differs; "
                "differences are paired with the unchanged recording, p is two-sided from the same resamples and not "
                f"corrected for {n_compared} comparisons. Lost: tracks that only the unchanged recording has right; "
                "gained: only the changed one. Changed: decisions that differ from those on the unchanged recording.",
                "",
            ]
        )


def tabulate(
    results: Iterable[TrackResult],
    runs: Sequence[OutOfFoldRun],
    dataset: Dataset,
    conditions: Sequence[Condition],
    like: Predictions,
) -> dict[str, Predictions]:
    """A table of predictions a condition, one row an excerpt, track and run.

    Parameters
    ----------
    like : predictions of the runs, for genres, protocol and recipe

    Raises
    ------
    DataError : no result, or genres that the data set's tracks are not of
    """
    results = sorted(results, key=lambda result: result.track_id)
    if not results:
        raise DataError("No track could be used; there is nothing to score.")
    by_name = {run.name: run for run in runs}
    genre_index = {genre: number for number, genre in enumerate(like.genres)}
    tables = {}
    for condition in conditions:
        rows = [
            (result.track_id, start, by_name[name].fold, by_name[name].seed, p)
            for result in results
            for name, table in result.probabilities[condition.name].items()
            for start, p in zip(result.start_s[condition.name], table, strict=True)
        ]
        tracks = [dataset.track(row[0]) for row in rows]
        foreign = {track.genre for track in tracks} - set(genre_index)
        if foreign:
            raise DataError(f"The runs do not know the genres {', '.join(sorted(foreign))} of {dataset.name!r}.")
        tables[condition.name] = Predictions(
            genres=like.genres,
            track=np.array([row[0] for row in rows]),
            start_s=np.array([row[1] for row in rows]),
            part=np.full(len(rows), "test"),
            fold=np.array([row[2] for row in rows]),
            seed=np.array([row[3] for row in rows]),
            label=np.array([genre_index[track.genre] for track in tracks]),
            probabilities=np.stack([row[4] for row in rows]),
            protocol=like.protocol,
            contaminated=like.contaminated,
            recipe=like.recipe,
            dataset=f"{dataset.name} (audio)",
            artist=np.array([track.artist or "" for track in tracks]),
        )
    return tables


def score_robustness(
    tables: Mapping[str, Predictions],
    conditions: Sequence[Condition],
    runs: Sequence[OutOfFoldRun],
    *,
    command: str,
    fusion: FusionMethod = "mean",
    n_folds: int = 0,
    n_tracks_of_all: int | None = None,
) -> Robustness:
    """File-wise scores of each condition, paired with the unchanged recordings.

    Recorded in each run as a reading of its test part before anything is scored; once for the whole suite.

    Parameters
    ----------
    tables : of `tabulate`
    runs : all that the tables are of
    command : recorded with the reading, such as "genrekit analyse robustness"
    n_tracks_of_all : tracks that could have been asked about, said where fewer were

    Raises
    ------
    DataError : a record cannot be read or written, or there are predictions of other runs
    """
    _record_readings(tables[UNCHANGED], runs, command)
    fused = {name: fuse(table, fusion) for name, table in tables.items()}
    base = fused[UNCHANGED]
    n_tracks = len(np.unique(base.track))
    scores = tuple(_score(condition, fused[condition.name], base) for condition in conditions)
    more = (
        () if not n_tracks_of_all or n_tracks_of_all == n_tracks else (f"{n_tracks} of {n_tracks_of_all} recordings",)
    )
    if any(run.validates_on_test for run in runs):
        more = (*more, STOPPED_ON_TEST)
    known = set() if base.artist is None else {normalise(artist) for artist in np.unique(base.artist)} - {""}
    return Robustness(
        conditions=scores,
        caption=predictions_caption(base, unit=fusion, n_folds=n_folds, more=("out-of-fold models", *more)),
        runs={run.name: run.weights_sha256 for run in runs},
        n_tracks=n_tracks,
        n_decisions=len(base),
        n_artists=len(known),
        fusion=fusion,
    )


def changed_decisions(
    changed: Predictions, base: Predictions, *, generator: np.random.Generator, n_resamples: int = N_RESAMPLES
) -> tuple[float, Interval]:
    """Share of decisions (fused rows of the same tracks, folds and seeds) that differ, with its clustered interval.

    Raises
    ------
    DataError : the tables hold different tracks
    """
    one, two = (table.take(np.lexsort((table.seed, table.fold, table.track))) for table in (changed, base))
    same = len(one) == len(two) and all(
        np.array_equal(getattr(one, name), getattr(two, name)) for name in ("track", "fold", "seed")
    )
    if not same:
        raise DataError("Decisions can only be compared on the same tracks, folds and seeds.")
    differs = (one.predicted != two.predicted).astype(np.float64)
    clusters = cluster_rows(two)
    total = np.bincount(clusters.index, weights=differs, minlength=clusters.n_clusters)
    sizes = np.bincount(clusters.index, minlength=clusters.n_clusters).astype(np.float64)
    samples = [(w @ total) / (w @ sizes) for w in resample_weights(clusters.n_clusters, n_resamples, generator)]
    interval = percentile_interval(np.concatenate(samples), 0.95, clusters.n_clusters, clusters.unit)
    share = float(differs.mean())
    return share, with_a_width(interval, share)


def _record_readings(unchanged: Predictions, runs: Sequence[OutOfFoldRun], command: str) -> None:
    rows = [(run, unchanged.select(fold=run.fold, seed=run.seed)) for run in runs]
    n_of_runs = sum(len(table) for _, table in rows)
    if n_of_runs != len(unchanged):
        raise DataError(
            f"{len(unchanged)} predictions are to be scored, and {n_of_runs} of them are of the runs given; name each "
            "run that they are of, in which the reading is recorded."
        )
    for run, table in rows:
        if len(table):
            record_reading(run.folder, command=command, predictions=table)


def _score(condition: Condition, fused: Predictions, base: Predictions) -> ConditionScore:
    def generator() -> np.random.Generator:
        # The same resamples for all conditions, so that they differ by the recordings alone.
        return np.random.default_rng(BOOTSTRAP_SEED)

    accuracy = score(fused).accuracy
    interval = bootstrap_scores(fused, generator=generator(), n_resamples=N_RESAMPLES)["accuracy"]
    if condition.name == UNCHANGED:
        return ConditionScore(condition.name, condition.title, accuracy, interval, *(None,) * 7)
    paired = compare(fused, base, generator=generator(), n_resamples=N_RESAMPLES)
    changed, changed_interval = changed_decisions(fused, base, generator=generator())
    return ConditionScore(
        name=condition.name,
        title=condition.title,
        accuracy=accuracy,
        interval=interval,
        difference=paired.difference,
        difference_interval=paired.interval,
        p_value=paired.p_value,
        changed=changed,
        changed_interval=changed_interval,
        n_lost=paired.mcnemar.n_only_second_right if paired.mcnemar else None,
        n_gained=paired.mcnemar.n_only_first_right if paired.mcnemar else None,
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _range(interval: Interval | None, form: str = ".1f") -> str:
    return "" if interval is None else f"{100 * interval.low:{form}} to {100 * interval.high:{form}}"
