"""A recipe that states the fields of a front end of its own."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from genrekit.errors import RecipeError
from genrekit.evaluation.predictions import Predictions
from genrekit.features.spec import FEATURES, FeatureSpec
from genrekit.models import load_weights
from genrekit.training import prepare, train
from genrekit.training.prediction import predict
from genrekit.training.recipes.recipe import load_recipe, parse_recipe

PAGE = Path(__file__).parents[3] / "docs" / "research" / "extending.md"
OWN = FeatureSpec(kind="log_mel", sr=16_000, n_fft=512, win_length=400, hop_length=160, n_mels=64, scale="db")
FIELDS = {"kind": "log_mel", "sr": 16000, "n_fft": 512, "win_length": 400, "hop_length": 160, "n_mels": 64}
FIELDS |= {"scale": "db"}


def test_the_page_on_extending_states_one(tmp_path: Path) -> None:
    listings = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (listing,) = [text for text in listings if "kind:" in text]
    path = tmp_path / "own.yaml"
    path.write_text(listing)
    recipe = load_recipe(path)
    assert recipe.front_end == OWN
    assert load_recipe(path, ["features.n_mels=96"]).front_end.n_mels == 96
    assert load_recipe(path, ["features=mel_b"]).front_end == FEATURES["mel_b"]


def test_it_is_read_back_as_it_was_and_is_part_of_the_identity(make_recipe) -> None:
    recipe = make_recipe(features=FIELDS, augmentation={})
    assert recipe.front_end == make_recipe(features=OWN, augmentation={}).front_end == OWN
    written = yaml.safe_load(recipe.to_yaml())
    # A field at its default is left out, so that a recipe stays itself when front ends learn new ones.
    assert written["features"] == FIELDS
    assert parse_recipe(written, source="test").hash == recipe.hash
    assert make_recipe(features=FIELDS | {"top_db": 80.0}, augmentation={}).hash == recipe.hash
    assert make_recipe(features=FIELDS | {"top_db": 60.0}, augmentation={}).hash != recipe.hash


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (FIELDS | {"n_mel": 3}, "features: feature spec: unknown key 'n_mel' .did you mean 'n_mels'"),
        (FIELDS | {"sr": 0}, "sr is 0; expected a positive"),
        (FIELDS | {"scale": "decibel"}, "scale is 'decibel'; expected one of 'linear', 'db'"),
        ({"kind": "log_mel"}, "missing sr"),
        ([1], "expected the name of a front end, or the fields of one"),
        ("mel_bb", "did you mean 'mel_b'"),
        (FIELDS | {"scale": "linear"}, "needs features in dB; a log_mel of its own is not"),
    ],
)
def test_what_is_none_is_told(make_recipe, features: object, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        make_recipe(features=features)


def test_an_archive_cannot_give_it(make_recipe) -> None:
    with pytest.raises(RecipeError, match="log_mel at 16000 Hz"):
        prepare(make_recipe(features=FIELDS, augmentation={}))


def test_a_network_is_trained_on_it(make_recipe, audio_dataset, tmp_path: Path) -> None:
    recipe = make_recipe(
        data={"dataset": "folder", "root": str(tmp_path)},
        features=FIELDS,
        augmentation={},
        split={"name": "artist_disjoint", "validation": "none"},
        optimisation={"learning_rate": 0.01, "max_epochs": 1, "keep": "last", "early_stopping_epochs": None},
    )
    prepared = prepare(recipe, device=torch.device("cpu"))
    run = train(prepared, tmp_path / "runs")
    network, header = load_weights(run.weights_path)
    assert header.features == OWN and run.recipe() == recipe
    stored = Predictions.read_parquet(run.predictions_path)
    np.testing.assert_array_equal(predict(network, prepared, "test").probabilities, stored.probabilities)
