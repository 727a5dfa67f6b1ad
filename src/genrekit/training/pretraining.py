"""Training without labels before training with them: excerpts of one track shall lie near each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import lightning.pytorch as pl
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genrekit.models import GenreNetwork
from genrekit.training.batches import TrainingBatches, epoch_seed
from genrekit.training.callbacks import MetricsTable, RunCheckpoint
from genrekit.training.fitting import fit, make_trainer
from genrekit.training.preparation import Prepared
from genrekit.training.recipes.groups import Pretraining
from genrekit.training.run import Run

__all__ = ["ContrastModule", "PairBatches", "contrast_loss", "pretrain"]

PROJECTION_SIZE = 128
# Epochs of pretraining must not draw what the epochs with labels draw again.
SEED_OFFSET = 500_009


def contrast_loss(z: Tensor, temperature: float) -> Tensor:
    """Cross entropy of finding an excerpt's other half among all others of the batch (NT-Xent, Chen et al. 2020).

    Parameters
    ----------
    z : projections [2 n, d]; rows i and i + n are of one track
    temperature : that cosines are divided by
    """
    z = F.normalize(z, dim=1)
    n = len(z) // 2
    alike = (z @ z.T / temperature).masked_fill(torch.eye(2 * n, dtype=torch.bool, device=z.device), -torch.inf)
    return F.cross_entropy(alike, torch.arange(2 * n, device=z.device).roll(n))


class PairBatches:
    """One epoch of pairs each time it is iterated: features [2 n, n_bins, n_columns], row i and i + n of one track.

    Parameters
    ----------
    batches : that cut and augment random excerpts
    chosen : says how many tracks a batch has
    seed : of the recipe
    epoch : called at the start of each iteration
    """

    def __init__(self, batches: TrainingBatches, chosen: Pretraining, *, seed: int, epoch: Callable[[], int]) -> None:
        self._batches, self._seed, self._epoch = batches, seed, epoch
        self._size = min(chosen.tracks_per_batch, batches.n_tracks)

    def __len__(self) -> int:
        return self._batches.n_tracks // self._size

    def __iter__(self) -> Iterator[Tensor]:
        generator = torch.Generator().manual_seed(epoch_seed(self._seed + SEED_OFFSET, self._epoch()))
        order = torch.randperm(self._batches.n_tracks, generator=generator)
        for tracks in torch.split(order, self._size)[: len(self)]:
            yield self._batches.views(torch.cat([tracks, tracks]), generator)


class ContrastModule(pl.LightningModule):
    """Trains a network's embedding, through a projection that is thrown away afterwards, and logs `contrast_loss`."""

    def __init__(self, network: GenreNetwork, chosen: Pretraining, *, weight_decay: float, seed: int) -> None:
        super().__init__()
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        size = network.embedding_size
        self._projection = nn.Sequential(nn.Linear(size, size), nn.ReLU(), nn.Linear(size, PROJECTION_SIZE))
        self._chosen, self._weight_decay, self._seed = chosen, weight_decay, seed

    def on_train_epoch_start(self) -> None:
        torch.manual_seed(epoch_seed(self._seed + SEED_OFFSET, self.current_epoch) + 1)

    def training_step(self, features: Tensor, batch_idx: int) -> Tensor:
        z = self._projection(self.network.forward_features(features))
        # In bfloat16 cosines near 1 would have steps of 0.004.
        with torch.autocast(z.device.type, enabled=False):
            loss = contrast_loss(z.float(), self._chosen.temperature)
        self.log("contrast_loss", loss, on_step=False, on_epoch=True, batch_size=len(features))
        return loss

    def configure_optimizers(self) -> Any:
        rate = self._chosen.learning_rate
        optimizer = torch.optim.AdamW(self.parameters(), lr=rate, weight_decay=self._weight_decay, fused=True)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=rate, total_steps=int(self.trainer.estimated_stepping_batches)
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def pretrain(
    network: GenreNetwork, batches: TrainingBatches, prepared: Prepared, run: Run, *, watchers: Sequence[pl.Callback]
) -> None:
    """Change a network's weights by the training part's sounds alone, or go on where a killed run stopped."""
    recipe = prepared.recipe
    chosen, optimisation = recipe.pretraining, recipe.optimisation
    assert chosen is not None and optimisation is not None
    module = ContrastModule(network, chosen, weight_decay=optimisation.weight_decay, seed=recipe.seed)
    log = MetricsTable(run.pretraining_metrics_path, ("contrast_loss",))
    kept = RunCheckpoint(run.checkpoints, run.pretraining_checkpoint.stem, save_on_train_epoch_end=True)
    trainer = make_trainer(prepared, run, max_epochs=chosen.epochs, callbacks=[log, *watchers, kept])
    pairs = PairBatches(batches, chosen, seed=recipe.seed, epoch=lambda: trainer.current_epoch)
    fit(trainer, module, pairs, None, checkpoint=run.pretraining_checkpoint)
