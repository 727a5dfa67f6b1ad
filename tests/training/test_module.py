"""What of a batch counts in the loss."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from genrekit.models import ModelSpec, create_model
from genrekit.training.batches import TrainingBatch
from genrekit.training.module import GenreModule
from genrekit.training.recipes.groups import Optimisation


class AtEpoch(GenreModule):
    """A module that takes itself to be in a given epoch."""

    epoch = 0

    @property
    def current_epoch(self) -> int:
        return self.epoch


@pytest.fixture
def module() -> AtEpoch:
    network = create_model(ModelSpec("mlp", 2, 57, 1, {"units": 4, "second_units": 4}))
    return AtEpoch(network, Optimisation(learning_rate=1e-3, max_epochs=4, trimmed_share=0.25), seed=0)


def batch_of(targets: torch.Tensor, music: list[bool]) -> TrainingBatch:
    n = len(music)
    return TrainingBatch(torch.zeros(n, 57, 1), targets, torch.ones(n), torch.tensor(music))


def test_what_fits_worst_is_trimmed_from_the_middle_on(module):
    batch = batch_of(torch.eye(2)[torch.tensor([0, 1, 0, 1])], [True] * 4)
    losses = torch.tensor([0.1, 2.0, 0.3, 0.2])
    for epoch, expected in ((1, [1, 1, 1, 1]), (2, [1, 0, 1, 1]), (3, [1, 0, 1, 1])):
        module.epoch = epoch
        assert module._kept(losses, batch).tolist() == expected


def test_what_is_no_music_is_neither_trimmed_nor_counted(module):
    module.epoch = 3
    targets = torch.cat([torch.eye(2)[torch.tensor([0, 1, 0, 1])], torch.full((4, 2), 0.5)])
    losses = torch.tensor([0.1, 0.4, 0.3, 0.2, 9.0, 9.0, 9.0, 9.0])
    assert module._kept(losses, batch_of(targets, [True] * 4 + [False] * 4)).tolist() == [1, 0, 1, 1, 1, 1, 1, 1]


def test_mixed_targets_are_not_taken_for_badly_met(module):
    module.epoch = 3
    targets = torch.tensor([[0.5, 0.5], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    # The first is met exactly: its loss is its entropy, 0.69.
    losses = torch.tensor([0.6931, 0.5, 0.1, 0.1])
    assert module._kept(losses, batch_of(targets, [True] * 4)).tolist() == [1, 0, 1, 1]


def test_the_loss_is_that_of_what_is_kept(module):
    module.epoch = 3
    features = torch.randn(8, 57, 1, generator=torch.Generator().manual_seed(0))
    batch = batch_of(torch.eye(2)[torch.tensor([0, 1] * 4)], [True] * 8)._replace(features=features)
    module.eval()
    losses = F.cross_entropy(module(features), batch.targets, reduction="none").detach()
    assert float(module.training_step(batch, 0).detach()) == pytest.approx(
        float(losses.sort().values[:6].mean()), rel=1e-5
    )
    module.epoch = 0
    assert float(module.training_step(batch, 0).detach()) == pytest.approx(float(losses.mean()), rel=1e-5)


def test_accuracy_is_that_of_music(module, monkeypatch):
    logged = {}
    monkeypatch.setattr(module, "log", lambda name, value, **options: logged.update({name: (float(value), options)}))
    said = torch.tensor([[1.0, 0.0]] * 4 + [[0.0, 1.0]] * 4)
    monkeypatch.setattr(module.network, "forward", lambda features: said)
    targets = torch.cat([torch.eye(2)[torch.tensor([0, 0, 0, 1])], torch.full((4, 2), 0.5)])
    module.training_step(batch_of(targets, [True] * 4 + [False] * 4), 0)
    accuracy, options = logged["train_accuracy"]
    assert (accuracy, options["batch_size"]) == (0.75, 4)
