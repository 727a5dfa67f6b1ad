"""The residual gated linear unit of report B, after Dauphin et al. 2017 and Xie et al. 2023."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from genrekit.models.layers.over_time import ConvolutionOverTime, NormOverTime

__all__ = ["ResidualGatedUnit"]


class ResidualGatedUnit(nn.Module):
    """Y = X + norm(conv(X)) * sigmoid(norm(conv(X))) over time; without "X +" where the channels differ.

    The two convolutions (3 wide, padded by 1) see the same input, so they are one with twice the channels; batch norm
    works channel by channel and does not notice. Its shift is their bias.

    Parameters
    ----------
    in_channels, channels : of the input and of the result
    """

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.conv = ConvolutionOverTime(in_channels, 2 * channels)
        self.norm = NormOverTime(2 * channels)
        self.is_residual = in_channels == channels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Sequence [batch, steps, in_channels] -> [batch, steps, channels]."""
        gated = F.glu(self.norm(self.conv(x)), dim=2)
        return x + gated if self.is_residual else gated
