"""M4, report A section 4.3: a standard residual network on the SE-CNN's input."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from genrekit.errors import RecipeError
from genrekit.models.layers.residual_block import ResidualBlock
from genrekit.models.network import GenreNetwork
from genrekit.models.se_cnn import as_image
from genrekit.models.spec import ModelSpec

__all__ = ["ResNet", "ResNetOptions"]

# Channels and blocks of the four stages: table 1 of He et al. 2015, columns "18-layer" and "34-layer".
WIDTHS = (64, 128, 256, 512)
BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}


@dataclass(frozen=True)
class ResNetOptions:
    """Options of `ResNet`.

    depth : weighted layers, 18 or 34
    dropout : before the last layer, 0 <= dropout < 1; He et al. have none
    """

    depth: Literal[18, 34] = 18
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.dropout < 1:
            raise RecipeError(f"dropout is {self.dropout}; expected 0 <= dropout < 1")


class ResNet(GenreNetwork):
    """ResNet of He et al. 2015 (table 1) on one channel: 7 x 7 convolution, max-pooling, four stages, mean, linear.

    Report A trained one and left its results out, since it overfits: 11.2 million parameters for some 15 000 excerpts
    of 800 tracks. It takes any number of columns from `min_columns` on; the embedding is the mean of the last feature
    map.
    """

    options_type = ResNetOptions
    min_bins = 32
    min_columns = 32

    def __init__(self, spec: ModelSpec, options: ResNetOptions) -> None:
        super().__init__(spec)
        layers: list[nn.Module] = [
            nn.Conv2d(1, WIDTHS[0], 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(WIDTHS[0]),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=1),
        ]
        for (before, width), n_blocks in zip(pairwise((WIDTHS[0], *WIDTHS)), BLOCKS[options.depth], strict=True):
            layers.append(ResidualBlock(before, width, stride=1 if before == width else 2))
            layers += [ResidualBlock(width, width) for _ in range(n_blocks - 1)]
        self.layers = nn.Sequential(*layers)
        for module in self.layers.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        self.embedding_size = WIDTHS[-1]
        self.dropout = nn.Dropout(options.dropout)
        self.classifier = nn.Linear(WIDTHS[-1], spec.n_classes)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward_features(self, x: Tensor) -> Tensor:
        """Features [batch, n_bins, n_columns] -> [batch, 512]."""
        pooled: Tensor = self.layers(as_image(x)).mean((2, 3))
        return pooled

    def forward_head(self, features: Tensor) -> Tensor:
        """Embedding [batch, 512] -> logits [batch, n_classes]."""
        logits: Tensor = self.classifier(self.dropout(features))
        return logits
