from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrekit.errors import NoSuchDataError, RecipeError
from genrekit.experiments.plan import make_plan, parse_folds, parse_seeds
from genrekit.training.recipes.recipe import load_recipe


@pytest.mark.parametrize(
    ("text", "folds"), [("all", None), ("0,2", (0, 2)), ("0-4", (0, 1, 2, 3, 4)), ("7, 1-2,1", (7, 1, 2)), ("3", (3,))]
)
def test_folds(text, folds):
    assert parse_folds(text) == folds


@pytest.mark.parametrize(("text", "seeds"), [("3", (0, 1, 2)), ("0,1,5", (0, 1, 5)), ("7,", (7,)), ("5-7", (5, 6, 7))])
def test_seeds_are_a_number_of_them_or_a_list(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "1,,2", "4-2", "-1", "1.5", "²"])
def test_what_is_no_list_of_numbers(text):
    with pytest.raises(ValueError, match="whole numbers"):
        parse_folds(text)
    with pytest.raises(ValueError):
        parse_seeds(text)


def test_zero_seeds():
    with pytest.raises(ValueError, match="train nothing"):
        parse_seeds("0")


@given(st.lists(st.integers(0, 500), min_size=1, unique=True))
def test_a_written_list_is_read_back(numbers):
    text = ",".join(map(str, numbers))
    assert parse_folds(text) == tuple(numbers)
    assert parse_seeds(text + ",") == tuple(numbers)


def test_all_folds_of_a_seed_come_before_the_next_seed(write_recipe, tmp_path):
    recipe = load_recipe(write_recipe())
    plan = make_plan([recipe], tmp_path, seeds=(0, 4))
    assert [(run.recipe.split.fold, run.recipe.seed) for run in plan.runs] == [
        (0, 0), (1, 0), (2, 0), (0, 4), (1, 4), (2, 4),
    ]  # fmt: skip
    assert [run.name for run in plan.runs] == [
        f"small-{recipe.hash[:8]}-fold{fold}-seed{seed}" for seed in (0, 4) for fold in (0, 1, 2)
    ]
    assert plan.runs[4].label == "small fold 1 seed 4"


def test_a_run_on_mixed_excerpts_says_so_whatever_its_name(write_recipe, tmp_path):
    recipe = load_recipe(write_recipe(), ["split.name=b_folds"])
    assert make_plan([recipe], tmp_path, folds=(0,)).runs[0].label == "CONTAMINATED: small fold 0 seed 0"


def test_a_recipe_named_twice_is_planned_once(write_recipe, tmp_path):
    recipe = load_recipe(write_recipe())
    assert len(make_plan([recipe, recipe], tmp_path, folds=(1,))) == 1


def test_without_seeds_the_recipe_keeps_its_own(write_recipe, tmp_path):
    recipe = load_recipe(write_recipe(seed=9))
    assert {run.recipe.seed for run in make_plan([recipe], tmp_path).runs} == {9}


def test_unknown_fold_and_split(write_recipe, tmp_path):
    recipe = load_recipe(write_recipe())
    with pytest.raises(NoSuchDataError, match="has the folds 0 to 2; fold 3 was asked for"):
        make_plan([recipe], tmp_path, folds=(0, 3))
    filtered = load_recipe(write_recipe(split={"name": "filtered"}))
    with pytest.raises(NoSuchDataError, match="has only fold 0"):
        make_plan([filtered], tmp_path, folds=(1,))
    unknown = load_recipe(write_recipe(split={"name": "artist_disjiont"}))
    with pytest.raises(NoSuchDataError, match="artist_disjoint"):
        make_plan([unknown], tmp_path)


def test_a_split_from_a_file_is_one_fold(write_recipe, tmp_path):
    recipe = load_recipe(write_recipe(split={"file": "split.json", "fold": 2}))
    assert [run.recipe.split.fold for run in make_plan([recipe], tmp_path).runs] == [2]
    with pytest.raises(RecipeError, match="leave --folds out"):
        make_plan([recipe], tmp_path, folds=(0, 1))


def test_the_folder_of_runs_may_be_named_by_text(write_recipe, tmp_path):
    recipe = load_recipe(write_recipe())
    assert make_plan([recipe], str(tmp_path)) == make_plan([recipe], tmp_path)


def test_a_plan_shows_its_first_runs(write_recipe, tmp_path):
    plan = make_plan([load_recipe(write_recipe())], tmp_path, folds=(0, 1), seeds=(0, 1))
    assert repr(plan) == "<Plan, runs: 4; small fold 0 seed 0, small fold 1 seed 0, small fold 0 seed 1, ...>"
    assert repr(plan.runs[0]) == f"<PlannedRun small fold 0 seed 0: {plan.runs[0].run.folder}>"
