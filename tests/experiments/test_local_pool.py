"""Real processes and real kills; see test_dispatch.py for the logic around them."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from processes import is_running, workers_of
from waiting import wait_until

from genrekit.experiments.dispatch import Event, dispatch
from genrekit.experiments.job import Job
from genrekit.experiments.local_pool import LocalPool
from genrekit.experiments.plan import make_plan
from genrekit.training.preparation import prepare
from genrekit.training.recipes.recipe import load_recipe
from genrekit.training.run import Run
from genrekit.training.trainer import train

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds worker processes in /proc")
PATIENCE_S = 300


@pytest.mark.slow
def test_after_kills_of_a_worker_and_of_the_parent_the_same_command_gives_the_same_weights(write_recipe, tmp_path):
    overrides = ("optimisation.max_epochs=12",)
    path = write_recipe()
    plan = make_plan([load_recipe(path, overrides)], tmp_path / "runs", folds=(0, 1))
    runs = [planned.run for planned in plan.runs]
    command = [
        sys.executable, "-m", "genrekit", "experiment", path, "--folds", "0-1", "--runs", tmp_path / "runs",
        "--set", overrides[0], "--jobs", "2", "--threads-per-job", "1",
    ]  # fmt: skip
    journal = tmp_path / "runs" / "journal.jsonl"
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as parent:
        wait_until(
            lambda: all(run.last_checkpoint.is_file() for run in runs),
            what="each run has a checkpoint",
            seconds=PATIENCE_S,
            process=parent,
        )
        first = workers_of(parent.pid)
        assert len(first) == 2
        # So long its run cannot end: a worker that is gone then was replaced for nothing.
        os.kill(first[1], signal.SIGSTOP)
        os.kill(first[0], signal.SIGKILL)
        wait_until(
            lambda: '"died"' in journal.read_text() and journal.read_text().count('"started"') == 3,
            what="the run of the dead worker is started again",
            seconds=PATIENCE_S,
            process=parent,
        )
        replaced = workers_of(parent.pid)
        assert first[1] in replaced and first[0] not in replaced
        os.kill(first[1], signal.SIGCONT)
        parent.send_signal(signal.SIGKILL)
        parent.communicate()
    wait_until(lambda: not any(map(is_running, {*first, *replaced})), what="the workers end with their parent")
    died = [json.loads(line) for line in journal.read_text().splitlines() if '"died"' in line]
    assert len(died) == 1 and "SIGKILL" in died[0]["reason"]
    done_before = [run.folder.name for run in runs if run.done]
    again = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True)
    assert again.stdout.split() == [str(run.folder) for run in runs]
    # What was begun is not begun anew: its log goes on where its checkpoint stood.
    for planned in plan.runs:
        assert again.stderr.count(f"{planned.label}: valid") == 1
        reference = train(prepare(planned.recipe), tmp_path / "reference")
        assert planned.run.weights_path.read_bytes() == reference.weights_path.read_bytes()
        assert planned.run.metrics_path.read_text() == reference.metrics_path.read_text()
    started = [json.loads(line)["run"] for line in journal.read_text().splitlines() if '"started"' in line]
    assert all(started.count(name) <= 2 for name in done_before)


@pytest.mark.slow
def test_a_run_whose_worker_dies_each_time_fails_and_the_others_go_on(write_recipe, tmp_path):
    recipe = load_recipe(write_recipe(), ["optimisation.max_epochs=3"])
    plan = make_plan([recipe], tmp_path / "runs", folds=(0, 1))
    jobs = [Job(run.recipe, tmp_path / "runs") for run in plan.runs]
    victim, waiting, events = jobs[0].name, list(jobs), []

    def see(event: Event) -> None:
        if event.kind == "started" and event.job.name == victim:
            os.kill(wait_until(lambda: workers_of(os.getpid()), what="the worker starts")[-1], signal.SIGKILL)
        events.append(event)

    with LocalPool(1, threads=1, logs=tmp_path / "logs") as pool:
        dispatch(pool, lambda: waiting.pop(0) if waiting else None, see)
    told = [(event.kind, event.job.name) for event in events if event.job is not None]
    assert told == [
        ("started", victim), ("died", victim), ("started", victim), ("failed", victim),
        ("started", jobs[1].name), ("finished", jobs[1].name),
    ]  # fmt: skip
    assert Run.of(jobs[1].recipe, tmp_path / "runs").complete
    assert not workers_of(os.getpid())


def test_a_process_that_the_system_refuses_fails_its_run_alone(write_recipe, tmp_path):
    plan = make_plan([load_recipe(write_recipe())], tmp_path / "runs", folds=(0, 1))
    first, second = (Job(planned.recipe, tmp_path / "runs") for planned in plan.runs)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with LocalPool(2, threads=1, logs=tmp_path / "logs") as pool:
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))  # no more than standard streams
        try:
            pool.start(first)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        ((job, outcome),) = pool.wait(0)
        assert (job, outcome.kind) == (first, "failed") and "refused a process: Too many open files" in outcome.reason
        assert pool.free == 2 and pool.wait(0) == []
        pool.start(second)
        assert pool.free == 1
