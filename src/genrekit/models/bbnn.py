"""The bottom-up broadcast network: multi-scale blocks, each of which sees all that lies below it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genrekit.errors import RecipeError
from genrekit.models.network import GenreNetwork
from genrekit.models.spec import ModelSpec

__all__ = ["BBNN", "BBNNOptions"]

N_BLOCKS = 3
TIME_POOLING = 4


@dataclass(frozen=True)
class BBNNOptions:
    """Options of `BBNN`; the defaults are the paper's network, of 0.18 million parameters.

    width : channels of the stem and of each of a block's four branches
    dropout : before the last layer, 0 <= dropout < 1; the paper has none
    """

    width: int = 32
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if self.width < 1 or not 0 <= self.dropout < 1:
            raise RecipeError(f"width is {self.width}, dropout {self.dropout}; expected width >= 1, 0 <= dropout < 1")


class MultiScaleBlock(nn.Module):
    """Four branches side by side: 1 x 1, 3 x 3 and 5 x 5 convolutions, and the maximum of 3 x 3 cells.

    1 x 1 convolutions lead into the wider ones and out of the maximum.

    Parameters
    ----------
    in_channels : of the input
    width : of each branch
    """

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.point = _convolution(in_channels, width, 1)
        self.narrow = nn.Sequential(_convolution(in_channels, width, 1), _convolution(width, width, 3))
        self.wide = nn.Sequential(_convolution(in_channels, width, 1), _convolution(width, width, 5))
        self.maximum = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), _convolution(in_channels, width, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Maps [batch, in_channels, height, width] -> [batch, 4 * width, height, width]."""
        return torch.cat([self.point(x), self.narrow(x), self.wide(x), self.maximum(x)], 1)


class BBNN(GenreNetwork):
    """Liu et al. 2019 (arXiv 1901.08928): full resolution along the mel axis up to the top, a quarter of it in time.

    Each of three blocks gets the stem's maps and those of all blocks before it; a 1 x 1 convolution, pooling by two and
    the mean over all cells follow. Meant for whole excerpts of 30 s; any number of columns from `min_columns` on will
    do. Convolutions have batch norm instead of biases, and each bin is normalised first.
    """

    options_type = BBNNOptions
    min_bins = 32
    min_columns = 32

    def __init__(self, spec: ModelSpec, options: BBNNOptions) -> None:
        super().__init__(spec)
        width = options.width
        self.normalise = nn.BatchNorm1d(spec.n_bins)
        self.stem = nn.Sequential(_convolution(1, width, 3), nn.MaxPool2d((1, TIME_POOLING)))
        self.blocks = nn.ModuleList(MultiScaleBlock(width * (1 + 4 * number), width) for number in range(N_BLOCKS))
        self.transition = nn.Sequential(_convolution(width * (1 + 4 * N_BLOCKS), width, 1), nn.MaxPool2d(2))
        self.embedding_size = width
        self.dropout = nn.Dropout(options.dropout)
        self.classifier = nn.Linear(width, spec.n_classes)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward_features(self, x: Tensor) -> Tensor:
        """dB features [batch, n_bins, n_columns] -> mean over all cells of the top, [batch, width]."""
        maps = self.stem(self.normalise(x).unsqueeze(-1).permute(0, 3, 1, 2))
        for block in self.blocks:
            maps = torch.cat([maps, block(maps)], 1)
        top: Tensor = self.transition(maps)
        return top.mean((2, 3))

    def forward_head(self, features: Tensor) -> Tensor:
        """Embedding [batch, width] -> logits [batch, n_classes]."""
        logits: Tensor = self.classifier(self.dropout(features))
        return logits


def _convolution(in_channels: int, channels: int, size: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, channels, size, padding=size // 2, bias=False), nn.BatchNorm2d(channels), nn.ReLU()
    )
