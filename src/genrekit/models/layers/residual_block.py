"""The residual block of two 3 x 3 convolutions."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genrekit.models.layers.squeeze_excitation import SqueezeExcitation

__all__ = ["ResidualBlock"]


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions with batch norm around a shortcut (He et al. 2015, section 3.3).

    The shortcut is the input itself where the shapes agree, otherwise a 1 x 1 convolution with batch norm (option B).

    Parameters
    ----------
    in_channels, channels : of the input and of the result
    stride : of the first convolution and of the shortcut, in both directions
    squeeze_reduction : of squeeze-and-excitation before the sum (Hu et al. 2018, section 4); 0 for none
    skipped_share : of the items that go through the shortcut alone in training, 0 <= share < 1; the others' residual
        is scaled up for it (stochastic depth, Huang et al. 2016)
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        *,
        stride: int = 1,
        squeeze_reduction: int = 0,
        skipped_share: float = 0.0,
    ) -> None:
        super().__init__()
        self.skipped_share = skipped_share
        self.residual = nn.Sequential(
            nn.Conv2d(in_channels, channels, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )
        if squeeze_reduction:
            self.residual.append(SqueezeExcitation(channels, reduction=squeeze_reduction))
        self.shortcut: nn.Module = nn.Identity()
        if in_channels != channels or stride != 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, channels, 1, stride=stride, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Maps [batch, in_channels, h, w] -> [batch, channels, ceil(h / stride), ceil(w / stride)]."""
        residual = self.residual(x)
        if self.training and self.skipped_share:
            kept_share = 1 - self.skipped_share
            residual = residual * (residual.new_empty(len(x), 1, 1, 1).bernoulli_(kept_share) / kept_share)
        return torch.relu(residual + self.shortcut(x))
