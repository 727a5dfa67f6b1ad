"""Layers over sequences [batch, steps, channels]: convolution, batch norm and pooling as products of matrices.

PyTorch's own layers take [batch, channels, steps], where few steps make short rows, which a CPU is slow at. Parameters
have the names and shapes of PyTorch's layers, and the results are the same.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["ConvolutionOverTime", "MaxPoolOverTime", "NormOverTime"]


class ConvolutionOverTime(nn.Conv1d):
    """A convolution of three steps, padded by one with zeros, without bias.

    Parameters
    ----------
    in_channels, out_channels : of the input and of the result
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Sequence [batch, steps, in_channels] -> [batch, steps, out_channels]."""
        padded = F.pad(x, (0, 0, 1, 1))
        neighbours = torch.cat((padded[:, :-2], x, padded[:, 2:]), dim=2)
        return neighbours @ self.weight.permute(2, 1, 0).flatten(0, 1)


class NormOverTime(nn.BatchNorm1d):
    """Batch norm of each channel over all steps of all sequences."""

    def forward(self, x: Tensor) -> Tensor:
        """Sequence [batch, steps, channels] -> the same shape."""
        return super().forward(x.flatten(0, 1)).view(x.shape)


class MaxPoolOverTime(nn.Module):
    """The greater of two neighbouring steps; a last one without a neighbour is dropped."""

    def forward(self, x: Tensor) -> Tensor:
        """Sequence [batch, steps, channels] -> [batch, steps // 2, channels]; steps are at least 2."""
        # Its own gradient is quick; that of torch.maximum makes four passes over the features.
        return F.max_pool1d(x.transpose(1, 2), 2).transpose(1, 2)
