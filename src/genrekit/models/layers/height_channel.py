"""A channel that says how high in a feature map a cell lies."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["HeightChannel"]


class HeightChannel(nn.Module):
    """Appends the row's place, -1 at the first to 1 at the last, as one more channel.

    Convolutions cannot tell rows apart; frequencies are not alike, though (Koutini et al. 2019, section 3).
    """

    def forward(self, x: Tensor) -> Tensor:
        """Maps [batch, channels, height, width] -> [batch, channels + 1, height, width]."""
        height = torch.linspace(-1, 1, x.shape[2], device=x.device, dtype=x.dtype)
        return torch.cat([x, height[:, None].expand(len(x), 1, x.shape[2], x.shape[3])], 1)
