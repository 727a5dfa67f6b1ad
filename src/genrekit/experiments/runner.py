"""An experiment from its plan to finished run folders; stopped at any moment, the same call goes on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from genrekit.experiments.dispatch import Event, Pool, dispatch
from genrekit.experiments.job import Job
from genrekit.experiments.journal import Journal
from genrekit.experiments.plan import Plan
from genrekit.experiments.state import Experiment
from genrekit.experiments.validation import read_validation
from genrekit.training.run import Run

__all__ = ["Finished", "record_event", "run_experiment"]


@dataclass(frozen=True)
class Finished:
    """What became of a plan.

    Attributes
    ----------
    complete : runs that have all they should, in the order of the plan
    failed : name of the run folder -> why
    """

    complete: tuple[Run, ...]
    failed: dict[str, str]


def run_experiment(
    experiment: Experiment,
    plan: Plan,
    pool: Pool,
    *,
    negatives: Path | None = None,
    on_event: Callable[[Event], None] = lambda event: None,
) -> Finished:
    """Train what the plan lacks: nothing twice, and what was begun from its last checkpoint.

    Parameters
    ----------
    experiment : where plan and journal are kept; its folder holds the runs
    plan : checked with `check_plan`
    pool : of workers; the caller closes it
    negatives : archive for recipes that train on negatives and leave its place open
    on_event : told of all that happens

    Raises
    ------
    RunError
        If the experiment's folder cannot be written. A run that fails raises nothing; it is in the result.
    """
    experiment.add(plan)
    waiting = deque(_by_data([Job(run.recipe, experiment.folder, negatives) for run in plan.runs]))
    failed: dict[str, str] = {}

    def record(event: Event) -> None:
        record_event(experiment.journal, event)
        if event.job is not None and event.kind == "failed":
            failed[event.job.name] = event.reason
        on_event(event)

    try:
        dispatch(pool, lambda: waiting.popleft() if waiting else None, record)
    except KeyboardInterrupt:
        experiment.journal.append("interrupted")
        raise
    return Finished(tuple(run.run for run in plan.runs if run.run.complete), failed)


def _by_data(jobs: list[Job]) -> list[Job]:
    """Jobs that share their data one after the other, so that a worker seldom loads others; otherwise in order."""
    places: dict[tuple[object, ...], int] = {}
    for job in jobs:
        places.setdefault(job.data_key, len(places))
    return sorted(jobs, key=lambda job: places[job.data_key])


def record_event(journal: Journal, event: Event) -> None:
    """Write down what happened to a run, if anything did."""
    job = event.job
    if job is None or event.kind not in ("started", "finished", "failed", "died"):
        return
    values: dict[str, object] = {"run": job.name}
    if event.reason:
        values["reason"] = event.reason
    if event.kind in ("finished", "failed"):
        values["seconds"] = round(event.seconds, 1)
    reached = read_validation(job.run, job.recipe) if event.kind == "finished" else None
    if reached is not None:
        values |= {
            "epochs": reached.epochs,
            "kept_epoch": reached.kept_epoch,
            "valid_accuracy": reached.excerpt_accuracy,
            "valid_file_accuracy": reached.file_accuracy,
        }
    journal.append(event.kind, **values)
