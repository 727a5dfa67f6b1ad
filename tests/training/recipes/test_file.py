from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from genrekit.errors import RecipeError
from genrekit.training.recipes.file import read_recipe_file
from genrekit.training.recipes.recipe import load_recipe


@pytest.fixture
def write(tmp_path):
    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    return write


BASE = """
name: base
data: {dataset: gtzan}
excerpts: {window_s: 3.0, hop_s: 1.5}
model: {name: se_cnn, options: {reduction: 32, dropout: 0.25}}
augmentation: {mixup_alpha: 0.4}
"""


def test_says_only_what_differs(write):
    write("base.yaml", BASE)
    path = write(
        "own.yaml", "extends: base.yaml\nname: own\nexcerpts: {hop_s: 3.0}\nmodel: {options: {dropout: 0.5}}\n"
    )
    assert read_recipe_file(path) == {
        "name": "own",
        "data": {"dataset": "gtzan"},
        "excerpts": {"window_s": 3.0, "hop_s": 3.0},
        "model": {"name": "se_cnn", "options": {"reduction": 32, "dropout": 0.5}},
        "augmentation": {"mixup_alpha": 0.4},
    }


def test_another_model_brings_its_own_options(write):
    write("base.yaml", BASE)
    path = write("own.yaml", "extends: base.yaml\nname: own\nmodel: {name: resnet}\n")
    assert read_recipe_file(path)["model"] == {"name": "resnet"}


def test_null_leaves_a_group_out_and_is_a_value_elsewhere(write):
    write("base.yaml", BASE)
    path = write("own.yaml", "extends: base.yaml\nname: own\naugmentation: null\nexcerpts: {span_s: null}\n")
    values = read_recipe_file(path)
    assert "augmentation" not in values
    assert values["excerpts"]["span_s"] is None


def test_a_chain_is_resolved_relative_to_each_file(write):
    write("base.yaml", BASE)
    write("folder/second.yaml", "extends: ../base.yaml\nname: second\nexcerpts: {hop_s: 1.0}\n")
    path = write("third.yaml", "extends: folder/second.yaml\nname: third\ndata: {dataset: gtzan6}\n")
    values = read_recipe_file(path)
    assert (values["name"], values["data"]["dataset"], values["excerpts"]["hop_s"]) == ("third", "gtzan6", 1.0)
    assert values["excerpts"]["window_s"] == 3.0


def test_what_a_run_keeps_is_whole(make_recipe, write):
    recipe = make_recipe()
    write("base.yaml", recipe.to_yaml())
    loaded = load_recipe(write("own.yaml", "extends: base.yaml\nname: own\n"))
    assert loaded == recipe.model_copy(update={"name": "own"})
    assert "extends" not in yaml.safe_load(loaded.to_yaml())


def test_overrides_come_last(make_recipe, write):
    write("base.yaml", make_recipe().to_yaml())
    path = write("own.yaml", "extends: base.yaml\nname: own\noptimisation: {max_epochs: 7}\n")
    assert load_recipe(path).optimisation.max_epochs == 7
    assert load_recipe(path, ["optimisation.max_epochs=9"]).optimisation.max_epochs == 9
    with pytest.raises(RecipeError, match="unknown key 'extends'"):
        load_recipe(path, ["extends=base.yaml"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("extends: missing.yaml\nname: own\n", r"missing\.yaml that .*own\.yaml names: No such file"),
        ("extends: base.yaml\n", "needs a name of its own"),
        ("extends:\nname: own\n", "extends is None; .* or the name of one of `genrekit recipes`"),
        ("", "a recipe is a mapping of keys to values; found nothing"),
        ("- a\n", "a recipe is a mapping of keys to values; found a list"),
        ("extends: base.yaml\nname: My Net\n", "name: 'My Net' is no name of a run folder; expected a-z, 0-9"),
        ("extends: [base.yaml]\nname: own\n", "extends is .*expected the file name"),
        ("extends: own.yaml\nname: own\n", r"circle: own\.yaml -> own\.yaml"),
        ("extends: loop.yaml\nname: own\n", r"circle: own\.yaml -> loop\.yaml -> own\.yaml"),
        ("extends: base.yaml\nname: own\nmodle: {name: rglu}\n", r"unknown key 'modle' \(did you mean 'model'"),
        ("extends: base.yaml\nname: own\nexcerpts: {hop: 1}\n", r"unknown key 'excerpts.hop' \(did you mean 'hop_s'"),
    ],
)
def test_what_cannot_be_resolved_is_told(make_recipe, write, text, message):
    write("base.yaml", make_recipe().to_yaml())
    write("loop.yaml", "extends: own.yaml\nname: loop\n")
    with pytest.raises(RecipeError, match=message):
        load_recipe(write("own.yaml", text))
