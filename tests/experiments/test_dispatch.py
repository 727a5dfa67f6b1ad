from __future__ import annotations

from contextlib import ExitStack

import pytest

from genrekit.errors import UsageError
from genrekit.evaluation.run_folder import RunRecord
from genrekit.experiments import LocalPool, RayPool
from genrekit.experiments import dispatch as dispatch_module
from genrekit.experiments.dispatch import Event, dispatch
from genrekit.experiments.job import Job, Outcome
from genrekit.experiments.plan import make_plan
from genrekit.training.recipes.recipe import load_recipe
from genrekit.training.run_lock import hold


class ScriptedPool:
    """Two workers whose jobs end as the script says, one outcome after the other for each job."""

    size = 2

    def __init__(self, script: dict[str, list[Outcome]]) -> None:
        self._script = {name: list(outcomes) for name, outcomes in script.items()}
        self._running: list[Job] = []
        self.started: list[str] = []
        self.most_at_once = 0

    @property
    def free(self) -> int:
        return self.size - len(self._running)

    def start(self, job: Job) -> None:
        assert self.free
        self._running.append(job)
        self.started.append(job.name)
        self.most_at_once = max(self.most_at_once, len(self._running))

    def wait(self, timeout_s: float) -> list[tuple[Job, Outcome]]:
        job = self._running.pop(0)
        outcomes = self._script.get(job.name)
        return [(job, outcomes.pop(0) if outcomes else Outcome("finished", seconds=1.0))]

    def close(self) -> None:
        pass


@pytest.fixture
def jobs(write_recipe, tmp_path) -> list[Job]:
    recipe = load_recipe(write_recipe())
    return [Job(run.recipe, tmp_path / "runs") for run in make_plan([recipe], tmp_path / "runs").runs]


def run(pool, jobs, on_event=lambda event: None) -> list[Event]:
    waiting, events = list(jobs), []

    def see(event: Event) -> None:
        events.append(event)
        on_event(event)

    dispatch(pool, lambda: waiting.pop(0) if waiting else None, see)
    return [event for event in events if event.kind != "tick"]


def kinds(events, job) -> list[str]:
    return [event.kind for event in events if event.job.name == job.name]


def test_as_many_at_once_as_there_are_workers_and_each_once(jobs):
    pool = ScriptedPool({})
    events = run(pool, jobs)
    assert pool.started == [job.name for job in jobs]
    assert pool.most_at_once == 2
    assert all(kinds(events, job) == ["started", "finished"] for job in jobs)


def test_a_run_whose_worker_died_gets_one_more_try_and_then_its_reason(jobs):
    died = Outcome("died", "ended by SIGKILL")
    pool = ScriptedPool({jobs[0].name: [died], jobs[1].name: [died, died]})
    events = run(pool, jobs)
    assert kinds(events, jobs[0]) == ["started", "died", "started", "finished"]
    assert kinds(events, jobs[1]) == ["started", "died", "started", "failed"]
    assert kinds(events, jobs[2]) == ["started", "finished"]
    assert next(event.reason for event in events if event.kind == "failed") == "ended by SIGKILL (tried 2 times)"


def test_an_error_is_not_tried_again(jobs):
    pool = ScriptedPool({jobs[1].name: [Outcome("failed", "disk full", 2.0)]})
    events = run(pool, jobs)
    assert kinds(events, jobs[1]) == ["started", "failed"]
    assert pool.started.count(jobs[1].name) == 1


def test_a_run_that_others_train_is_waited_for_and_not_trained_again(jobs, monkeypatch):
    monkeypatch.setattr(dispatch_module, "ASK_AGAIN_S", 0.0)
    monkeypatch.setattr(dispatch_module, "TICK_S", 0.0)
    other = jobs[0].run
    pool, n_ticks = ScriptedPool({}), 0
    with ExitStack() as training:
        training.enter_context(hold(other))

        def end_it_elsewhere(event: Event) -> None:
            nonlocal n_ticks
            n_ticks += event.kind == "tick"
            # By then all else is done, and it has been asked for several times.
            if n_ticks == len(jobs) + 3 and not other.done:
                other.folder.mkdir(parents=True)
                other.finish(RunRecord())
                training.close()

        events = run(pool, jobs, end_it_elsewhere)
    assert kinds(events, jobs[0]) == ["waiting", "known"]
    assert events[-1].kind == "known"
    assert pool.started == [job.name for job in jobs[1:]]


def test_a_run_that_others_gave_up_is_taken_over(jobs, monkeypatch):
    monkeypatch.setattr(dispatch_module, "ASK_AGAIN_S", 0.0)
    pool = ScriptedPool({jobs[0].name: [Outcome("busy")] * 3})
    events = run(pool, jobs)
    assert kinds(events, jobs[0])[-2:] == ["started", "finished"]


@pytest.mark.parametrize("make", [lambda: LocalPool(0, threads=1, logs="logs"), lambda: RayPool(-1, threads=1)])
def test_a_pool_without_workers_is_refused_before_its_jobs_wait_for_ever(make):
    with pytest.raises(UsageError, match="1 worker or more"):
        make()
