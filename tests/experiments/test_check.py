from __future__ import annotations

import json

import pytest
from training.conftest import write_archive

from genrekit.data.registry import load_dataset
from genrekit.data.splits.makers import make_split
from genrekit.errors import DataError, RecipeError, RunError
from genrekit.experiments.check import check_plan
from genrekit.experiments.plan import make_plan
from genrekit.training.preparation import prepare
from genrekit.training.recipes.recipe import load_recipe
from genrekit.training.trainer import train


def plan_of(*paths, runs, overrides=(), **options):
    return make_plan([load_recipe(path, overrides) for path in paths], runs, **options)


def test_what_can_be_trained_passes_and_leaves_nothing_behind(write_recipe, tmp_path):
    check_plan(plan_of(write_recipe(), runs=tmp_path / "runs"))
    assert not (tmp_path / "runs").exists()


def test_one_wrong_recipe_among_right_ones_is_refused_with_its_runs_named(write_recipe, tmp_path):
    wrong = write_recipe("wrong", features="power_spectrogram_a")
    with pytest.raises(
        RecipeError, match=r"3 of 6 planned runs.*nothing was started\. wrong fold 0 seed 0, .*log-mels"
    ):
        check_plan(plan_of(write_recipe(), wrong, runs=tmp_path))


def test_faults_of_several_kinds_are_told_together(write_recipe, tmp_path):
    missing = write_recipe("missing", data={"dataset": "archive", "root": str(tmp_path / "nowhere.npz")})
    wrong = write_recipe("wrong", model={"name": "res_cnn", "options": {"widht": 2}})
    with pytest.raises(RecipeError, match=r"nowhere\.npz.*did you mean 'width'"):
        check_plan(plan_of(missing, wrong, runs=tmp_path, folds=(0,)))


def test_what_is_wrong_with_one_recipe_is_not_said_of_another_over_the_same_data(write_recipe, tmp_path):
    wrong = write_recipe("wrong", features="power_spectrogram_a")
    with pytest.raises(RecipeError, match="1 of 2 planned runs") as caught:
        check_plan(plan_of(wrong, write_recipe(), runs=tmp_path, folds=(0,)))
    assert "small fold" not in str(caught.value)


def test_negatives_that_are_not_given(write_recipe, tmp_path):
    recipe = write_recipe(negatives={"share": 0.1})
    with pytest.raises(RecipeError, match="--negatives FILE"):
        check_plan(plan_of(recipe, runs=tmp_path))


def test_a_fold_without_a_genre(write_recipe, archive_path, tmp_path):
    split = make_split(load_dataset("archive", archive_path), "random_folds").to_dict()
    split["parts"]["test"] = [track for track in split["parts"]["test"] if not track.startswith("metal")]
    del split["hash"]
    (tmp_path / "split.json").write_text(json.dumps(split))
    recipe = write_recipe(split={"file": str(tmp_path / "split.json"), "validation": "inner"})
    with pytest.raises(RecipeError, match="has no track of metal"):
        check_plan(plan_of(recipe, runs=tmp_path))


@pytest.mark.parametrize(("window_s", "count"), [(10.0, 5), (1.0, 59)])
def test_windows_that_a_split_over_excerpts_was_not_made_for(write_recipe, tmp_path, window_s, count):
    recipe = write_recipe(split={"name": "a_contaminated"}, excerpts={"window_s": window_s, "hop_s": window_s / 2})
    with pytest.raises(DataError, match=rf"names 19 excerpts of 'blues\.00000'; that track has {count} windows of"):
        check_plan(plan_of(recipe, runs=tmp_path, folds=(0,)))


def test_the_windows_that_a_split_over_excerpts_was_made_for(write_recipe, tmp_path):
    recipe = write_recipe(split={"name": "a_contaminated"}, excerpts={"window_s": 3.0, "hop_s": 1.5})
    check_plan(plan_of(recipe, runs=tmp_path, folds=(0,)))


def test_data_that_are_gone_do_not_matter_to_what_is_complete(write_recipe, tmp_path):
    path = write_recipe()
    recipe = load_recipe(path)
    train(prepare(recipe), tmp_path / "runs")
    gone = load_recipe(path, [f"data.root={tmp_path / 'gone.npz'}"])
    check_plan(make_plan([gone], tmp_path / "runs", folds=(0,)))
    with pytest.raises(DataError, match=r"2 of 3 planned runs.*gone\.npz"):
        check_plan(make_plan([gone], tmp_path / "runs"))


def test_a_complete_run_of_other_data_is_not_taken_for_this_one(write_recipe, tmp_path):
    path = write_recipe()
    train(prepare(load_recipe(path)), tmp_path / "runs")
    other = write_archive(tmp_path / "other.npz", n=9)
    planned = make_plan([load_recipe(path, [f"data.root={other}"])], tmp_path / "runs", folds=(0,))
    with pytest.raises(RunError, match=r"another split, hash \w+ \(\d+ train.*Were they other data"):
        check_plan(planned)


def test_a_complete_run_of_the_same_tracks_with_other_levels(write_recipe, tmp_path):
    path = write_recipe()
    train(prepare(load_recipe(path)), tmp_path / "runs")
    check_plan(make_plan([load_recipe(path)], tmp_path / "runs", folds=(0,)))
    other = write_archive(tmp_path / "other.npz", seed=1)
    planned = make_plan([load_recipe(path, [f"data.root={other}"])], tmp_path / "runs", folds=(0,))
    with pytest.raises(RunError, match="with other data"):
        check_plan(planned)


def test_a_complete_run_under_another_name(write_recipe, tmp_path):
    recipe = load_recipe(write_recipe())
    run = train(prepare(recipe), tmp_path / "runs")
    planned = make_plan([recipe], tmp_path / "runs", folds=(1,))
    run.folder.rename(planned.runs[0].run.folder)
    with pytest.raises(RunError, match=r"fold 0, seed 0; expected small, hash \w+, fold 1, seed 0"):
        check_plan(planned)


def test_a_complete_run_of_what_a_split_file_was_before(write_recipe, archive_path, tmp_path):
    file = tmp_path / "split.json"
    dataset = load_dataset("archive", archive_path)
    file.write_text(json.dumps(make_split(dataset, "random_folds").to_dict()))
    recipe = load_recipe(write_recipe(split={"file": str(file)}))
    train(prepare(recipe), tmp_path / "runs")
    check_plan(make_plan([recipe], tmp_path / "runs"))
    file.write_text(json.dumps(make_split(dataset, "random_folds", fold=1).to_dict()))
    with pytest.raises(RunError, match="holds a run of another split"):
        check_plan(make_plan([recipe], tmp_path / "runs"))
    file.unlink()
    check_plan(make_plan([recipe], tmp_path / "runs"))


def test_a_complete_run_with_other_negatives(write_recipe, archive_path, tmp_path):
    recipe = load_recipe(write_recipe(negatives={"share": 0.2}))
    train(prepare(recipe), tmp_path / "runs", negatives_root=archive_path)
    plan = make_plan([recipe], tmp_path / "runs", folds=(0,))
    check_plan(plan, negatives=archive_path)
    check_plan(plan)
    with pytest.raises(RunError, match="with other negatives"):
        check_plan(plan, negatives=write_archive(tmp_path / "other.npz", seed=1))
