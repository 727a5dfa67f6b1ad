"""Augmentation of batches of spectrograms: whole tensors on the model's device, one draw per item.

Each augmentation is a frozen dataclass: its fields say how much; called with a generator, it draws and applies. All
take and give ``[batch, n_bins, n_columns]``, in dB unless they say otherwise, and leave their input untouched. Used in
training only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from genrekit.features.random_draws import beta, uniform

__all__ = [
    "BandLimit",
    "CellJitter",
    "CutMix",
    "Equaliser",
    "FrequencyMask",
    "FrequencyMixStyle",
    "Mixup",
    "NarrowBand",
    "NoiseFloor",
    "RepeatedStart",
    "TimeMask",
    "TimeStretchPitchShift",
]


def _band_mask(lengths: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """One band per item of the given lengths at a random place: bool [batch, size], True inside the band."""
    places = torch.rand(len(lengths), generator=generator, device=generator.device).to(lengths.device)
    starts = (places * (size - lengths + 1)).floor()
    position = torch.arange(size, device=lengths.device)
    return (position >= starts[:, None]) & (position < (starts + lengths)[:, None])


def _fill(x: Tensor, value: float | None) -> Tensor:
    return x.mean((1, 2), keepdim=True) if value is None else torch.full_like(x[:1, :1, :1], value)


@dataclass(frozen=True)
class FrequencyMask:
    """Replaces one band of bins per item by one value (report A section 3.3; SpecAugment).

    max_width_bins : widths are drawn from 0 to this many bins.
    fill : the value; None for the item's mean. Of linear power, whose mean is among its loudest cells, it is 0.
    """

    max_width_bins: int
    fill: float | None = None

    def __call__(self, x: Tensor, generator: torch.Generator) -> Tensor:
        widths = uniform(len(x), 0, min(self.max_width_bins, x.shape[1]) + 1, x, generator).floor()
        mask = _band_mask(widths, x.shape[1], generator)
        return torch.where(mask[:, :, None], _fill(x, self.fill), x)


@dataclass(frozen=True)
class TimeMask:
    """Replaces one run of columns per item by one value (report A section 3.3; SpecAugment).

    max_fraction : widths are drawn from 0 to this share of the columns; report A uses at most 0.3.
    fill : the value; None for the item's mean. Of linear power, whose mean is among its loudest cells, it is 0.
    """

    max_fraction: float
    fill: float | None = None

    def __call__(self, x: Tensor, generator: torch.Generator) -> Tensor:
        widths = uniform(len(x), 0, math.floor(self.max_fraction * x.shape[2]) + 1, x, generator).floor()
        mask = _band_mask(widths, x.shape[2], generator)
        return torch.where(mask[:, None, :], _fill(x, self.fill), x)


@dataclass(frozen=True)
class Equaliser:
    """Adds a smooth random gain curve over the bins, as another mix, player or room would.

    max_gain_db : gains at `n_bands` equally spaced knots are drawn from -max_gain_db to max_gain_db, then joined.
    """

    max_gain_db: float
    n_bands: int = 6

    def __call__(self, x: Tensor, generator: torch.Generator) -> Tensor:
        knots = uniform(len(x) * self.n_bands, -self.max_gain_db, self.max_gain_db, x, generator)
        curve = torch.nn.functional.interpolate(
            knots.view(len(x), 1, self.n_bands), size=x.shape[1], mode="linear", align_corners=True
        )
        return x + curve.transpose(1, 2).to(x.dtype)


@dataclass(frozen=True)
class BandLimit:
    """Takes away what lies above a cut-off, and below another, as coding, broadcasts and old recordings do.

    min_bin : upper cut-offs are drawn from this bin to the highest
    probability : of an item to be limited at all, 0 to 1
    max_low_bin : lower cut-offs are drawn from the lowest bin to this one
    slope_db_per_bin : by which the level falls beyond the cut-offs
    """

    min_bin: int
    probability: float = 0.5
    max_low_bin: int = 0
    slope_db_per_bin: float = 15.0

    def __call__(self, x: Tensor, generator: torch.Generator) -> Tensor:
        n_bins = x.shape[1]
        cut_off = uniform(len(x), min(self.min_bin, n_bins), n_bins, x, generator)
        limited = uniform(len(x), 0, 1, x, generator) < self.probability
        bins = torch.arange(n_bins, device=x.device)
        beyond = (bins - cut_off[:, None]).clamp_min(0)
        if self.max_low_bin:
            beyond = beyond + (uniform(len(x), 0, self.max_low_bin, x, generator)[:, None] - bins).clamp_min(0)
        return x - (self.slope_db_per_bin * beyond * limited[:, None])[:, :, None].to(x.dtype)


@dataclass(frozen=True)
class NarrowBand:
    """Leaves a band in the middle, as telephones, small loudspeakers and early recordings do: less on both sides.

    low_bins, high_bins : where the level begins to fall, downwards and upwards, is drawn between the two bins of each.
        Of 128 mels up to 11 kHz, (6, 18) are 180 to 490 Hz and (72, 100) 2.5 to 5.2 kHz, around a telephone's 300 and
        3400 Hz
    probability : of an item to be changed, 0 to 1
    slope_db_per_bin : least and greatest fall beyond an edge, drawn for each edge, evenly on a logarithm
    """

    low_bins: tuple[float, float]
    high_bins: tuple[float, float]
    probability: float
    slope_db_per_bin: tuple[float, float] = (3.0, 12.0)

    def __call__(self, x: Tensor, generator: torch.Generator) -> Tensor:
        changed = uniform(len(x), 0, 1, x, generator) < self.probability
        bins = torch.arange(x.shape[1], device=x.device)
        below = (uniform(len(x), *self.low_bins, x, generator)[:, None] - bins).clamp_min(0)
        above = (bins - uniform(len(x), *self.high_bins, x, generator)[:, None]).clamp_min(0)
        loss = below * self._slope(x, generator) + above * self._slope(x, generator)
        return x - (loss * changed[:, None])[:, :, None].to(x.dtype)

    def _slope(self, x: Tensor, generator: torch.Generator) -> Tensor:
        least, greatest = map(math.log, self.slope_db_per_bin)
        return uniform(len(x), least, greatest, x, generator).exp()[:, None]


@dataclass(frozen=True)
class CellJitter:
    """Moves every cell by a little of its own, as lossy coding does.

    max_deviation_db : the standard deviation of an item's cells is drawn from 0 to this.
    """

    max_deviation_db: float

    def __call__(self, x: Tensor, generator: torch.Generator) -> Tensor:
        deviation = uniform(len(x), 0, self.max_deviation_db, x, generator)
        noise = torch.randn(x.shape, generator=generator, device=generator.device).to(x)
        return x + deviation[:, None, None].to(x.dtype) * noise


@dataclass(frozen=True)
class FrequencyMixStyle:
    """Gives items some of the sound of another of the batch: mean and deviation of each bin over time are mixed.

    A recording's equipment and mastering show in them, its music less (Zhou et al. 2021, MixStyle; by frequency as in
    Schmid et al. 2022 for acoustic scenes). Labels stay.

    probability : of an item to be changed, 0 to 1
    alpha : both parameters of the Beta distribution of the item's own weight, > 0
    """

    probability: float
    alpha: float = 0.4

    def __call__(self, x: Tensor, generator: torch.Generator) -> Tensor:
        chosen = uniform(len(x), 0, 1, x, generator) < self.probability
        weight = torch.where(chosen, beta(len(x), self.alpha, x, generator), torch.ones_like(x[:, 0, 0]))[:, None, None]
        other = torch.randperm(len(x), generator=generator, device=generator.device).to(x.device)
        mean, deviation = x.mean(2, keepdim=True), x.std(2, keepdim=True).clamp_min(0.1)
        standard = (x - mean) / deviation
        return standard * torch.lerp(deviation[other], deviation, weight) + torch.lerp(mean[other], mean, weight)


@dataclass(frozen=True)
class NoiseFloor:
    """Adds, in power, a floor of constant level per item, so that a model does not lean on the faintest cells.

    The level is drawn from `min_level_db` to `max_level_db` relative to the item's maximum.
    """

    min_level_db: float = -90.0
    max_level_db: float = -40.0

    def __call__(self, x: Tensor, generator: torch.Generator) -> Tensor:
        level = uniform(len(x), self.min_level_db, self.max_level_db, x, generator)[:, None, None]
        level = level + x.amax((1, 2), keepdim=True)
        to_nepers = math.log(10) / 10
        return torch.logaddexp(x * to_nepers, (level * to_nepers).expand_as(x)) / to_nepers


@dataclass(frozen=True)
class RepeatedStart:
    """Repeats the first columns of an item until it is full, as a recording shorter than the window is heard in use.

    min_columns : of what is repeated, 1 or more; the number is drawn from here to all columns, evenly on a logarithm
    probability : of an item to be changed, 0 to 1
    """

    min_columns: int
    probability: float

    def __call__(self, x: Tensor, generator: torch.Generator) -> Tensor:
        n_columns = x.shape[2]
        least = math.log(min(self.min_columns, n_columns))
        kept = uniform(len(x), least, math.log(n_columns), x, generator).exp().round().long()
        chosen = uniform(len(x), 0, 1, x, generator) < self.probability
        kept = torch.where(chosen, kept, n_columns)
        columns = torch.arange(n_columns, device=x.device) % kept[:, None]
        return x.gather(2, columns[:, None, :].expand(x.shape))


@dataclass(frozen=True)
class TimeStretchPitchShift:
    """Stretches time and shifts the mel axis by linear interpolation while cutting an excerpt out of a wider one.

    max_stretch : a factor is drawn from 1 - max_stretch to 1 + max_stretch of the columns.
    max_shift_bins : a shift is drawn from -max_shift_bins to max_shift_bins; edges are repeated.
    """

    max_stretch: float
    max_shift_bins: float

    def wide_columns(self, n_columns: int) -> int:
        """Columns that an input must have so that every draw can cut `n_columns` out of it."""
        return math.ceil(n_columns * (1 + self.max_stretch)) + 1

    def __call__(self, x: Tensor, n_columns: int, generator: torch.Generator) -> Tensor:
        """``[batch, n_bins, >= wide_columns(n_columns)]`` to ``[batch, n_bins, n_columns]``; unstretched, the first."""
        batch, n_bins, wide = x.shape
        stretch = 1 + uniform(batch, -self.max_stretch, self.max_stretch, x, generator)
        shift = uniform(batch, -self.max_shift_bins, self.max_shift_bins, x, generator)
        bins = (torch.arange(n_bins, device=x.device) - shift[:, None]).clamp(0, n_bins - 1)
        if not self.max_stretch:
            # Columns stay as they are: to interpolate between them would blur.
            return _interpolate(x[:, :, :n_columns], bins, dim=1)
        slack = (wide - 1) - (n_columns - 1) * stretch
        offset = slack * uniform(batch, 0, 1, x, generator)
        columns = offset[:, None] + stretch[:, None] * torch.arange(n_columns, device=x.device)
        return _interpolate(_interpolate(x, columns, dim=2), bins, dim=1)


def _interpolate(x: Tensor, position: Tensor, *, dim: int) -> Tensor:
    """Linear interpolation of [batch, n_bins, n_columns] at `position` [batch, n] along dimension 1 or 2."""
    low = position.floor().clamp(0, x.shape[dim] - 1)
    weight = (position - low).to(x.dtype)
    low_index = low.long()
    high_index = (low_index + 1).clamp(max=x.shape[dim] - 1)
    shape = list(x.shape)
    shape[dim] = position.shape[1]

    def take(index: Tensor) -> Tensor:
        return x.gather(dim, index.unsqueeze(3 - dim).expand(shape))

    return torch.lerp(take(low_index), take(high_index), weight.unsqueeze(3 - dim).expand(shape))


@dataclass(frozen=True)
class Mixup:
    """Mixes each item and its target with another of the batch (Zhang et al. 2018).

    alpha : both parameters of the Beta distribution of the mixing weight, > 0.
    """

    alpha: float

    def __call__(self, x: Tensor, targets: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """x [batch, ...] and targets [batch, n_classes] (probabilities), mixed alike."""
        weight = beta(len(x), self.alpha, x, generator)
        other = torch.randperm(len(x), generator=generator, device=generator.device).to(x.device)
        weight_x = weight.view(-1, *([1] * (x.dim() - 1))).to(x.dtype)
        weight_target = weight[:, None].to(targets.dtype)
        return torch.lerp(x[other], x, weight_x), torch.lerp(targets[other], targets, weight_target)


@dataclass(frozen=True)
class CutMix:
    """Puts a rectangle of another item of the batch over each item, and mixes targets by area (Yun et al. 2019).

    alpha : both parameters of the Beta distribution of the share that an item keeps, > 0. Height and width of the
        rectangle are the same share of the bins and of the columns; it lies within the item.
    """

    alpha: float

    def __call__(self, x: Tensor, targets: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """x [batch, n_bins, n_columns] and targets [batch, n_classes] (probabilities)."""
        side = (1 - beta(len(x), self.alpha, x, generator)).sqrt()
        other = torch.randperm(len(x), generator=generator, device=generator.device).to(x.device)
        rows = _band_mask((side * x.shape[1]).round(), x.shape[1], generator)
        columns = _band_mask((side * x.shape[2]).round(), x.shape[2], generator)
        inside = rows[:, :, None] & columns[:, None, :]
        kept = 1 - inside.float().mean((1, 2))[:, None].to(targets.dtype)
        return torch.where(inside, x[other], x), torch.lerp(targets[other], targets, kept)
