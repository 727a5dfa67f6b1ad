"""What recipes may differ in and be one all the same: known to what reads runs, and to the hash of a recipe."""

from __future__ import annotations

import pytest

from genrekit.evaluation.recipe_identity import FREE, PLACES, flat, is_free, without

RECIPE = {
    "name": "both",
    "title": "Both",
    "data": {"dataset": "gtzan_archive", "root": "here"},
    "split": {"name": "filtered", "fold": 3},
    "ensemble": [{"name": "one", "negatives": {"root": "there"}}, {"name": "two", "model": {"options": {"root": 1}}}],
    "seed": 2,
}


def test_places_folds_and_seeds_are_free_in_a_recipe_and_in_members() -> None:
    values = dict(flat(RECIPE))
    assert values["ensemble.1.model.options.root"] == 1
    free = {key for key in values if is_free(key)}
    assert free == {"title", "data.root", "split.fold", "ensemble.0.negatives.root", "seed"}


def test_what_is_left_without_them_is_the_rest() -> None:
    left = without(RECIPE, FREE)
    assert set(flat(left)) == {(key, value) for key, value in flat(RECIPE) if not is_free(key)}
    # That a group is there says something.
    assert left["ensemble"][0] == {"name": "one", "negatives": {}}
    assert RECIPE["ensemble"][0]["negatives"] == {"root": "there"}
    assert without(RECIPE, PLACES)["seed"] == 2


def test_the_hash_of_a_recipe_goes_by_it() -> None:
    pytest.importorskip("torch")
    from genrekit.training.recipes.recipe import parse_recipe

    member = {
        "name": "one",
        "excerpts": {"window_s": 3.0, "hop_s": 1.5},
        "features": "archive_log_mel",
        "model": {"name": "res_cnn"},
        "negatives": {"root": "there"},
        "optimisation": {"learning_rate": 0.01, "max_epochs": 2},
    }
    values = {
        "name": "both",
        "data": {"dataset": "gtzan_archive", "root": "here"},
        "split": {"name": "filtered"},
        "excerpts": {"window_s": 3.0, "hop_s": 1.5},
        "features": "archive_log_mel",
        "ensemble": [member, {**member, "name": "two", "negatives": None}],
    }
    recipe = parse_recipe(values, source="test")
    bare = recipe.without_places()
    assert bare.data.root is None and bare.ensemble[0].negatives is not None
    assert bare.ensemble[0].negatives.root is None and bare.ensemble[1] == recipe.ensemble[1]
    assert bare.hash == recipe.hash
    other = {**values, "title": "Both", "seed": 5, "split": {"name": "filtered", "fold": 1}}
    assert parse_recipe(other, source="test").hash == recipe.hash
    assert parse_recipe({**values, "name": "other"}, source="test").hash != recipe.hash
