from __future__ import annotations

import json

import pytest

from genrekit.errors import RunError
from genrekit.experiments.plan import make_plan
from genrekit.experiments.state import Experiment
from genrekit.training.recipes.recipe import load_recipe
from genrekit.training.run_lock import hold


@pytest.fixture
def plan(write_recipe, tmp_path):
    return make_plan([load_recipe(write_recipe())], tmp_path / "runs")


def test_several_experiments_share_a_folder(plan, write_recipe, tmp_path):
    place = Experiment(tmp_path / "runs")
    place.add(plan)
    first = place.plan_path.read_text()
    place.add(plan)
    assert place.plan_path.read_text() == first
    place.add(make_plan([load_recipe(write_recipe("other"))], place.folder, folds=(2,), seeds=(5,)))
    states = place.states()
    assert [(state.recipe, state.fold, state.seed) for state in states] == [
        ("small", 0, 0), ("small", 1, 0), ("small", 2, 0), ("other", 2, 5),
    ]  # fmt: skip
    assert {state.kind for state in states} == {"waiting"}
    assert len(json.loads(place.plan_path.read_text())["runs"]) == 4


def test_a_run_in_work_shows_as_running_and_a_stopped_one_as_begun(plan, tmp_path):
    place = Experiment(tmp_path / "runs")
    place.add(plan)
    run = plan.runs[1].run
    run.folder.mkdir()
    run.recipe_path.write_text(plan.runs[1].recipe.to_yaml())
    with hold(run):
        assert [state.kind for state in place.states()] == ["waiting", "running", "waiting"]
    assert [state.kind for state in place.states()] == ["waiting", "begun", "waiting"]


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"format": 1}', '{"format": 1, "runs": [1]}', '{"format": 99, "runs": []}']
)
def test_a_damaged_plan_is_named(plan, tmp_path, text):
    place = Experiment(tmp_path / "runs")
    place.folder.mkdir()
    place.plan_path.write_text(text)
    for act in (place.states, lambda: place.add(plan)):
        with pytest.raises(RunError, match=r"experiment\.json"):
            act()
    assert place.plan_path.read_text() == text


def test_a_folder_without_experiment(tmp_path):
    with pytest.raises(RunError, match="holds no experiment"):
        Experiment(tmp_path).states()


def test_a_folder_named_by_text(plan, tmp_path):
    place = Experiment(str(tmp_path / "runs"))
    place.add(plan)
    assert place == Experiment(tmp_path / "runs") and place.logs == tmp_path / "runs" / "logs"
