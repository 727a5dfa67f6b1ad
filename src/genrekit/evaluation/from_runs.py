"""Evaluation of stored runs: readings are recorded, then folds and seeds are pooled and scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genrekit.evaluation.cautions import comparison_cautions
from genrekit.evaluation.fusion import FusionMethod, fuse, require_fusion
from genrekit.evaluation.paired import PairedComparison, compare
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.runs import StoredRun, StoredSplit, pool_runs
from genrekit.evaluation.summary import BOOTSTRAP_SEED, Evaluation, evaluate_predictions

__all__ = ["RunComparison", "compare_runs", "evaluate_runs"]


@dataclass(frozen=True)
class RunComparison:
    """A paired comparison with the names of both sides and what must be known to read it."""

    first: str
    second: str
    comparison: PairedComparison
    cautions: tuple[str, ...]
    contaminated: bool


def evaluate_runs(
    runs: Sequence[StoredRun],
    *,
    command: str = "evaluate_runs",
    part: str = "test",
    fusion: FusionMethod = "mean",
    n_resamples: int = 5000,
) -> Evaluation:
    """Evaluate folds and seeds of one recipe together; a first look at a test part is recorded in each run.

    Parameters
    ----------
    command : recorded with the reading, such as "genrekit evaluate"
    n_resamples : of the bootstrap, >= 2000

    Raises
    ------
    DataError : runs that do not belong together, a part without rows, an unknown fusion, or a record that cannot be
        written
    """
    require_fusion(fusion)
    pooled = pool_runs(runs)
    n_readings = _record(runs, command, part)
    return evaluate_predictions(
        pooled,
        part=part,
        fusion=fusion,
        splits=_splits(runs),
        n_readings=n_readings,
        n_resamples=n_resamples,
    )


def compare_runs(
    first: Sequence[StoredRun],
    second: Sequence[StoredRun],
    *,
    command: str = "compare_runs",
    part: str = "test",
    fusion: FusionMethod = "mean",
) -> RunComparison:
    """Compare two systems, each one run or folds and seeds of one recipe, track by track.

    A first look at a test part is recorded in each run; sides that cannot be compared are not looked at.

    Raises
    ------
    DataError : sides whose tracks, labels or genres differ, runs of a side that do not belong together, or as
        `evaluate_runs`
    """
    tables = [pool_runs(side) for side in (first, second)]
    one, two = (fuse(table.select(part=part), fusion) for table in tables)
    comparison = compare(one, two, generator=np.random.default_rng(BOOTSTRAP_SEED))
    # Before anybody sees it: what cannot be put on record is not told.
    for side in (first, second):
        _record(side, command, part)
    return RunComparison(
        first=_name(one, _splits(first)),
        second=_name(two, _splits(second)),
        comparison=comparison,
        cautions=comparison_cautions(one, two, splits=(_splits(first), _splits(second))),
        contaminated=one.contaminated or two.contaminated,
    )


def _record(runs: Sequence[StoredRun], command: str, part: str) -> list[int] | None:
    if part != "test":
        return None
    for run in runs:
        run.record_test_reading(command)
    return [len(run.readings(part)) for run in runs]


def _splits(runs: Sequence[StoredRun]) -> list[StoredSplit]:
    return [run.split for run in runs if run.split is not None]


def _name(predictions: Predictions, splits: Sequence[StoredSplit]) -> str:
    n_runs = len(np.unique(np.stack([predictions.fold, predictions.seed]), axis=1).T)
    several = f", {n_runs} runs" if n_runs > 1 else ""
    stopped = ", stopped on test" if any(split.validates_on_test for split in splits) else ""
    return f"{predictions.recipe} ({predictions.dataset}, {predictions.protocol}{stopped}{several})"
