"""M8, the default model's network: a small residual CNN on log-mels, quick on a CPU."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from genrekit.errors import RecipeError
from genrekit.models.layers.residual_block import ResidualBlock
from genrekit.models.network import GenreNetwork
from genrekit.models.spec import ModelSpec

__all__ = ["ResCNN", "ResCNNOptions"]

# The strided convolution and four poolings leave one of 32 rows.
MAX_STAGES = 5


@dataclass(frozen=True)
class ResCNNOptions:
    """Options of `ResCNN`.

    width : channels of the first stage
    multipliers : one whole number a stage, in words: its channels as multiples of `width`
    dropout : before the last layer, 0 to 1
    """

    width: int = 16
    multipliers: str = "1 2 4 8 10"
    dropout: float = 0.3

    def __post_init__(self) -> None:
        if self.width < 1 or not 0 <= self.dropout < 1:
            raise RecipeError(f"width is {self.width}, dropout {self.dropout}; expected width >= 1, 0 <= dropout < 1")
        words = self.multipliers.split()
        if not 1 <= len(words) <= MAX_STAGES or not all(word.isdigit() and int(word) > 0 for word in words):
            raise RecipeError(
                f"multipliers is {self.multipliers!r}; expected 1 to {MAX_STAGES} whole numbers, such as '1 2 4 8 10'"
            )

    @property
    def channels(self) -> list[int]:
        """Channels of each stage."""
        return [self.width * int(word) for word in self.multipliers.split()]


class ResCNN(GenreNetwork):
    """Batch norm per bin, a strided 5 x 5 convolution, residual blocks with max-pooling between, mean over all.

    It takes any number of columns from `min_columns` on; the embedding is the mean of the last feature map.
    """

    options_type = ResCNNOptions
    min_bins = 32
    min_columns = 32

    def __init__(self, spec: ModelSpec, options: ResCNNOptions) -> None:
        super().__init__(spec)
        widths = options.channels
        self.normalise = nn.BatchNorm1d(spec.n_bins)
        stages: list[nn.Module] = [
            nn.Conv2d(1, widths[0], 5, stride=2, padding=2, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(),
            ResidualBlock(widths[0], widths[0]),
        ]
        for in_channels, channels in pairwise(widths):
            stages += [nn.MaxPool2d(2), ResidualBlock(in_channels, channels)]
        self.stages = nn.Sequential(*stages)
        self.dropout = nn.Dropout(options.dropout)
        self.classifier = nn.Linear(widths[-1], spec.n_classes)
        self.embedding_size = widths[-1]

    def forward_features(self, x: Tensor) -> Tensor:
        """dB features [batch, n_bins, n_columns] -> [batch, channels of the last stage]."""
        x = self.normalise(x).unsqueeze(1).contiguous(memory_format=torch.channels_last)
        pooled: Tensor = self.stages(x).mean((2, 3))
        return pooled

    def forward_head(self, features: Tensor) -> Tensor:
        """Embedding -> logits [batch, n_classes]."""
        logits: Tensor = self.classifier(self.dropout(features))
        return logits
