"""The robustness of stored runs from end to end: what is tried, what each recording gives, and what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from genrekit.analysis.robustness.conditions import Condition, split_by_rate
from genrekit.analysis.robustness.measuring import choose_tracks, run_robustness
from genrekit.analysis.robustness.out_of_fold import OutOfFoldRun, read_run
from genrekit.analysis.robustness.result import Robustness, score_robustness, tabulate
from genrekit.analysis.robustness.store import TrackResult, TrackStore
from genrekit.data.dataset import Dataset
from genrekit.data.registry import recordings_of
from genrekit.errors import DataError
from genrekit.evaluation.fusion import FusionMethod
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.runs import StoredRun, pool_runs
from genrekit.progress import Progress

__all__ = ["Applied", "Measured", "Suite", "apply_suite", "make_suite", "score_suite"]


@dataclass(frozen=True, eq=False)
class Suite:
    """What is tried on which runs.

    Attributes
    ----------
    stored : runs of one recipe
    runs : the same as they are applied
    like : their pooled predictions
    conditions : that change something in what the runs hear, the unchanged recording first
    left_out : conditions that are above all that the runs hear
    """

    stored: tuple[StoredRun, ...]
    runs: tuple[OutOfFoldRun, ...]
    like: Predictions
    conditions: tuple[Condition, ...]
    left_out: tuple[Condition, ...]

    @property
    def dataset(self) -> str:
        """Name of the data set that has the recordings which the runs were made of."""
        return recordings_of(str((self.stored[0].recipe or {}).get("data.dataset", self.like.dataset)))

    @property
    def n_folds(self) -> int:
        """How many folds the split of the runs has."""
        return max((run.split.n_folds for run in self.stored if run.split is not None), default=1)


@dataclass(frozen=True, eq=False)
class Applied:
    """What the runs said of the changed recordings; nothing of it is scored.

    Attributes
    ----------
    suite : that was applied
    dataset : of the recordings
    results : a track each, of those that could be used
    failed : the other tracks, with their errors
    n_possible : tracks that could have been asked about
    """

    suite: Suite
    dataset: Dataset
    results: tuple[TrackResult, ...]
    failed: tuple[TrackResult, ...]
    n_possible: int


@dataclass(frozen=True, eq=False)
class Measured:
    """The scores, and condition -> the predictions that they are of."""

    result: Robustness
    tables: Mapping[str, Predictions]


def make_suite(stored: Sequence[StoredRun], conditions: Sequence[Condition]) -> Suite:
    """What can be tried on runs of one recipe; nothing is loaded yet.

    Parameters
    ----------
    conditions : of `choose_conditions`

    Raises
    ------
    DataError : runs that do not belong together, or no condition changes anything in what they hear
    RunError : a run is not finished, or has no weights
    LeakError : a run is contaminated
    """
    like = pool_runs(stored)
    runs = tuple(read_run(run.folder) for run in stored)
    possible, above = split_by_rate(conditions, runs[0].sr)
    if above and len(possible) == 1:
        raise DataError(
            f"These models hear nothing above {runs[0].sr // 2} Hz; {above[0].name} changes nothing else. Give "
            "another --condition."
        )
    return Suite(tuple(stored), runs, like, possible, above)


def apply_suite(
    suite: Suite,
    dataset: Dataset,
    folder: Path,
    *,
    max_tracks: int | None = None,
    n_jobs: int = 1,
    on_done: Progress = lambda done, total, what: None,
) -> Applied:
    """Change the recordings and ask the runs; what the folder has of the same recordings is not redone.

    Parameters
    ----------
    dataset : with audio; its tracks in the runs' test parts are asked about
    folder : where results are kept track by track
    max_tracks : only so many, evenly spread
    n_jobs, on_done : as of `run_robustness`

    Raises
    ------
    DataError : the data set has no audio, or none of its tracks is in a test part
    RunError : the folder holds other results, or cannot be written
    WorkerError : no process can be started; what is done is kept
    """
    possible = choose_tracks(dataset, suite.runs)
    tracks = choose_tracks(dataset, suite.runs, max_tracks=max_tracks)
    store = TrackStore(
        folder,
        {
            "dataset": dataset.name,
            "conditions": [condition.name for condition in suite.conditions],
            "weights_sha256": {run.name: run.weights_sha256 for run in suite.runs},
        },
    )
    failed = run_robustness(
        suite.runs, dataset, tracks, store, conditions=suite.conditions, n_jobs=n_jobs, on_done=on_done
    )
    names = {result.track_id for result in failed}
    results = tuple(store.results[track_id] for track_id in tracks if track_id not in names)
    return Applied(suite, dataset, results, failed, len(possible))


def score_suite(applied: Applied, *, command: str, fusion: FusionMethod = "mean") -> Measured:
    """Score what was said of the recordings; recorded in each run as a reading of its test part before it is scored.

    Parameters
    ----------
    command : recorded with the reading, such as "genrekit analyse robustness"

    Raises
    ------
    DataError : no track could be used, tracks of genres that the runs do not know, or a record that cannot be written
    """
    suite = applied.suite
    tables = tabulate(applied.results, suite.runs, applied.dataset, suite.conditions, suite.like)
    result = score_robustness(
        tables,
        suite.conditions,
        suite.runs,
        command=command,
        fusion=fusion,
        n_folds=suite.n_folds,
        n_tracks_of_all=applied.n_possible,
    )
    return Measured(result, tables)
