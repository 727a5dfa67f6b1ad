"""An ensemble's members are runs of their own; together they answer as one run."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import yaml

from genrekit.cli.terminal.matrix_display import validation_text
from genrekit.errors import ModelFileError, RecipeError
from genrekit.evaluation.predictions import Predictions
from genrekit.experiments.job import Job
from genrekit.experiments.validation import read_validation
from genrekit.models import create_model, load_weights
from genrekit.training.preparation import header_of, prepare
from genrekit.training.recipes.recipe import Recipe, load_recipe, parse_recipe
from genrekit.training.run import Run
from genrekit.training.run_lock import RunBusyError, hold
from genrekit.training.trainer import train

NAMES = ["small.yaml", "texture.yaml"]
EXCERPTS = {"window_s": 3.0, "hop_s": 3.0}
SHARED = ("title", "data", "split", "seed", "distillation", "ensemble")


@pytest.fixture
def make_ensemble(make_recipe):
    """An ensemble of the small recipe's network and a small MLP on texture statistics."""

    def make(**changes) -> Recipe:
        single = make_recipe().model_dump(mode="json")
        first = {key: value for key, value in single.items() if key not in SHARED}
        second = {**first, "name": "texture", "model": {"name": "texture_mlp", "options": {"units": 8}}}
        second |= {"augmentation": {"equaliser_max_gain_db": 3, "max_shift_bins": 2, "share": 0.5}}
        own = {key: single[key] for key in ("data", "split", "features")} | {"excerpts": EXCERPTS}
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
    shared = {key: make_ensemble().model_dump(mode="json")[key] for key in ("data", "split", "features")}
    path = tmp_path / "both.yaml"
    path.write_text(yaml.safe_dump({"name": "both", **shared, "excerpts": EXCERPTS, "ensemble": NAMES}))
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
        ("ensemble.2.name=x", "'ensemble' is a list of 2; a key of a member of an ensemble is ensemble.0.key=value"),
        ("ensemble.1=null", "--set 'ensemble.1=null'.*ensemble.0.key=value"),
        ("ensemble.0.name.x=1", "--set 'ensemble.0.name.x=1': 'name' is a value"),
        ("data.left_out.0.x=1", "--set 'data.left_out.0.x=1'"),
        ("negatives={}", "negatives of an ensemble belong to its members"),
        ("distillation.teachers=[a]", "members of an ensemble learn from labels; distil in a recipe of its own"),
        ("ensemble.0.distillation.teachers=[a]", "unknown key 'ensemble.0.distillation'"),
        ("ensemble=3", "'ensemble' is a list of recipe files"),
        ("ensemble=[small.yaml, texture.yaml]", "'ensemble' is a list of recipe files"),
        ("ensemble.0.model=res_cnn", "ensemble.0.model"),
        ("ensemble.0.model.name=ensemble", "2 or more networks"),
        ("excerpts.crops_per_track=7", "crops_per_track and crop_s of an ensemble belong to its members"),
        ("excerpts.crop_s=1", "crops_per_track and crop_s of an ensemble belong to its members"),
        ("split.validation=none", "member 'small': without a validation part, set optimisation.keep=last"),
        ("ensemble.1.excerpts.window_s=2", "member 'texture' has another front end or other windows"),
        ("ensemble=[]", "'optimisation' is missing|'model' is missing"),
    ],
)
def test_what_does_not_fit_is_refused(make_ensemble, tmp_path: Path, override: str, message: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(make_ensemble().to_yaml())
    with pytest.raises(RecipeError, match=message):
        create_model(header_of(load_recipe(path, [override]), ("blues", "metal")).model)


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


def test_a_member_that_another_process_trains_is_waited_for_and_one_that_is_done_is_not(
    make_ensemble, make_recipe, tmp_path: Path
) -> None:
    recipe, single = make_ensemble(), Run.of(make_recipe(), tmp_path)
    job = Job(recipe, tmp_path)
    with hold(single):
        assert job.held
        with pytest.raises(RunBusyError):
            train(prepare(recipe), tmp_path)
    train(prepare(make_recipe()), tmp_path)
    with hold(single):
        assert not job.held
        assert train(prepare(recipe), tmp_path).done


def test_its_epochs_are_those_of_its_members(make_ensemble, tmp_path: Path) -> None:
    recipe = make_ensemble()
    run = Run.of(recipe, tmp_path)
    assert read_validation(run, recipe) is None
    train(prepare(recipe), tmp_path)
    reached = read_validation(run, recipe)
    assert reached is not None and (reached.epochs, reached.kept_epoch) == (recipe.max_epochs, None) == (6, None)
    assert validation_text(reached) == "6 epochs of its members"


def test_a_member_whose_weights_no_longer_fit_is_told_before_any_training(make_ensemble, tmp_path: Path) -> None:
    recipe = make_ensemble()
    train(prepare(recipe.members[1]), tmp_path)
    weights = Run.of(recipe.members[1], tmp_path).weights_path
    weights.write_bytes(weights.read_bytes()[:200])
    with pytest.raises(ModelFileError, match="weights"):
        train(prepare(recipe), tmp_path)
    assert not Run.of(recipe.members[0], tmp_path).folder.exists()


def test_an_ensemble_of_ensembles_is_refused(make_ensemble, tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text(make_ensemble().to_yaml())
    (tmp_path / "outer.yaml").write_text("name: outer\nensemble: [inner.yaml, missing.yaml]\n")
    with pytest.raises(RecipeError, match=r"inner\.yaml is an ensemble itself"):
        load_recipe(tmp_path / "outer.yaml")


def test_a_missing_member_is_named_with_who_names_it(tmp_path: Path) -> None:
    (tmp_path / "outer.yaml").write_text("name: outer\nensemble: [missing.yaml]\n")
    with pytest.raises(RecipeError, match=r"missing.yaml that .*outer.yaml names"):
        load_recipe(tmp_path / "outer.yaml")
