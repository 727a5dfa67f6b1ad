"""Augmentation of batches of waveforms: whole tensors on the model's device, one draw per item (report A section 3.3).

Each augmentation is a frozen dataclass: its fields say how much; called with a generator, it draws and applies. All
take and give float32 ``[batch, n_samples]`` and leave their input untouched. Used in training only, before the front
end. Nothing is clipped: front ends take samples beyond full scale.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from genrekit.errors import RecipeError
from genrekit.features.random_draws import uniform

__all__ = ["RandomGain", "WhiteNoise"]


@dataclass(frozen=True)
class RandomGain:
    """Amplifies each item by a gain in dB, drawn evenly from `min_gain_db` to `max_gain_db`.

    probability : of changing an item at all, 0 to 1; the others stay as they are, bit for bit
    """

    min_gain_db: float
    max_gain_db: float
    probability: float = 1.0

    def __post_init__(self) -> None:
        _check("gain_db", self.min_gain_db, self.max_gain_db, self.probability)

    def __call__(self, x: Tensor, generator: torch.Generator) -> Tensor:
        gain_db = uniform(len(x), self.min_gain_db, self.max_gain_db, x, generator)
        chosen = _chosen(len(x), self.probability, x, generator)
        gain = torch.where(chosen, 10 ** (gain_db / 20), 1.0)
        return x * gain[:, None].to(x.dtype)


@dataclass(frozen=True)
class WhiteNoise:
    """Adds Gaussian white noise to each item at a signal-to-noise ratio drawn evenly from `min_snr_db` to `max_snr_db`.

    The ratio is that of the mean powers of the item and of the very noise that is added, so it is met exactly. Silence
    stays silence: its ratio to any noise is 0.

    probability : of adding noise to an item at all, 0 to 1; the others stay as they are, bit for bit
    """

    min_snr_db: float
    max_snr_db: float
    probability: float = 1.0

    def __post_init__(self) -> None:
        _check("snr_db", self.min_snr_db, self.max_snr_db, self.probability)

    def __call__(self, x: Tensor, generator: torch.Generator) -> Tensor:
        snr_db = uniform(len(x), self.min_snr_db, self.max_snr_db, x, generator)
        chosen = _chosen(len(x), self.probability, x, generator)
        noise = torch.randn(x.shape, generator=generator, device=generator.device).to(x)
        ratio = x.square().mean(1) / noise.square().mean(1)
        amplitude = torch.where(chosen, ratio.sqrt() * 10 ** (-snr_db / 20), 0.0)
        return torch.addcmul(x, noise, amplitude[:, None].to(x.dtype))


def _chosen(n: int, probability: float, like: Tensor, generator: torch.Generator) -> Tensor:
    """bool [n], each True with the probability; drawn in any case, so that it does not shift the draws after it."""
    return uniform(n, 0.0, 1.0, like, generator) < probability


def _check(name: str, low: float, high: float, probability: float) -> None:
    if not low <= high:
        raise RecipeError(f"{name} is {low} to {high}; expected the smaller value first")
    if not 0 <= probability <= 1:
        raise RecipeError(f"probability is {probability}; expected 0 to 1")
