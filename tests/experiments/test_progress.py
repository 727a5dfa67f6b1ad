from __future__ import annotations

from pathlib import Path

import pytest

from genrekit.experiments.dispatch import Event
from genrekit.experiments.job import Job
from genrekit.experiments.plan import make_plan
from genrekit.experiments.progress import MatrixProgress
from genrekit.training.recipes.recipe import load_recipe


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def jobs(write_recipe, tmp_path) -> list[Job]:
    recipe = load_recipe(write_recipe(), ["optimisation.max_epochs=10"])
    return [Job(run.recipe, tmp_path) for run in make_plan([recipe], tmp_path, seeds=(0, 1)).runs]


def log_epochs(job: Job, count: int) -> None:
    path: Path = job.run.metrics_path
    path.parent.mkdir(exist_ok=True)
    header = "epoch,train_loss,train_accuracy,valid_loss,valid_accuracy,valid_file_accuracy\n"
    path.write_text(header + "".join(f"{epoch},1,0.5,1,0.5,0.5\n" for epoch in range(count)))


def test_time_left_follows_from_the_epochs_so_far(jobs):
    clock = Clock()
    progress = MatrixProgress(jobs, workers=2, clock=clock)
    assert progress.total == 6 and progress.left_s() is None
    progress.see(Event("started", jobs[0]))
    progress.see(Event("started", jobs[1]))
    clock.now = 20.0
    log_epochs(jobs[0], 2)
    log_epochs(jobs[1], 2)
    progress.see(Event("tick"))
    # 10 s an epoch; 2 runs lack 8 epochs, 4 lack 10; two at once.
    assert progress.left_s() == pytest.approx((2 * 8 + 4 * 10) * 10 / 2)
    clock.now = 50.0
    log_epochs(jobs[0], 5)
    progress.see(Event("finished", jobs[0], seconds=50))
    # It stopped early after 5 epochs of 10 s, and so are the others expected to do.
    log_epochs(jobs[1], 4)
    progress.see(Event("tick"))
    assert progress.left_s() == pytest.approx((1 + 4 * 5) * 10 / 2)
    assert (progress.n_complete, len(progress.running)) == (1, 1)


def test_runs_that_were_done_before_tell_lengths_but_no_pace(jobs):
    clock = Clock()
    progress = MatrixProgress(jobs, workers=1, clock=clock)
    log_epochs(jobs[0], 4)
    progress.see(Event("known", jobs[0]))
    assert progress.left_s() is None
    progress.see(Event("started", jobs[1]))
    log_epochs(jobs[1], 1)
    clock.now = 3.0
    progress.see(Event("tick"))
    assert progress.left_s() == pytest.approx((3 + 4 * 4) * 3)


def test_what_a_resumed_run_had_before_is_not_this_sessions_pace(jobs):
    clock = Clock()
    progress = MatrixProgress(jobs[:1], workers=1, clock=clock)
    log_epochs(jobs[0], 8)
    progress.see(Event("started", jobs[0]))
    log_epochs(jobs[0], 9)
    clock.now = 7.0
    progress.see(Event("tick"))
    assert progress.left_s() == pytest.approx(7)


def test_it_ends_at_zero_whatever_became_of_the_runs(jobs):
    progress = MatrixProgress(jobs, workers=2)
    for job in jobs[:3]:
        progress.see(Event("started", job))
        progress.see(Event("failed", job, "reason"))
    progress.see(Event("started", jobs[3]))
    progress.see(Event("died", jobs[3], "reason"))
    assert progress.left_s() is None
    for job in jobs[3:]:
        progress.see(Event("started", job))
        progress.see(Event("finished", job))
    assert (progress.n_complete, progress.n_failed, progress.left_s()) == (3, 3, 0.0)


def test_a_search_counts_runs_that_are_not_chosen_yet(jobs):
    clock = Clock()
    progress = MatrixProgress([], workers=1, more=3, clock=clock)
    progress.see(Event("started", jobs[0]))
    clock.now = 10.0
    log_epochs(jobs[0], 10)
    progress.see(Event("finished", jobs[0]))
    assert progress.total == 3
    assert progress.left_s() == pytest.approx(20)
