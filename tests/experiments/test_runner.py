from __future__ import annotations

import pytest

from genrekit.evaluation.predictions import Predictions
from genrekit.experiments.plan import make_plan
from genrekit.experiments.runner import run_experiment
from genrekit.experiments.state import Experiment
from genrekit.training.preparation import prepare
from genrekit.training.recipes.recipe import load_recipe
from genrekit.training.trainer import train


def test_only_what_is_missing_is_trained(write_recipe, tmp_path, same_pool):
    recipe = load_recipe(write_recipe())
    plan = make_plan([recipe], tmp_path / "runs")
    train(prepare(plan.runs[1].recipe), tmp_path / "runs")
    # A search leaves the test part out; an experiment adds it and trains nothing for that.
    searched = train(prepare(plan.runs[2].recipe), tmp_path / "runs", predicted=("valid",))
    weights = searched.weights_path.stat().st_mtime_ns
    finished = run_experiment(Experiment(tmp_path / "runs"), plan, same_pool)
    assert finished.complete == tuple(run.run for run in plan.runs) and not finished.failed
    assert same_pool.trained == [plan.runs[0].name, plan.runs[2].name]
    assert searched.weights_path.stat().st_mtime_ns == weights
    assert set(Predictions.read_parquet(searched.predictions_path).part) == {"valid", "test"}
    states = Experiment(tmp_path / "runs").states()
    assert [state.kind for state in states] == ["done"] * 3
    assert [state.seconds is None for state in states] == [False, True, False]
    again = run_experiment(Experiment(tmp_path / "runs"), plan, same_pool)
    assert again == finished and len(same_pool.trained) == 2


def test_a_failing_run_does_not_stop_the_others_and_is_tried_again_by_the_next_call(write_recipe, tmp_path, same_pool):
    recipe = load_recipe(write_recipe())
    place = Experiment(tmp_path / "runs")
    plan = make_plan([recipe], place.folder)
    stray = plan.runs[1].run
    place.folder.mkdir()
    stray.folder.write_text("in the way")
    finished = run_experiment(place, plan, same_pool)
    assert finished.complete == (plan.runs[0].run, plan.runs[2].run)
    assert list(finished.failed) == [stray.folder.name]
    state = place.states()[1]
    assert state.kind == "failed" and "Cannot make the run folder" in state.reason
    stray.folder.unlink()
    assert len(run_experiment(place, plan, same_pool).complete) == 3
    assert [state.kind for state in place.states()] == ["done"] * 3


def test_ctrl_c_is_written_down_and_passed_on(write_recipe, tmp_path, same_pool, monkeypatch):
    def interrupt(timeout_s):
        raise KeyboardInterrupt

    monkeypatch.setattr(same_pool, "wait", interrupt)
    place = Experiment(tmp_path / "runs")
    with pytest.raises(KeyboardInterrupt):
        run_experiment(place, make_plan([load_recipe(write_recipe())], place.folder), same_pool)
    assert place.journal.read()[-1]["event"] == "interrupted"
