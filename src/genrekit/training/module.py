"""The Lightning module: one network, soft targets, scores per excerpt and per track."""

from __future__ import annotations

from typing import Any

import lightning.pytorch as pl
import torch
import torch.nn.functional as F
from torch import Tensor

from genrekit.models import GenreNetwork
from genrekit.training.batches import EvaluationBatch, TrainingBatch, epoch_seed
from genrekit.training.recipes.groups import Optimisation

__all__ = ["GenreModule"]

ONE_CYCLE_WARM_UP = 0.2


class GenreModule(pl.LightningModule):
    """Trains a network as the recipe says and logs, per epoch, `train_*` and `valid_*` loss and accuracy.

    `valid_file_accuracy` is that of the mean probabilities of each track's excerpts (fusion by mean).
    """

    def __init__(self, network: GenreNetwork, optimisation: Optimisation, *, seed: int) -> None:
        super().__init__()
        # Only four-dimensional weights change their layout; convolutions on a CPU run faster in it.
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._optimisation = optimisation
        self._seed = seed
        self._validated: list[tuple[Tensor, Tensor, Tensor]] = []

    def forward(self, features: Tensor) -> Tensor:
        """Features [batch, n_bins, n_columns] -> logits [batch, n_genres]."""
        logits: Tensor = self.network(features)
        return logits

    def on_train_epoch_start(self) -> None:
        # Dropout draws from the global generator: an epoch's draws must not depend on what ran before it.
        torch.manual_seed(epoch_seed(self._seed, self.current_epoch) + 1)

    def training_step(self, batch: TrainingBatch, batch_idx: int) -> Tensor:
        logits = self(batch.features).float()
        losses = F.cross_entropy(logits, batch.targets, reduction="none")
        weights = batch.weights * self._kept(losses.detach(), batch)
        loss = (losses * weights).sum() / weights.sum()
        hit = (logits.argmax(1) == batch.targets.argmax(1)).float()[batch.music]
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(logits))
        self.log("train_accuracy", hit.mean(), on_step=False, on_epoch=True, batch_size=len(hit))
        return loss

    def _kept(self, losses: Tensor, batch: TrainingBatch) -> Tensor:
        """1 for what counts, 0 for the excerpts of music that are farthest from their targets, and trimmed [batch]."""
        kept = torch.ones_like(losses)
        n_trimmed = round(self._optimisation.trimmed_share * int(batch.music.sum()))
        if n_trimmed and self.current_epoch >= self._optimisation.max_epochs // 2:
            # Mixed targets have a loss of their own, their entropy, however well they are met.
            distance = losses - torch.special.entr(batch.targets).sum(1)
            worst = distance.masked_fill(~batch.music, -torch.inf).topk(n_trimmed).indices
            kept[worst] = 0
        return kept

    def validation_step(self, batch: EvaluationBatch, batch_idx: int) -> None:
        self._validated.append((self(batch.features).float().log_softmax(1), batch.labels, batch.rows))

    def on_validation_epoch_end(self) -> None:
        log_p, labels, rows = (torch.cat(column) for column in zip(*self._validated, strict=True))
        self._validated.clear()
        tracks, place = torch.unique(rows, return_inverse=True)
        p_sum = torch.zeros(len(tracks), log_p.shape[1], device=log_p.device).index_add_(0, place, log_p.exp())
        track_label = torch.zeros_like(tracks).scatter_(0, place, labels)
        self.log("valid_loss", F.nll_loss(log_p, labels))
        self.log("valid_accuracy", (log_p.argmax(1) == labels).float().mean())
        self.log("valid_file_accuracy", (p_sum.argmax(1) == track_label).float().mean())

    def configure_optimizers(self) -> Any:
        o = self._optimisation
        kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[o.optimizer]
        # Fused: one pass over the parameters instead of a dozen; a tenth of a step of report B's networks.
        optimizer = kind(self.network.parameters(), lr=o.learning_rate, weight_decay=o.weight_decay, fused=True)
        steps = int(self.trainer.estimated_stepping_batches)
        if o.schedule == "constant":
            return optimizer
        if o.schedule == "one_cycle":
            schedule: torch.optim.lr_scheduler.LRScheduler = torch.optim.lr_scheduler.OneCycleLR(
                optimizer, max_lr=o.learning_rate, total_steps=steps, pct_start=ONE_CYCLE_WARM_UP
            )
        else:
            steps_per_epoch = max(1, steps // o.max_epochs)
            schedule = torch.optim.lr_scheduler.LambdaLR(
                optimizer, lambda step: 1 - 0.9 * min(1.0, step // steps_per_epoch / o.max_epochs)
            )
        # Stepped per batch, also where the rate changes per epoch: what is stepped after an epoch's checkpoint is lost
        # to a resumed run.
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
