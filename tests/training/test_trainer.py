from __future__ import annotations

import csv
import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from genrekit.errors import DataError, LeakError, RecipeError, RunError
from genrekit.evaluation.predictions import Predictions
from genrekit.file_identity import file_sha256
from genrekit.models.weights import load_weights
from genrekit.training.prediction import predict
from genrekit.training.preparation import prepare
from genrekit.training.run import Run
from genrekit.training.trainer import train
from genrekit.whole_file import partial_of
from training.conftest import write_archive


def run_once(recipe, folder: Path) -> Run:
    return train(prepare(recipe, device=torch.device("cpu")), folder)


def weights_of(run: Run) -> bytes:
    return run.weights_path.read_bytes()


def test_run_folder_is_whole_and_predictions_follow_from_the_weights(make_recipe, tmp_path):
    recipe = make_recipe()
    run = run_once(recipe, tmp_path)
    names = {path.name for path in run.folder.iterdir()}
    assert names == {
        "recipe.yaml", "split.json", "environment.json", "metrics.csv", "weights.safetensors", "predictions.parquet",
        "run.json", "tensorboard",
    }  # fmt: skip
    assert run.done and run.recipe() == recipe
    split = json.loads((run.folder / "split.json").read_text())
    assert split["proof"]["refused"] == []
    with run.metrics_path.open() as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["0", "1", "2"]
    stored = Predictions.read_parquet(run.predictions_path)
    assert set(stored.part) == {"valid", "test"}
    network, header = load_weights(run.weights_path)
    assert header.genres == stored.genres
    again = predict(network, prepare(recipe, device=torch.device("cpu")), "test")
    np.testing.assert_array_equal(again.probabilities, stored.probabilities[stored.part == "test"])


def test_it_learns_what_can_be_heard(make_recipe, tmp_path):
    values = make_recipe().model_dump()["optimisation"] | {"max_epochs": 25, "weight_average_decay": None}
    run = run_once(make_recipe(optimisation=values), tmp_path)
    stored = Predictions.read_parquet(run.predictions_path)
    assert (stored.probabilities.argmax(1) == stored.label).mean() > 0.8


def test_same_seed_same_weights_other_seed_other_weights(make_recipe, tmp_path):
    first = run_once(make_recipe(), tmp_path / "a")
    second = run_once(make_recipe(), tmp_path / "b")
    other = run_once(make_recipe(seed=1), tmp_path / "c")
    assert weights_of(first) == weights_of(second)
    assert weights_of(first) != weights_of(other)


KILLED = """
import os, signal, sys
import torch
import lightning.pytorch as pl
from pathlib import Path
from genrekit.training import callbacks
from genrekit.training.recipes.recipe import load_recipe
from genrekit.training.preparation import prepare
from genrekit.training.trainer import train

torch.set_num_threads(1)
def die(self, trainer, module):
    if trainer.current_epoch == {epoch}:
        os.kill(os.getpid(), signal.SIGKILL)
callbacks.MetricsTable.on_train_epoch_start = die
train(prepare(load_recipe(Path(sys.argv[1])), device=torch.device("cpu")), Path(sys.argv[2]))
"""


@pytest.mark.parametrize("epoch", [1, 2])
def test_resuming_after_a_kill_gives_bit_identical_weights(make_recipe, tmp_path, epoch):
    recipe = make_recipe()
    whole = run_once(recipe, tmp_path / "whole")
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe.to_yaml())
    killed = subprocess.run(
        [sys.executable, "-c", KILLED.replace("{epoch}", str(epoch)), path, tmp_path / "killed"], check=False
    )
    assert killed.returncode == -signal.SIGKILL
    run = Run.of(recipe, tmp_path / "killed")
    assert run.last_checkpoint.is_file() and not run.done
    resumed = run_once(recipe, tmp_path / "killed")
    assert weights_of(resumed) == weights_of(whole)
    assert resumed.metrics_path.read_text() == whole.metrics_path.read_text()
    assert Predictions.read_parquet(resumed.predictions_path).probabilities.tobytes() == (
        Predictions.read_parquet(whole.predictions_path).probabilities.tobytes()
    )


class Killed(Exception):
    """In place of a kill."""


