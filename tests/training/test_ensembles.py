"""An ensemble's members are runs of their own; together they answer as one run."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import yaml

from genrekit.errors import RecipeError
from genrekit.evaluation import Predictions
from genrekit.models import load_weights
from genrekit.training import Run, prepare, train
from genrekit.training.recipe import Recipe, load_recipe, parse_recipe

SHARED = ("title", "data", "split", "seed", "distillation", "ensemble")


@pytest.fixture
def make_ensemble(make_recipe):
    """An ensemble of the small recipe's network and a small MLP on texture statistics."""

    def make(**changes) -> Recipe:
        single = make_recipe().model_dump(mode="json")
        first = {key: value for key, value in single.items() if key not in SHARED}
        second = {**first, "name": "texture", "model": {"name": "texture_mlp", "options": {"units": 8}}}
        second |= {"augmentation": {"equaliser_max_gain_db": 3, "max_shift_bins": 2, "share": 0.5}}
        own = {key: single[key] for key in ("data", "split", "excerpts", "features")}
        return parse_recipe({"name": "both", **own, "ensemble": [first, second], **changes}, source="test")

    return make


def test_the_run_holds_its_members_trained_apart(make_ensemble, make_recipe, tmp_path: Path) -> None:
    run = train(prepare(make_ensemble()), tmp_path)
    members = [Run.of(recipe, tmp_path) for recipe in make_ensemble().members]
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {
        run.folder.name,
        *(member.folder.name for member in members),
    }
    assert members[0] == Run.of(make_recipe(), tmp_path), "a member is the run that its recipe gives by itself"
    network, header = load_weights(run.weights_path)
    assert header.model.name == "ensemble"
    for own, member in zip(network.members, members, strict=True):
        trained, _ = load_weights(member.weights_path)
        assert all(torch.equal(value, own.state_dict()[name]) for name, value in trained.state_dict().items())
    assert set(Predictions.read_parquet(run.predictions_path).part) == {"valid", "test"}
    # Nobody has looked at the test part through a member.
    assert not any(member.predictions_path.exists() for member in members)


def test_a_member_that_is_there_is_not_trained_again(make_ensemble, make_recipe, tmp_path: Path) -> None:
    single = train(prepare(make_recipe()), tmp_path)
    before = single.weights_path.stat().st_mtime_ns, single.predictions_path.read_bytes()
    train(prepare(make_ensemble()), tmp_path)
    assert (single.weights_path.stat().st_mtime_ns, single.predictions_path.read_bytes()) == before


def test_recipe_file_names_its_members(make_ensemble, tmp_path: Path) -> None:
    for member in make_ensemble().members:
        (tmp_path / f"{member.name}.yaml").write_text(member.to_yaml())
    shared = {key: make_ensemble().model_dump(mode="json")[key] for key in ("data", "split", "excerpts", "features")}
    path = tmp_path / "both.yaml"
    path.write_text(yaml.safe_dump({"name": "both", **shared, "ensemble": ["small.yaml", "texture.yaml"]}))
    loaded = load_recipe(path, ["seed=3", "split.fold=1", "ensemble.1.model.options.units=4"])
    assert [(member.name, member.seed, member.split.fold) for member in loaded.members] == [
        ("small", 3, 1),
        ("texture", 3, 1),
    ]
    assert loaded.members[1].model.options == {"units": 4}
    assert load_recipe(path).hash == make_ensemble().hash
    again = parse_recipe(yaml.safe_load(loaded.to_yaml()), source="again")
    assert (again, again.hash) == (loaded, loaded.hash)


def test_place_of_the_negatives_does_not_change_its_identity(make_ensemble) -> None:
    def with_root(root):
        values = yaml.safe_load(make_ensemble().to_yaml())
        values["ensemble"][0]["negatives"] = {"root": root}
        return parse_recipe(values, source="test")

    assert with_root(None).hash == with_root("elsewhere.npz").hash != make_ensemble().hash


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("optimisation.max_epochs=3", "optimisation of an ensemble belong to its members, as ensemble.0.optimisation"),
        ("ensemble.0.widht=3", "unknown key 'ensemble.0.widht'"),
        ("ensemble.2.name=x", "'ensemble' has 2 members; expected ensemble.0.key=value"),
        ("ensemble.1=null", "expected ensemble.0.key=value"),
        ("ensemble.1.excerpts.window_s=2", "member 'texture' has another front end or other windows"),
        ("ensemble=[]", "'optimisation' is missing|'model' is missing"),
    ],
)
def test_what_does_not_fit_is_refused(make_ensemble, tmp_path: Path, override: str, message: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(make_ensemble().to_yaml())
    with pytest.raises(RecipeError, match=message):
        load_recipe(path, [override])


def test_one_member_or_the_same_twice_is_no_ensemble(make_ensemble) -> None:
    values = yaml.safe_load(make_ensemble().to_yaml())
    first = values["ensemble"][0]
    for members, message in (([first], "2 members or more"), ([first, first], "the same recipe")):
        with pytest.raises(RecipeError, match=message):
            parse_recipe({**values, "ensemble": members}, source="test")


def test_what_a_member_needs_is_told_before_any_folder_is_made(make_ensemble, tmp_path: Path) -> None:
    values = yaml.safe_load(make_ensemble().to_yaml())
    values["ensemble"][1]["negatives"] = {}
    with pytest.raises(RecipeError, match="trains on negatives"):
        train(prepare(parse_recipe(values, source="test")), tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
