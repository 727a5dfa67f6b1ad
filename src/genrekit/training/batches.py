"""Batches, cut and augmented as whole tensors on the model's device; every draw follows from the seed and the epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from genrekit.errors import RecipeError
from genrekit.features.spec import FeatureSpec
from genrekit.training.material.augmenting import Augmenter
from genrekit.training.material.excerpts import ExcerptTable
from genrekit.training.material.sources import Source
from genrekit.training.recipes.groups import Augmentation
from genrekit.training.recipes.recipe import Recipe
from genrekit.training.teachers import Teachers

__all__ = [
    "EvaluationBatch",
    "EvaluationBatches",
    "TrainingBatch",
    "TrainingBatches",
    "epoch_seed",
    "evaluation_batch_size",
]

MAX_EVALUATION_BATCH = 128
# 32 excerpts of 3 s as power spectrograms, and all 128 of 10 s of the archive.
EVALUATION_CELLS = 2_200_000


class TrainingBatch(NamedTuple):
    """features [batch, n_bins, n_columns]; targets [batch, n_genres] that sum to 1; weights [batch] of the loss; music
    [batch], false for sounds that are none.
    """

    features: Tensor
    targets: Tensor
    weights: Tensor
    music: Tensor


class EvaluationBatch(NamedTuple):
    """features [batch, n_bins, n_columns]; labels [batch]; rows [batch], the tracks."""

    features: Tensor
    labels: Tensor
    rows: Tensor


def epoch_seed(seed: int, epoch: int) -> int:
    """A seed for one epoch: resuming at an epoch needs no stored state of any generator."""
    return (seed * 1_000_003 + epoch * 7919 + 17) % 2**63


def evaluation_batch_size(spec: FeatureSpec, window_s: float) -> int:
    """Excerpts that are evaluated at once: as many as have `EVALUATION_CELLS` cells of features, 1 to 128.

    The first layers' maps in float32 are many times the features. 128 excerpts of 513 x 130 took 1.9 GB in the SE-CNN;
    32 take 0.5 GB, less time, and give the same bits.
    """
    cells = spec.n_bins * spec.n_columns(round(window_s * spec.sr))
    return max(1, min(MAX_EVALUATION_BATCH, EVALUATION_CELLS // max(1, cells)))


@dataclass(frozen=True)
class EvaluationBatches:
    """All excerpts of a table in order, without augmentation."""

    source: Source
    table: ExcerptTable
    window_steps: int
    batch_size: int

    def __len__(self) -> int:
        return -(-len(self.table) // self.batch_size)

    def __iter__(self) -> Iterator[EvaluationBatch]:
        for index in torch.split(torch.arange(len(self.table), device=self.table.rows.device), self.batch_size):
            cut = self.source.cut(self.table.rows[index], self.table.starts[index], self.window_steps)
            yield EvaluationBatch(self.source.features(cut), self.table.labels[index], self.table.rows[index])


class TrainingBatches:
    """One epoch of training excerpts each time it is iterated; `epoch` tells which.

    Parameters
    ----------
    source : of the training data
    table : the training part's excerpts
    recipe : decides sizes and augmentation
    n_genres : length of the targets
    epoch : called at the start of each iteration
    negatives : source of sounds that are no music, if the recipe asks for them
    teachers : whose answers to the music of a batch, as augmented and mixed, are its targets
    track_weights : of the data set's tracks in the loss [n_tracks]; None weighs all alike
    """

    def __init__(
        self,
        source: Source,
        table: ExcerptTable,
        recipe: Recipe,
        *,
        n_genres: int,
        epoch: Callable[[], int],
        negatives: Source | None = None,
        teachers: Teachers | None = None,
        track_weights: Tensor | None = None,
    ) -> None:
        if recipe.optimisation is None:
            raise RecipeError(
                f"Recipe {recipe.name!r} is an ensemble; its members are trained, each on batches of its own."
            )
        self._optimisation = recipe.optimisation
        self._source, self._recipe, self._epoch, self._negatives = source, recipe, epoch, negatives
        self._teachers, self._track_weights = teachers, track_weights
        self._n_genres = n_genres
        self._random = recipe.excerpts.train == "random"
        if self._random:
            track_rows, first = torch.unique(table.rows, return_inverse=True)
            labels = torch.zeros_like(track_rows).scatter_(0, first, table.labels)
            crops = recipe.excerpts.crops_per_track
            self._rows, self._labels = track_rows.repeat(crops), labels.repeat(crops)
            self._starts = None
        else:
            self._rows, self._labels, self._starts = table.rows, table.labels, table.starts
        self._augmenter = self._augmenter_of(recipe.augmentation)
        self._plain_augmenter = self._augmenter_of(recipe.augmentation.plain)

    def __len__(self) -> int:
        n, size = len(self._rows), self._optimisation.batch_size
        # Batch normalisation cannot use a batch of one; random crops differ each epoch, so that a part batch may go.
        full, rest = divmod(n, size)
        return max(1, full) if self._random or rest < 2 else full + 1

    def __iter__(self) -> Iterator[TrainingBatch]:
        epoch = self._epoch()
        generator = torch.Generator().manual_seed(epoch_seed(self._recipe.seed, epoch))
        device = self._rows.device
        ends_plain = epoch >= self._optimisation.max_epochs - self._recipe.augmentation.plain_last_epochs
        augmenter = self._plain_augmenter if ends_plain else self._augmenter
        order = torch.randperm(len(self._rows), generator=generator).to(device)
        for index in torch.split(order, self._optimisation.batch_size)[: len(self)]:
            yield self._make(index, augmenter, generator)

    @property
    def n_tracks(self) -> int:
        """Tracks that random excerpts are drawn from."""
        return len(torch.unique(self._rows))

    def views(self, tracks: Tensor, generator: torch.Generator) -> Tensor:
        """Features [n, n_bins, n_columns] of random excerpts, augmented; `tracks` [n] are numbers below `n_tracks`."""
        # Random excerpts have all tracks once, then all once more, and so on.
        assert self._random
        index = tracks.to(self._rows.device)
        return self._features(self._cut(index, generator), self._augmenter, generator)

    def _augmenter_of(self, augmentation: Augmentation) -> Augmenter:
        excerpts, spec = self._recipe.excerpts, self._recipe.front_end
        return Augmenter(augmentation, self._source, spec, crop_s=excerpts.crop_s or excerpts.window_s)

    def _make(self, index: Tensor, augmenter: Augmenter, generator: torch.Generator) -> TrainingBatch:
        recipe = self._recipe
        targets = F.one_hot(self._labels[index], self._n_genres).float()
        smoothing = self._optimisation.label_smoothing
        targets = targets * (1 - smoothing) + smoothing / self._n_genres
        features = self._features(self._cut(index, generator), augmenter, generator)
        features, targets = augmenter.mixed(features, targets, generator)
        if self._teachers is not None:
            targets = self._teachers.targets(features, targets)
        weights = torch.ones(len(index), device=features.device)
        if self._track_weights is not None:
            weights = self._track_weights.to(weights.device)[self._rows[index]]
        music = torch.ones(len(index), dtype=torch.bool, device=features.device)
        if self._negatives is not None and recipe.negatives is not None:
            count = max(1, round(len(index) * recipe.negatives.share))
            cut = self._random_cut(self._negatives, None, count, generator)
            features = torch.cat([features, self._features(cut, augmenter, generator)])
            undecided = torch.full((count, self._n_genres), 1 / self._n_genres, device=targets.device)
            targets = torch.cat([targets, undecided])
            weights = torch.cat([weights, torch.full((count,), recipe.negatives.weight, device=weights.device)])
            music = torch.cat([music, torch.zeros(count, dtype=torch.bool, device=music.device)])
        return TrainingBatch(features, targets, weights, music)

    def _cut(self, index: Tensor, generator: torch.Generator) -> Tensor:
        """Excerpts as they come from the source, wide enough for the warp if there is one."""
        if self._starts is None:
            return self._random_cut(self._source, self._rows[index], len(index), generator)
        starts = (self._starts[index] - self._augmenter.margin_steps).clamp_min(0)
        return self._source.cut(self._rows[index], starts, self._augmenter.wide_steps)

    def _features(self, cut: Tensor, augmenter: Augmenter, generator: torch.Generator) -> Tensor:
        # A window of the grid has the columns that the warp may need on both sides.
        first = 0 if self._starts is None else augmenter.margin_steps
        return augmenter.features(cut, first=first, generator=generator)

    def _random_cut(self, source: Source, rows: Tensor | None, count: int, generator: torch.Generator) -> Tensor:
        """`count` excerpts at random places of the tracks `rows`, or of random tracks."""
        device = source.n_steps.device
        if rows is None:
            rows = torch.randint(len(source.n_steps), (count,), generator=generator).to(device)
        wide = self._augmenter.wide_steps
        span_s = self._recipe.excerpts.span_s
        lengths = source.n_steps[rows]
        if span_s is not None:
            lengths = lengths.clamp_max(source.steps(span_s))
        room = (lengths - wide + 1).clamp_min(1)
        starts = (torch.rand(count, generator=generator).to(device) * room).long()
        return source.cut(rows, starts, wide)
