"""A recipe's augmentation as it is done to a batch: each change once, in this order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

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
from genrekit.features.spec import FeatureSpec
from genrekit.features.waveform_augmentation import RandomGain, WhiteNoise
from genrekit.training.material.sources import Source
from genrekit.training.recipes.groups import Augmentation

__all__ = ["Augmenter"]

Change = Callable[[Tensor, torch.Generator], Tensor]


class Augmenter:
    """What is done to cuts of a source, before and after they become features, and to batches of features.

    Parameters
    ----------
    augmentation : what is asked for
    source : that the cuts are of
    spec : of the features; a masked cell of linear ones is 0, of others the mean of its excerpt
    crop_s : seconds of the features
    """

    def __init__(self, augmentation: Augmentation, source: Source, spec: FeatureSpec, *, crop_s: float) -> None:
        self._source, self._share = source, augmentation.share
        self._crop_steps = source.steps(crop_s)
        self._warp = (
            TimeStretchPitchShift(augmentation.max_stretch, augmentation.max_shift_bins)
            if augmentation.max_stretch or augmentation.max_shift_bins
            else None
        )
        self._of_waveforms = list(_of_waveforms(augmentation))
        self._of_log_mels = list(_of_log_mels(augmentation, source))
        self._masks = list(_masks(augmentation, 0.0 if spec.scale == "linear" else None))
        self._mixes = list(_mixes(augmentation))

    @property
    def wide_steps(self) -> int:
        """How wide a cut must be: as the crop, and as much wider as a stretch may need."""
        return self._warp.wide_columns(self._crop_steps) if self._warp else self._crop_steps

    @property
    def margin_steps(self) -> int:
        """What a cut has on the left of its excerpt, where the excerpt has a place of its own."""
        return (self.wide_steps - self._crop_steps) // 2

    def features(self, cut: Tensor, *, first: int, generator: torch.Generator) -> Tensor:
        """Features [batch, n_bins, n_columns] of cuts `wide_steps` wide, changed before and masked after.

        `first` is where the excerpt begins in a cut that is not warped.
        """
        for change in self._of_waveforms:
            cut = change(cut, generator)
        if self._warp:
            warped = self._warp(cut, self._crop_steps, generator)
            cut = _some(warped, cut[:, :, first : first + self._crop_steps], self._share, generator)
        for change in self._of_log_mels:
            cut = change(cut, generator)
        features = self._source.features(cut)
        for mask in self._masks:
            features = mask(features, generator)
        return features

    def mixed(self, features: Tensor, targets: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """A batch of which excerpts, and their targets with them, are mixed with each other."""
        for mix in self._mixes:
            features, targets = mix(features, targets, generator)
        return features, targets


def _of_waveforms(asked: Augmentation) -> Iterator[Change]:
    if asked.gain_db is not None:
        yield RandomGain(*asked.gain_db, asked.gain_probability)
    if asked.noise_snr_db is not None:
        yield WhiteNoise(*asked.noise_snr_db, asked.noise_probability)


def _of_log_mels(asked: Augmentation, source: Source) -> Iterator[Change]:
    if asked.mix_style_probability:
        yield FrequencyMixStyle(asked.mix_style_probability)
    if asked.equaliser_max_gain_db:
        yield _sometimes(Equaliser(asked.equaliser_max_gain_db), asked.share)
    if asked.band_limit_min_bin is not None:
        yield BandLimit(asked.band_limit_min_bin, asked.band_limit_probability, asked.band_limit_max_low_bin)
    if asked.narrow_band_probability:
        yield NarrowBand(asked.narrow_band_low_bins, asked.narrow_band_high_bins, asked.narrow_band_probability)
    if asked.cell_jitter_max_db:
        yield _sometimes(CellJitter(asked.cell_jitter_max_db), asked.share)
    if asked.noise_floor_max_db is not None:
        yield _sometimes(NoiseFloor(max_level_db=asked.noise_floor_max_db), asked.share)
    if asked.repeated_start_min_s is not None:
        yield RepeatedStart(source.steps(asked.repeated_start_min_s), asked.repeated_start_probability)


def _masks(asked: Augmentation, fill: float | None) -> Iterator[Change]:
    if asked.time_mask_fraction:
        yield TimeMask(asked.time_mask_fraction, fill)
    if asked.frequency_mask_bins:
        yield FrequencyMask(asked.frequency_mask_bins, fill)


def _mixes(asked: Augmentation) -> Iterator[Mixup | CutMix]:
    if asked.mixup_alpha:
        yield Mixup(asked.mixup_alpha)
    if asked.cutmix_alpha:
        yield CutMix(asked.cutmix_alpha)


def _sometimes(change: Change, share: float) -> Change:
    """The change, for `share` of the items."""
    return lambda x, generator: _some(change(x, generator), x, share, generator)


def _some(changed: Tensor, plain: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """`changed` for `share` of the items, drawn one by one, and `plain` for the rest."""
    if share == 1:
        return changed
    chosen = uniform(len(plain), 0, 1, plain, generator) < share
    return torch.where(chosen[:, None, None], changed, plain)
