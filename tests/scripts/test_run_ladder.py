"""The ladder's rungs are recipes, those that learn from others name their runs, and its page is that of its results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from genrekit.data.splits.split import read_split

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


def test_rungs_are_trained_on_the_kept_folds_and_so_were_the_stored_ones(ladder: ModuleType) -> None:
    splits = [read_split(ladder.FOLDS / f"{fold}.json") for fold in range(ladder.N_FOLDS)]
    fold_of = {track: fold for fold, split in enumerate(splits) for track in split.parts["test"]}
    for split in splits:
        assert {*split.parts["train"], *split.parts["test"]} == set(fold_of)
    for name, rung in ladder.read_rungs().items():
        if name.startswith("p2_"):
            continue
        if not rung.together:
            for fold in rung.folds:
                asked = rung.recipe(fold=fold).split
                assert (ladder.REPOSITORY / asked.file).samefile(ladder.FOLDS / f"{fold}.json"), name
                assert asked.fold == fold
        if ladder._is_done(name):
            stored = ladder.Predictions.read_parquet(ladder.RESULTS / f"{name}.parquet")
            assert all(fold_of[t] == f for t, f in zip(stored.track.tolist(), stored.fold.tolist(), strict=True)), name


def test_seeds_that_are_stored_are_not_trained_again(ladder: ModuleType) -> None:
    rungs = ladder.read_rungs()
    done = next(rung for rung in rungs.values() if ladder._is_done(rung.name))
    assert ladder.lacking(done).seeds == ()
    assert ladder.lacking(replace(done, seeds=(0, 7))).seeds == (7,)
    assert ladder.lacking(replace(done, folds=(0, 9))).seeds == done.seeds


def test_of_a_finished_ladder_nothing_is_trained(ladder: ModuleType, tmp_path: Path, monkeypatch) -> None:
    done = [name for name, rung in ladder.read_rungs().items() if not ladder.lacking(rung).seeds and not rung.together]
    page = tmp_path / "README.md"
    monkeypatch.setattr(ladder.subprocess, "run", lambda command, **_: pytest.fail(f"trains by {command}"))
    monkeypatch.setattr(ladder.Path, "write_text", lambda path, text, **_: page.write_bytes(text.encode()))
    arguments = ["--gtzan", "nowhere", "--negatives", "nowhere", "--work", str(tmp_path / "none"), "--only", done[0]]
    monkeypatch.setattr(ladder.sys, "argv", ["run_ladder.py", *arguments])
    ladder.main()
    assert page.read_text(encoding="utf-8") == (ladder.RESULTS / "README.md").read_text(encoding="utf-8")


def test_the_page_is_that_of_the_stored_predictions(ladder: ModuleType) -> None:
    page = (ladder.RESULTS / "README.md").read_text(encoding="utf-8")
    assert page == ladder.report(ladder.read_rungs())
