"""The ladder's rungs are recipes, those that learn from others name their runs, and its page is that of its results."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

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
        trained = {
            ladder.Run.of(rungs[teacher].recipe(fold=2, seed=1), tmp_path).folder.name for teacher in student.teachers
        }
        assert named == trained


def test_the_page_is_that_of_the_stored_predictions(ladder: ModuleType) -> None:
    page = (ladder.RESULTS / "README.md").read_text(encoding="utf-8")
    assert page == ladder.report(ladder.read_rungs())
