"""Draws for augmentation: one an item, from an explicit generator, on the device of what they are for."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["beta", "uniform"]


def uniform(n: int, low: float, high: float, like: Tensor, generator: torch.Generator) -> Tensor:
    """`n` draws from [low, high), float32 on the device of `like`, whatever the generator's device."""
    draws = torch.rand(n, generator=generator, device=generator.device)
    return (low + (high - low) * draws).to(like.device)


def beta(n: int, alpha: float, like: Tensor, generator: torch.Generator) -> Tensor:
    """`n` draws from Beta(alpha, alpha), float32 on the device of `like`."""
    # Out of two Gamma(alpha) draws; torch's Gamma sampler takes a generator, its Beta does not.
    concentration = torch.full((2, n), alpha, device=generator.device)
    gamma = torch._standard_gamma(concentration, generator=generator)
    return (gamma[0] / gamma.sum(0).clamp_min(1e-30)).to(like.device)
