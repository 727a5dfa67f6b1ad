"""Which runs of the reports the script trains: those that results/reports does not hold yet."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def script(load_script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("torch")
    script = load_script("run_reports")
    monkeypatch.setattr(script, "RESULTS", tmp_path)
    return script


def test_what_is_published_is_not_trained_again_wherever_it_was(script, tmp_path: Path) -> None:
    published = Path(__file__).parents[2] / "results" / "reports" / "a_mlp_30s"
    step = script.Step("gtzan", ("a_mlp_30s", "a_mlp_10s"))
    names = ["a_mlp_30s", "a_mlp_10s"]
    assert [task.recipe for task in script.lacking([0], steps=[step])] == names
    run = published / "p2" / "a_mlp_30s-ec4adad9-fold0-seed0"
    shutil.copytree(run, tmp_path / "a_mlp_30s" / "p2" / run.name)
    assert [task.recipe for task in script.lacking([0], steps=[step])] == names[1:]
    assert [task.recipe for task in script.lacking([1], steps=[step])] == names
    # The same folder name stands for the same recipe under the same protocol only.
    other = script.Step("gtzan", ("a_mlp_30s",), script.ARTIST_DISJOINT)
    assert [task.recipe for task in script.lacking([0], steps=[other])] == names[:1]


def test_a_fold_that_a_split_has_not_is_left_out(script) -> None:
    step = script.Step("gtzan", ("a_mlp_10s", "a_mlp_10s_contaminated"))
    assert [task.recipe for task in script.lacking([4], steps=[step])] == ["a_mlp_10s"]
    assert script.lacking([9], steps=[step]) == []
