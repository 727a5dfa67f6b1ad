"""The recipes of the repository: each loads, builds its network, is named for what it is, and stands in the table."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from genrekit.data.registry import DATASETS  # noqa: E402
from genrekit.data.splits.makers import SPLITS  # noqa: E402
from genrekit.features import FEATURES  # noqa: E402
from genrekit.features.spec import FROM_ARCHIVE  # noqa: E402
from genrekit.models import create_model  # noqa: E402
from genrekit.training.preparation import header_of  # noqa: E402
from genrekit.training.recipes.groups import Augmentation  # noqa: E402
from genrekit.training.recipes.recipe import Recipe, load_recipe  # noqa: E402

FOLDER = Path(__file__).parents[2] / "recipes"
PATHS = {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}
RECIPES = {name: load_recipe(path) for name, path in PATHS.items()}
README = (FOLDER / "README.md").read_text(encoding="utf-8")
GENRES = tuple(f"genre {number}" for number in range(10))


def test_there_are_recipes_and_no_two_are_the_same_training() -> None:
    assert len(RECIPES) > 30
    assert len({recipe.model_copy(update={"name": "x"}).hash for recipe in RECIPES.values()}) == len(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_its_name_is_its_file_s_and_its_network_takes_its_features(name: str) -> None:
    recipe = RECIPES[name]
    assert recipe.name == name
    assert recipe.title
    assert recipe.data.root is None
    header = header_of(recipe, GENRES)
    torch.manual_seed(0)
    network = create_model(header.model).eval()
    with torch.no_grad():
        features = torch.randn(1, header.model.n_bins, header.model.n_columns)
        assert network(features).shape == (1, 10)


@pytest.mark.parametrize("name", RECIPES)
def test_its_name_says_what_is_in_it(name: str) -> None:
    recipe = RECIPES[name]
    kind = SPLITS[recipe.split.name or ""]
    assert ("_contaminated" in name) == (kind.protocol == "P1")
    assert ("_stopped_on_test" in name) == (recipe.split.validation == "test")
    if name.startswith(("a_", "b_")):
        assert ("_augmented" in name) == (recipe.augmentation != Augmentation())
    if name not in {"res_cnn", "texture_mlp", "bbnn", "ensemble", "default_model"}:
        assert name.endswith("_archive") == (recipe.data.dataset == "gtzan_archive")


@pytest.mark.parametrize("name", RECIPES)
def test_its_data_can_give_what_it_asks_for(name: str) -> None:
    recipe = RECIPES[name]
    dataset, spec = recipe.data.dataset, FEATURES[recipe.features]
    assert dataset in DATASETS
    assert (spec.column_names is not None) == ("table" in dataset)
    assert (recipe.features in FROM_ARCHIVE) == (dataset == "gtzan_archive")
    if dataset != "gtzan":
        assert not recipe.augmentation.needs_waveforms
    if dataset != "gtzan_archive":
        assert not recipe.augmentation.decibel_keys


@pytest.mark.parametrize("name", [name for name in RECIPES if name.endswith("_archive")])
def test_an_archive_recipe_is_that_of_audio_on_other_data(name: str) -> None:
    ours, theirs = RECIPES[name], RECIPES[name.removesuffix("_archive")]
    same = {"split", "model", "optimisation", "negatives", "seed"}
    if name != "transformer_archive":  # 5 s of the archive would be 5 patches wide
        same.add("excerpts")
    assert ours.model_dump(include=same) == theirs.model_dump(include=same)


@pytest.mark.parametrize(
    ("name", "other", "group"),
    [
        ("a_se_cnn_stopped_on_test", "a_se_cnn", "split"),
        ("a_se_cnn_gap_augmented_stopped_on_test", "a_se_cnn_gap_augmented", "split"),
        ("a_se_cnn_contaminated", "a_se_cnn", "split"),
        ("b_rgluformer_contaminated_archive", "b_rgluformer_archive", "split"),
        ("a_se_cnn_augmented", "a_se_cnn", "augmentation"),
        ("a_se_cnn_gap_augmented", "a_se_cnn_gap", "augmentation"),
        ("a_se_cnn_gap", "a_se_cnn", "model"),
        ("a_resnet", "a_se_cnn", "model"),
        ("b_rglu_lstm", "b_rgluformer", "model"),
    ],
)
def test_a_variant_differs_in_one_group_only(name: str, other: str, group: str) -> None:
    left, right = (RECIPES[one].model_dump(exclude={"name", "title"}) for one in (name, other))
    assert {key for key in left if left[key] != right[key]} == {group}


def test_the_reports_own_settings() -> None:
    a, b = RECIPES["a_se_cnn"], RECIPES["b_rgluformer"]
    assert a.optimisation.model_dump(exclude_defaults=True) == {
        "learning_rate": 0.001, "weight_decay": 0.0001, "schedule": "linear_to_tenth", "max_epochs": 50,
        "early_stopping_epochs": 10,
    }  # fmt: skip
    assert (a.excerpts.window_s, a.excerpts.hop_s, a.excerpts.span_s) == (3.0, 1.5, 30.0)
    assert (b.optimisation.max_epochs, b.optimisation.early_stopping_epochs) == (500, 80)
    assert (b.excerpts.window_s, b.excerpts.hop_s) == (5.0, 2.5)
    assert RECIPES["a_se_cnn_augmented"].augmentation.time_mask_fraction <= 0.3


def test_the_table_of_the_readme_lists_every_recipe_once() -> None:
    listed = re.findall(r"^\| \[(\w+)\]\((\w+)\.yaml\) \|", README, flags=re.MULTILINE)
    assert all(name == file for name, file in listed)
    assert sorted(name for name, _ in listed) == sorted(RECIPES)


SETTINGS = re.findall(r"`(--set [^`]*)`", README)


def test_the_readme_says_what_can_be_set() -> None:
    assert len(SETTINGS) > 3


@pytest.mark.parametrize("line", SETTINGS)
def test_what_the_readme_sets_can_be_set(line: str) -> None:
    words = shlex.split(line)
    assert words[::2] == ["--set"] * (len(words) // 2)
    stem = "b_rgluformer" if "mel_b" in line or "encoder" in line else "a_se_cnn"
    stem = "a_resnet" if "depth" in line else "ensemble" if "ensemble" in line else stem
    recipe: Recipe = load_recipe(PATHS[stem], words[1::2])
    assert recipe.hash != RECIPES[stem].hash
    assert recipe.data.dataset in DATASETS and recipe.split.name in SPLITS
    create_model(header_of(recipe, GENRES).model)
