"""What the script that draws the figures of results makes of folds that were not run, and of an embedding."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture
def script(load_script, tmp_path: Path, monkeypatch):
    module = load_script("draw_figures")
    monkeypatch.setattr(module, "FIGURES", tmp_path / "figures")
    monkeypatch.setattr(module, "drawn", [], raising=False)
    monkeypatch.setattr(module, "draw", lambda verb, *what, to: module.drawn.append((verb, what, to)))
    (tmp_path / "figures" / "mlp").mkdir(parents=True)
    return module


def write_folds(folder: Path, folds: list[int]) -> Path:
    for number, fold in enumerate(folds):
        run = folder / f"run{number}"
        run.mkdir(parents=True)
        (run / "split.json").write_text(json.dumps({"fold": fold}))
    return folder


def test_metrics_per_fold_need_two_folds(script, tmp_path: Path) -> None:
    several = write_folds(tmp_path / "p2", [0, 3])
    # Two seeds of one fold are one fold.
    one = write_folds(tmp_path / "p4", [0, 0])
    script.draw_folds([several, one], "--fusion", "vote", to="mlp")
    assert script.drawn == [("folds", (several, "--fusion", "vote"), "mlp")]


def test_a_figure_of_one_fold_goes(script, tmp_path: Path) -> None:
    figures = script.FIGURES / "mlp"
    for name in ("folds.png", "folds.csv", "confusion.png"):
        (figures / name).write_text("old")
    script.draw_folds([write_folds(tmp_path / "p2", [0])], to="mlp")
    assert script.drawn == [] and [path.name for path in figures.iterdir()] == ["confusion.png"]
