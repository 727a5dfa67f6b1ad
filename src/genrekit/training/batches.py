"""Batches, cut and augmented as whole tensors on the model's device; every draw follows from the seed and the epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from genrekit.errors import RecipeError
from genrekit.features.augmentation import (
    BandLimit,
    CellJitter,
    CutMix,
    Equaliser,
    FrequencyMask,
    FrequencyMixStyle,
    Mixup,
    NarrowBand,
    NoiseFloor,
    RepeatedStart,
    TimeMask,
    TimeStretchPitchShift,
)
from genrekit.features.random_draws import uniform
from genrekit.features.spec import FEATURES, FeatureSpec
from genrekit.features.waveform_augmentation import RandomGain, WhiteNoise
from genrekit.training.excerpts import ExcerptTable
from genrekit.training.recipe import Recipe
from genrekit.training.recipe_groups import Augmentation
from genrekit.training.sources import Source
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
        self._crop_steps = source.steps(recipe.excerpts.crop_s or recipe.excerpts.window_s)
        self._random = recipe.excerpts.train == "random"
        if self._random:
            track_rows, first = torch.unique(table.rows, return_inverse=True)
            labels = torch.zeros_like(track_rows).scatter_(0, first, table.labels)
            crops = recipe.excerpts.crops_per_track
            self._rows, self._labels = track_rows.repeat(crops), labels.repeat(crops)
            self._starts = None
        else:
            self._rows, self._labels, self._starts = table.rows, table.labels, table.starts
        augmentation = recipe.augmentation
        self._warp = (
            TimeStretchPitchShift(augmentation.max_stretch, augmentation.max_shift_bins)
            if augmentation.max_stretch or augmentation.max_shift_bins
            else None
        )

    def __len__(self) -> int:
        n, size = len(self._rows), self._optimisation.batch_size
        # Batch normalisation cannot use a batch of one; random crops differ each epoch, so that a part batch may go.
        full, rest = divmod(n, size)
        return max(1, full) if self._random or rest < 2 else full + 1

    def __iter__(self) -> Iterator[TrainingBatch]:
        epoch = self._epoch()
        generator = torch.Generator().manual_seed(epoch_seed(self._recipe.seed, epoch))
        device = self._rows.device
        augmentation = self._recipe.augmentation
        if epoch >= self._optimisation.max_epochs - augmentation.plain_last_epochs:
            augmentation = augmentation.plain
        order = torch.randperm(len(self._rows), generator=generator).to(device)
        for index in torch.split(order, self._optimisation.batch_size)[: len(self)]:
            yield self._make(index, augmentation, generator)

    @property
    def n_tracks(self) -> int:
        """Tracks that random excerpts are drawn from."""
        return len(torch.unique(self._rows))

    def views(self, tracks: Tensor, generator: torch.Generator) -> Tensor:
        """Features [n, n_bins, n_columns] of random excerpts, augmented; `tracks` [n] are numbers below `n_tracks`."""
        # Random excerpts have all tracks once, then all once more, and so on.
        assert self._random
        index = tracks.to(self._rows.device)
        return self._augmented(self._cut(index, generator), self._recipe.augmentation, generator)

    def _make(self, index: Tensor, augmentation: Augmentation, generator: torch.Generator) -> TrainingBatch:
        recipe = self._recipe
        targets = F.one_hot(self._labels[index], self._n_genres).float()
        smoothing = self._optimisation.label_smoothing
        targets = targets * (1 - smoothing) + smoothing / self._n_genres
        features = self._augmented(self._cut(index, generator), augmentation, generator)
        if augmentation.mixup_alpha:
            features, targets = Mixup(augmentation.mixup_alpha)(features, targets, generator)
        if augmentation.cutmix_alpha:
            features, targets = CutMix(augmentation.cutmix_alpha)(features, targets, generator)
        if self._teachers is not None:
            targets = self._teachers.targets(features, targets)
        weights = torch.ones(len(index), device=features.device)
        if self._track_weights is not None:
            weights = self._track_weights.to(weights.device)[self._rows[index]]
        music = torch.ones(len(index), dtype=torch.bool, device=features.device)
        if self._negatives is not None and recipe.negatives is not None:
            count = max(1, round(len(index) * recipe.negatives.share))
            cut = self._random_cut(self._negatives, None, count, generator)
            features = torch.cat([features, self._augmented(cut, augmentation, generator)])
            undecided = torch.full((count, self._n_genres), 1 / self._n_genres, device=targets.device)
            targets = torch.cat([targets, undecided])
            weights = torch.cat([weights, torch.full((count,), recipe.negatives.weight, device=weights.device)])
            music = torch.cat([music, torch.zeros(count, dtype=torch.bool, device=music.device)])
        return TrainingBatch(features, targets, weights, music)

    def _cut(self, index: Tensor, generator: torch.Generator) -> Tensor:
        """Excerpts as they come from the source, wide enough for the warp if there is one."""
        if self._starts is None:
            return self._random_cut(self._source, self._rows[index], len(index), generator)
        wide = self._wide_steps
        starts = (self._starts[index] - (wide - self._crop_steps) // 2).clamp_min(0)
        return self._source.cut(self._rows[index], starts, wide)

    def _random_cut(self, source: Source, rows: Tensor | None, count: int, generator: torch.Generator) -> Tensor:
        """`count` excerpts at random places of the tracks `rows`, or of random tracks."""
        device = source.n_steps.device
        if rows is None:
            rows = torch.randint(len(source.n_steps), (count,), generator=generator).to(device)
        wide = self._wide_steps
        span_s = self._recipe.excerpts.span_s
        lengths = source.n_steps[rows]
        if span_s is not None:
            lengths = lengths.clamp_max(source.steps(span_s))
        room = (lengths - wide + 1).clamp_min(1)
        starts = (torch.rand(count, generator=generator).to(device) * room).long()
        return source.cut(rows, starts, wide)

    @property
    def _wide_steps(self) -> int:
        return self._warp.wide_columns(self._crop_steps) if self._warp else self._crop_steps

    def _augmented(self, cut: Tensor, augmentation: Augmentation, generator: torch.Generator) -> Tensor:
        """Features of a cut, with all of the augmentation but mixup and cutmix."""
        if augmentation.gain_db is not None:
            cut = RandomGain(*augmentation.gain_db, augmentation.gain_probability)(cut, generator)
        if augmentation.noise_snr_db is not None:
            cut = WhiteNoise(*augmentation.noise_snr_db, augmentation.noise_probability)(cut, generator)
        share = augmentation.share
        if self._warp:
            warped = self._warp(cut, self._crop_steps, generator)
            # A window of the grid has the columns that the warp may need on both sides.
            first = 0 if self._starts is None else (self._wide_steps - self._crop_steps) // 2
            cut = _some(warped, cut[:, :, first : first + self._crop_steps], share, generator)
        if augmentation.mix_style_probability:
            cut = FrequencyMixStyle(augmentation.mix_style_probability)(cut, generator)
        if augmentation.equaliser_max_gain_db:
            cut = _some(Equaliser(augmentation.equaliser_max_gain_db)(cut, generator), cut, share, generator)
        if augmentation.band_limit_min_bin is not None:
            limit = BandLimit(
                augmentation.band_limit_min_bin,
                augmentation.band_limit_probability,
                augmentation.band_limit_max_low_bin,
            )
            cut = limit(cut, generator)
        if augmentation.narrow_band_probability:
            narrow = NarrowBand(
                augmentation.narrow_band_low_bins,
                augmentation.narrow_band_high_bins,
                augmentation.narrow_band_probability,
            )
            cut = narrow(cut, generator)
        if augmentation.cell_jitter_max_db:
            cut = _some(CellJitter(augmentation.cell_jitter_max_db)(cut, generator), cut, share, generator)
        if augmentation.noise_floor_max_db is not None:
            floored = NoiseFloor(max_level_db=augmentation.noise_floor_max_db)(cut, generator)
            cut = _some(floored, cut, share, generator)
        if augmentation.repeated_start_min_s is not None:
            least = self._source.steps(augmentation.repeated_start_min_s)
            cut = RepeatedStart(least, augmentation.repeated_start_probability)(cut, generator)
        features = self._source.features(cut)
        fill = 0.0 if FEATURES[self._recipe.features].scale == "linear" else None
        if augmentation.time_mask_fraction:
            features = TimeMask(augmentation.time_mask_fraction, fill)(features, generator)
        if augmentation.frequency_mask_bins:
            features = FrequencyMask(augmentation.frequency_mask_bins, fill)(features, generator)
        return features


def _some(changed: Tensor, plain: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """`changed` for `share` of the items, drawn one by one, and `plain` for the rest."""
    if share == 1:
        return changed
    chosen = uniform(len(plain), 0, 1, plain, generator) < share
    return torch.where(chosen[:, None, None], changed, plain)
