"""From a feature map to one vector: mean, maximum, generalised mean, attention; over the whole map or row by row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor, nn

__all__ = [
    "POOLINGS",
    "AttentionPooling",
    "GeneralisedMeanPooling",
    "MaxPooling",
    "MeanMaxPooling",
    "MeanPooling",
    "Pooling",
]


class Pooling(nn.Module):
    """Maps a feature map [batch, channels, height, width] to a vector [batch, `size`]."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size


class MeanPooling(Pooling):
    """The mean of each channel over its map."""

    def forward(self, x: Tensor) -> Tensor:
        """Maps [batch, channels, height, width] -> [batch, channels]."""
        return x.mean((2, 3))


class MaxPooling(Pooling):
    """The maximum of each channel over its map."""

    def forward(self, x: Tensor) -> Tensor:
        """Maps [batch, channels, height, width] -> [batch, channels]."""
        return x.amax((2, 3))


class MeanMaxPooling(Pooling):
    """Mean and maximum beside each other."""

    def __init__(self, channels: int) -> None:
        super().__init__(2 * channels)

    def forward(self, x: Tensor) -> Tensor:
        """Maps [batch, channels, height, width] -> [batch, 2 channels]."""
        return torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)


class GeneralisedMeanPooling(Pooling):
    """The power mean with a learnt exponent a channel, from mean (1) to maximum (Radenovic et al. 2018, GeM)."""

    def __init__(self, channels: int, *, exponent: float = 3.0) -> None:
        super().__init__(channels)
        self.exponent = nn.Parameter(torch.full((channels,), exponent))

    def forward(self, x: Tensor) -> Tensor:
        """Maps [batch, channels, height, width], not negative, -> [batch, channels]."""
        exponent = self.exponent.clamp(1.0, 10.0)
        powers = x.float().clamp_min(1e-4).pow(exponent[:, None, None])
        pooled: Tensor = powers.mean((2, 3)).pow(1 / exponent)
        return pooled


class AttentionPooling(Pooling):
    """A mean whose weights are a softmax over all places of the map of a learnt score, one a head.

    Parameters
    ----------
    channels : of the map; a multiple of `n_heads`
    n_heads : groups of channels that are weighted alike
    """

    def __init__(self, channels: int, *, n_heads: int = 4) -> None:
        super().__init__(channels)
        self.n_heads = n_heads if channels % n_heads == 0 else 1
        self.score = nn.Conv2d(channels, self.n_heads, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Maps [batch, channels, height, width] -> [batch, channels]."""
        weights = self.score(x).flatten(2).float().softmax(2)
        values = x.float().reshape(len(x), self.n_heads, self.size // self.n_heads, -1)
        return torch.einsum("bhcn,bhn->bhc", values, weights).flatten(1)


POOLINGS: Mapping[str, Callable[[int], Pooling]] = MappingProxyType(
    {
        "mean": MeanPooling,
        "max": MaxPooling,
        "mean_max": MeanMaxPooling,
        "generalised_mean": GeneralisedMeanPooling,
        "attention": AttentionPooling,
    }
)
