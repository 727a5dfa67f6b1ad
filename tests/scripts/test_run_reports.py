"""Which runs of the reports the script trains: those that results/reports does not hold yet."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

REPORTS = Path(__file__).parents[2] / "results" / "reports"


@pytest.fixture
def script(load_script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("torch")
    script = load_script("run_reports")
    monkeypatch.setattr(script, "RESULTS", tmp_path)
    return script


def test_what_is_published_is_not_trained_again_wherever_it_was(script, tmp_path: Path) -> None:
    step = script.Step("gtzan", ("a_mlp_30s", "a_mlp_10s"))
    names = ["a_mlp_30s", "a_mlp_10s"]
    assert [task.recipe for task in script.lacking([0], steps=[step])] == names
    run = REPORTS / "a_mlp_30s" / "p2" / "a_mlp_30s-ec4adad9-fold0-seed0"
    shutil.copytree(run, tmp_path / "a_mlp_30s" / "p2" / run.name)
    assert [task.recipe for task in script.lacking([0], steps=[step])] == names[1:]
    assert [task.recipe for task in script.lacking([1], steps=[step])] == names
    # The same folder name stands for the same recipe under the same protocol only.
    other = script.Step("gtzan", ("a_mlp_30s",), ("split.name=artist_disjoint",))
    assert [task.recipe for task in script.lacking([0], steps=[other])] == names[:1]


def test_a_fold_that_a_split_has_not_is_left_out(script) -> None:
    step = script.Step("gtzan", ("a_mlp_10s", "a_mlp_10s_contaminated"))
    assert [task.recipe for task in script.lacking([4], steps=[step])] == ["a_mlp_10s"]
    assert script.lacking([9], steps=[step]) == []


def test_each_cell_of_the_reports_page_has_a_step(script) -> None:
    """A cell that says "not run" and that nothing could fill would promise what is never kept."""
    from genrekit.analysis.replication.tables import AUDIO, COLUMNS, report_rows
    from genrekit.training.recipes.recipe import load_recipe

    protocols = {"artist_disjoint": "P4", "a_contaminated": "P1", "b_folds": "P1"}
    planned = set()
    for step in script.STEPS:
        for name in step.recipes:
            recipe = load_recipe(script.RECIPES / f"{name}.yaml", step.overrides)
            stopped = " stopped on test" if recipe.split.validation == "test" else ""
            dataset = "gtzan6" if recipe.data.dataset in ("gtzan6", "table") else recipe.data.dataset
            planned.add((name, dataset, protocols.get(recipe.split.name, "P2") + stopped))
    for row in report_rows():
        for source, names in row.recipes.items():
            for column in (column for column in COLUMNS if row.applies(column)):
                dataset = "gtzan6" if source == AUDIO else source
                assert any((name, dataset, column) in planned for name in names), (row.system, dataset, column)


def test_no_experiment_is_planned_twice(script) -> None:
    from genrekit.training.recipes.recipe import load_recipe

    planned = [
        load_recipe(script.RECIPES / f"{name}.yaml", step.overrides).hash
        for step in script.STEPS
        for name in step.recipes
    ]
    assert len(planned) == len(set(planned))


def test_a_run_that_fails_is_named_and_ends_the_script_with_1(
    script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    step = script.Step("gtzan", ("a_mlp_30s",))
    monkeypatch.setattr(script, "lacking", lambda *_, **__: [script.Task(step, "a_mlp_30s", 0)])
    shutil.copytree(REPORTS / "a_mlp_30s" / "p2", tmp_path / "a_mlp_30s" / "p2")
    arguments = ["run_reports", "--gtzan", str(tmp_path / "nowhere"), "--work", str(tmp_path / "work")]
    monkeypatch.setattr("sys.argv", arguments)
    with pytest.raises(SystemExit) as stopped:
        script.main()
    assert stopped.value.code == 1
    assert "1 of 1 failed: a_mlp_30s fold 0" in capsys.readouterr().err