@pytest.mark.parametrize("early_stopping_epochs", [None, 1])
def test_a_run_killed_after_its_last_epoch_trains_no_further_one(
    make_recipe, tmp_path, monkeypatch, early_stopping_epochs
):
    # Nothing is learnt, so that no epoch is better than the first.
    values = make_recipe().model_dump()["optimisation"]
    values |= {"learning_rate": 1e-9, "max_epochs": 5, "early_stopping_epochs": early_stopping_epochs}
    recipe = make_recipe(optimisation=values)
    whole = run_once(recipe, tmp_path / "whole")
    n_epochs = len(whole.metrics_path.read_text().splitlines()) - 1
    assert n_epochs == (5 if early_stopping_epochs is None else 2)

    def kill(*_):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("genrekit.training.trainer.save_weights", kill)
        with pytest.raises(Killed):
            run_once(recipe, tmp_path / "killed")
    resumed = run_once(recipe, tmp_path / "killed")
    assert resumed.metrics_path.read_text() == whole.metrics_path.read_text()
    assert weights_of(resumed) == weights_of(whole)


def test_a_kill_after_the_weights_leaves_no_checkpoint_and_trains_nothing_again(make_recipe, tmp_path, monkeypatch):
    def kill(*_, **__):
        raise Killed

    whole = run_once(make_recipe(), tmp_path / "whole")
    with monkeypatch.context() as patched:
        patched.setattr("genrekit.training.trainer._predict_parts", kill)
        with pytest.raises(Killed):
            run_once(make_recipe(), tmp_path / "killed")
    run = Run.of(make_recipe(), tmp_path / "killed")
    assert not run.done and not run.checkpoints.exists()
    monkeypatch.setattr("genrekit.training.trainer._fit", kill)
    assert run_once(make_recipe(), tmp_path / "killed").done
    assert weights_of(run) == weights_of(whole)
    assert run.predictions_path.read_bytes() == whole.predictions_path.read_bytes()


def test_a_finished_run_is_not_trained_again(make_recipe, tmp_path):
    run = run_once(make_recipe(), tmp_path)
    before = run.weights_path.stat().st_mtime_ns
    time.sleep(0.01)
    assert run_once(make_recipe(), tmp_path).folder == run.folder
    assert run.weights_path.stat().st_mtime_ns == before


def test_a_run_folder_of_another_recipe_is_not_continued(make_recipe, tmp_path):
    run = run_once(make_recipe(), tmp_path)
    changed = make_recipe(model={"name": "res_cnn", "options": {"width": 3}})
    run.folder.rename(Run.of(changed, tmp_path).folder)
    with pytest.raises(RunError, match="another recipe"):
        run_once(changed, tmp_path)


def test_a_run_folder_of_another_split_is_not_continued(make_recipe, tmp_path):
    run = run_once(make_recipe(), tmp_path)
    prepared = prepare(make_recipe(), device=torch.device("cpu"))
    tracks = prepared.split.parts["train"][1:]
    other = replace(prepared.split, parts={**prepared.split.parts, "train": tracks})
    with pytest.raises(RunError, match="another split"):
        run.open(make_recipe(), other, {})


def test_a_run_is_not_continued_with_other_negatives(make_recipe, archive_path, tmp_path):
    recipe = make_recipe(negatives={"share": 0.2})
    prepared = prepare(recipe, device=torch.device("cpu"))
    run = train(prepared, tmp_path / "runs", negatives_root=archive_path)
    known = json.loads((run.folder / "environment.json").read_text())["negatives_sha256"]
    assert known == file_sha256(archive_path)
    train(prepared, tmp_path / "runs", negatives_root=archive_path)
    other = write_archive(tmp_path / "other.npz", seed=1)
    with pytest.raises(RunError, match="with other negatives"):
        train(prepared, tmp_path / "runs", negatives_root=other)
    values = json.loads((run.folder / "environment.json").read_text())
    # Somebody's run of before this was written down goes on.
    del values["negatives_sha256"]
    (run.folder / "environment.json").write_text(json.dumps(values))
    assert train(prepared, tmp_path / "runs", negatives_root=other).folder == run.folder


def test_a_run_is_not_taken_for_one_on_other_data_with_the_same_tracks(make_recipe, archive_path, tmp_path):
    run = run_once(make_recipe(), tmp_path / "runs")
    other = write_archive(tmp_path / "other.npz", seed=1)
    on_other = make_recipe(data={"dataset": "archive", "root": str(other)})
    assert Run.of(on_other, tmp_path / "runs") == run
    with pytest.raises(RunError, match=r"with other data, SHA-256 .* Give it the same data"):
        run_once(on_other, tmp_path / "runs")
    copy = shutil.copy(archive_path, tmp_path / "copy.npz")
    assert run_once(make_recipe(data={"dataset": "archive", "root": str(copy)}), tmp_path / "runs") == run
    values = json.loads((run.folder / "environment.json").read_text())
    # Somebody's run of before this was written down is taken as it is.
    del values["data_sha256"]
    (run.folder / "environment.json").write_text(json.dumps(values))
    assert run_once(on_other, tmp_path / "runs") == run


