"""Pretraining brings excerpts of a track together, by sounds of the training part alone, and can be killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import lightning.pytorch as pl
import pytest
import torch
import torch.nn.functional as F

from genrekit.errors import RecipeError
from genrekit.models import create_model, load_weights
from genrekit.training.batches import TrainingBatches
from genrekit.training.preparation import header_of, prepare
from genrekit.training.pretraining import PairBatches, contrast_loss
from genrekit.training.recipes.groups import Pretraining
from genrekit.training.run import Run
from genrekit.training.trainer import train


def prepared_by(recipe):
    return prepare(recipe, device=torch.device("cpu"))


def pairs_of(recipe, *, epoch: int = 0, tracks_per_batch: int = 4) -> PairBatches:
    prepared = prepared_by(recipe)
    batches = TrainingBatches(prepared.source, prepared.tables["train"], recipe, n_genres=3, epoch=lambda: 0)
    chosen = Pretraining(epochs=1, tracks_per_batch=tracks_per_batch)
    return PairBatches(batches, chosen, seed=recipe.seed, epoch=lambda: epoch)


def test_the_loss_is_the_cross_entropy_of_the_other_half() -> None:
    z = torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0], [0.0, 1.0]])
    half = 0.5**0.5
    cosines = [[0.0, half, 0.0], [0.0, half, 1.0], [half, half, half], [0.0, 1.0, half]]
    # Of each row the cosines to all others, in their order; the other half of 0, 1, 2, 3 is 2, 3, 0, 1.
    expected = torch.stack(
        [
            F.cross_entropy(torch.tensor(row) / 0.5, torch.tensor(k))
            for row, k in zip(cosines, (1, 2, 0, 1), strict=True)
        ]
    ).mean()
    assert contrast_loss(z, 0.5).item() == pytest.approx(expected.item(), abs=1e-6)


def test_halves_that_agree_are_better_than_halves_that_do_not() -> None:
    z = torch.randn(8, 16, generator=torch.Generator().manual_seed(0))
    assert contrast_loss(torch.cat([z, z]), 0.1) < contrast_loss(torch.cat([z, z.roll(1, 0)]), 0.1)


def test_a_pair_is_two_excerpts_of_one_track_and_an_epoch_has_no_track_twice(make_recipe) -> None:
    recipe = make_recipe(augmentation={}, excerpts={"window_s": 3.0, "hop_s": 3.0, "train": "random"})
    pairs = pairs_of(recipe)
    prepared = prepared_by(recipe)
    rows = torch.unique(prepared.tables["train"].rows)
    source = prepared.source
    whole = source.features(source.cut(rows, torch.zeros_like(rows), int(source.n_steps.min())))
    met = []
    for features in pairs:
        n = len(features) // 2
        # Excerpts that are not augmented begin with a column of their track.
        begins = (whole[None] == features[:, None, :, :1]).all(2).any(2)
        assert (begins.sum(1) == 1).all()
        track = begins.int().argmax(1)
        assert torch.equal(track[:n], track[n:])
        assert not torch.equal(features[:n], features[n:])
        met += track[:n].tolist()
    assert len(met) == len(pairs) * 4 == len(set(met))
    assert len(rows) - len(met) < 4


def test_epochs_differ_and_one_epoch_is_always_the_same(make_recipe) -> None:
    first, again, later = (torch.cat(list(pairs_of(make_recipe(), epoch=epoch))) for epoch in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, later)


def test_fewer_tracks_than_a_batch_are_one_batch(make_recipe) -> None:
    pairs = pairs_of(make_recipe(), tracks_per_batch=1000)
    assert len(pairs) == len(list(pairs)) == 1


def test_pretraining_changes_the_weights_and_lowers_the_loss_before_any_label(make_recipe, tmp_path: Path) -> None:
    seen: list[float] = []

    class Losses(pl.Callback):
        def on_train_epoch_end(self, trainer, pl_module):
            if "contrast_loss" in trainer.callback_metrics:
                seen.append(float(trainer.callback_metrics["contrast_loss"]))

    chosen = {"epochs": 12, "tracks_per_batch": 16, "learning_rate": 0.01}
    # A rate at which the labels move nothing.
    still = {**make_recipe().optimisation.model_dump(), "learning_rate": 1e-12, "max_epochs": 1, "weight_decay": 0.0}
    recipe = make_recipe(pretraining=chosen, optimisation=still)
    run = train(prepared_by(recipe), tmp_path, watchers=[Losses()])
    assert len(seen) == 12 and seen[-1] < seen[0]
    trained, _ = load_weights(run.weights_path)
    torch.manual_seed(recipe.seed)
    fresh = create_model(header_of(recipe, prepared_by(recipe).dataset.genres).model)
    moved = {
        name for (name, a), (_, b) in zip(fresh.named_parameters(), trained.named_parameters(), strict=True)
        if not torch.allclose(a, b, atol=1e-6)
    }  # fmt: skip
    head = {name for name, _ in fresh.named_parameters() if name.startswith("classifier")}
    assert head and moved and not moved & head


KILLED = """
import os, signal, sys
import torch
from pathlib import Path
from genrekit.training import pretraining
from genrekit.training.recipes.recipe import load_recipe
from genrekit.training.preparation import prepare
from genrekit.training.trainer import train

torch.set_num_threads(1)
begin = pretraining.ContrastModule.on_train_epoch_start
def die(self):
    if self.current_epoch == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    begin(self)
pretraining.ContrastModule.on_train_epoch_start = die
train(prepare(load_recipe(Path(sys.argv[1])), device=torch.device("cpu")), Path(sys.argv[2]))
"""


def test_killed_while_pretraining_it_ends_with_the_same_weights(make_recipe, tmp_path: Path) -> None:
    recipe = make_recipe(pretraining={"epochs": 4, "tracks_per_batch": 8})
    whole = train(prepared_by(recipe), tmp_path / "whole")
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe.to_yaml())
    killed = subprocess.run([sys.executable, "-c", KILLED, path, tmp_path / "killed"], check=False)
    assert killed.returncode == -signal.SIGKILL
    run = Run.of(recipe, tmp_path / "killed")
    assert run.pretraining_checkpoint.is_file() and not run.last_checkpoint.exists()
    resumed = train(prepared_by(recipe), tmp_path / "killed")
    assert resumed.weights_path.read_bytes() == whole.weights_path.read_bytes()


def test_windows_of_a_grid_are_refused(make_recipe) -> None:
    with pytest.raises(RecipeError, match=r"excerpts\.train=random"):
        make_recipe(pretraining={"epochs": 1}, excerpts={"window_s": 3.0, "hop_s": 3.0})


def test_it_is_another_recipe_and_none_is_the_old_one(make_recipe) -> None:
    assert make_recipe().hash == make_recipe(pretraining=None).hash != make_recipe(pretraining={"epochs": 1}).hash
