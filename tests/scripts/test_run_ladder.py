"""The ladder's rungs are recipes, those that learn from others name their runs, and its page is that of its results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from genrekit.data.split import read_split

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def ladder(load_script) -> ModuleType:
    return load_script("run_ladder")


def test_every_rung_is_a_recipe_of_its_own(ladder: ModuleType) -> None:
    rungs = ladder.read_rungs()
    trained = {name: rung.recipe().hash for name, rung in rungs.items() if not rung.together}
    assert len(set(trained.values())) == len(trained)


def test_who_learns_from_others_finds_the_runs_that_the_ladder_trains_of_them(
    ladder: ModuleType, tmp_path: Path
) -> None:
    rungs = ladder.read_rungs()
    students = [rung for rung in rungs.values() if rung.teachers]
    assert students
    for student in students:
        recipe = student.recipe(fold=2, seed=1)
        named = {f"{teacher}-fold2-seed1" for teacher in recipe.distillation.teachers}
        trained = {ladder.Run.of(teacher.recipe(fold=2, seed=1), tmp_path).folder.name for teacher in student.teachers}
        assert named == trained


def test_folds_are_those_of_the_stored_predictions(ladder: ModuleType) -> None:
    stored = ladder.Predictions.read_parquet(ladder.RESULTS / "texture.parquet")
    tracks = set(stored.track.tolist())
    for fold in range(ladder.N_FOLDS):
        split = read_split(ladder.FOLDS / f"{fold}.json")
        assert set(split.parts["test"]) == set(stored.select(fold=fold).track.tolist())
        assert {*split.parts["train"], *split.parts["test"]} == tracks


def test_seeds_that_are_stored_are_not_trained_again(ladder: ModuleType) -> None:
    rungs = ladder.read_rungs()
    done = next(rung for rung in rungs.values() if ladder._is_done(rung.name))
    assert ladder.lacking(done).seeds == ()
    assert ladder.lacking(replace(done, seeds=(0, 7))).seeds == (7,)


def test_the_page_is_that_of_the_stored_predictions(ladder: ModuleType) -> None:
    page = (ladder.RESULTS / "README.md").read_text(encoding="utf-8")
    assert page == ladder.report(ladder.read_rungs())
