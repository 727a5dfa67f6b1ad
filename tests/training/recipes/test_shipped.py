from __future__ import annotations

from pathlib import Path

import pytest

from genrekit.errors import RecipeError
from genrekit.training.recipes.recipe import load_recipe
from genrekit.training.recipes.shipped import shipped_recipes


def test_a_recipe_that_comes_with_genrekit_is_known_by_its_name_in_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shipped = shipped_recipes()
    assert {"a_se_cnn", "b_rgluformer", "default_model"} <= set(shipped)
    assert load_recipe(Path("a_se_cnn")) == load_recipe(shipped["a_se_cnn"])


def test_a_file_that_is_there_comes_before_one_that_is_shipped(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = shipped_recipes()["a_mlp_30s"].read_text()
    (tmp_path / "a_se_cnn").write_text(own)
    assert load_recipe(Path("a_se_cnn")).name == "a_mlp_30s"


def test_recipes_of_ones_own_extend_those_that_are_shipped_and_join_them(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("extends: a_se_cnn_archive\nname: mine\nseed: 7\n")
    shipped = load_recipe(shipped_recipes()["a_se_cnn_archive"])
    assert load_recipe(mine) == shipped.model_copy(update={"name": "mine", "seed": 7})
    both = tmp_path / "both.yaml"
    both.write_text("extends: ensemble\nname: both\nensemble: [texture_mlp, res_cnn]\n")
    assert [member.name for member in load_recipe(both).members] == ["texture_mlp", "res_cnn"]


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("recipes/a_se_cnn.yaml", "give a_se_cnn alone"),
        ("a_se_cnn.yaml", "give a_se_cnn alone"),
        ("a_se_cn", "did you mean 'a_se_cnn'"),
        ("recipes/a_se_cn.yaml", "did you mean 'a_se_cnn'"),
        ("mine.yml", "`genrekit recipes` lists those that come with genrekit."),
    ],
)
def test_a_recipe_that_is_not_there_is_told_from_one_that_comes_with_genrekit(name, advice, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecipeError, match=advice):
        load_recipe(Path(name))


def test_what_an_own_recipe_extends_is_looked_for_beside_it(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("extends: base.yaml\nname: mine\n")
    with pytest.raises(RecipeError, match=r"base\.yaml that .*mine\.yaml names"):
        load_recipe(mine)
