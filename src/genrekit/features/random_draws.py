"""Draws for augmentation: one an item, from an explicit generator, on the device of what they are for."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["uniform"]


def uniform(n: int, low: float, high: float, like: Tensor, generator: torch.Generator) -> Tensor:
    """`n` draws from [low, high), float32 on the device of `like`, whatever the generator's device."""
    draws = torch.rand(n, generator=generator, device=generator.device)
    return (low + (high - low) * draws).to(like.device)