def test_a_recipe_that_goes_by_validation_needs_a_validation_track(make_recipe, tmp_path):
    split = prepare(make_recipe(), device=torch.device("cpu")).split.to_dict()
    split["parts"]["valid"], split["validation"] = [], "none"
    del split["hash"]
    path = tmp_path / "split.json"
    path.write_text(json.dumps(split))
    with pytest.raises(RecipeError, match="has no validation track, and recipe 'small' stops or keeps weights"):
        prepare(make_recipe(split={"file": str(path)}), device=torch.device("cpu"))
    optimisation = {**make_recipe().optimisation.model_dump(), "keep": "last", "early_stopping_epochs": None}
    assert prepare(make_recipe(split={"file": str(path)}, optimisation=optimisation), device=torch.device("cpu"))


def test_random_crops_are_not_drawn_from_tracks_whose_other_excerpts_are_tested(make_recipe):
    recipe = make_recipe(split={"name": "a_contaminated"}, excerpts={"window_s": 3.0, "hop_s": 1.5, "train": "random"})
    with pytest.raises(DataError, match=r"Set excerpts\.train=grid"):
        prepare(recipe, device=torch.device("cpu"))


def test_archive_cannot_give_another_front_end(make_recipe):
    recipe = make_recipe(features="power_spectrogram_a", augmentation={})
    with pytest.raises(RecipeError, match="is an archive of log-mels"):
        prepare(recipe, device=torch.device("cpu"))


def test_split_with_unknown_tracks_is_refused(make_recipe, tmp_path):
    recipe = make_recipe()
    split = prepare(recipe, device=torch.device("cpu")).split.to_dict()
    split["parts"]["test"][0] = "metal.99999"
    split.pop("hash")
    path = tmp_path / "split.json"
    path.write_text(json.dumps(split))
    with pytest.raises(DataError, match=r"metal\.99999"):
        prepare(make_recipe(split={"file": str(path)}), device=torch.device("cpu"))


def test_leaking_split_is_refused(make_recipe, tmp_path):
    split = prepare(make_recipe(), device=torch.device("cpu")).split.to_dict()
    split["parts"]["test"].append(split["parts"]["train"][0])
    split.pop("hash")
    path = tmp_path / "split.json"
    path.write_text(json.dumps(split))
    with pytest.raises(LeakError, match="refused"):
        prepare(make_recipe(split={"file": str(path)}), device=torch.device("cpu"))


def test_part_without_a_genre_is_refused(make_recipe, tmp_path):
    split = prepare(make_recipe(), device=torch.device("cpu")).split.to_dict()
    split["parts"]["test"] = [track for track in split["parts"]["test"] if not track.startswith("metal")]
    split.pop("hash")
    path = tmp_path / "split.json"
    path.write_text(json.dumps(split))
    with pytest.raises(RecipeError, match="no track of metal"):
        prepare(make_recipe(split={"file": str(path)}), device=torch.device("cpu"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full to stand for a full disk")
def test_full_disk_is_told_and_the_run_can_go_on(make_recipe, tmp_path, monkeypatch):
    prepared = prepare(make_recipe(), device=torch.device("cpu"))
    run = Run.of(make_recipe(), tmp_path)
    run.folder.mkdir(parents=True)
    # The partial file of the weights leads to a device that is always full.
    partial_of(run.weights_path).symlink_to("/dev/full")
    with pytest.raises(Exception, match="No space left") as caught:
        train(prepared, tmp_path)
    assert type(caught.value).__module__ == "genrekit.errors"
    assert not run.done and not run.weights_path.exists()
    assert run_once(make_recipe(), tmp_path).done


def test_negatives_change_the_training_and_need_a_place(make_recipe, tmp_path, archive_path):
    with pytest.raises(RecipeError, match="--negatives"):
        run_once(make_recipe(negatives={"share": 0.25}), tmp_path / "a")
    assert not (tmp_path / "a").exists()
    recipe = make_recipe(negatives={"share": 0.25, "root": str(archive_path)})
    trained = run_once(recipe, tmp_path / "b")
    assert weights_of(trained) != weights_of(run_once(make_recipe(), tmp_path / "c"))
    # What is finished needs them no more.
    assert run_once(make_recipe(negatives={"share": 0.25}), tmp_path / "b").folder == trained.folder


def test_artists_that_are_not_known_cannot_be_balanced(make_recipe, tmp_path):
    optimisation = {"learning_rate": 0.01, "max_epochs": 1, "keep": "last", "artist_balance": 1.0}
    prepared = prepare(make_recipe(augmentation={}, optimisation=optimisation))
    with pytest.raises(RecipeError, match=r"no artist of data set '\w+' is known"):
        train(prepared, tmp_path)
    assert not list(tmp_path.iterdir())
