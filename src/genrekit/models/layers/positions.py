"""Positions as numbers, for layers that do not see the order of their input."""

from __future__ import annotations

import math

import torch

__all__ = ["sinusoids"]


def sinusoids(n_positions: int, n_features: int) -> torch.Tensor:
    """Positional encoding of Vaswani et al. 2017, section 3.5: float32 [n_positions, n_features]."""
    position = torch.arange(n_positions)[:, None]
    rate = torch.exp(torch.arange(0, n_features, 2) * (-math.log(10_000.0) / n_features))
    angles = position * rate
    return torch.stack((angles.sin(), angles.cos()), dim=2).flatten(1)[:, :n_features]
