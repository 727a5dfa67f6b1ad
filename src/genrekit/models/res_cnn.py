"""M8, the default model's network: a small residual CNN on log-mels, quick on a CPU."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from genrekit.errors import RecipeError
from genrekit.models.layers.excerpt_norm import EXCERPT_NORMS, ExcerptNorm
from genrekit.models.layers.height_channel import HeightChannel
from genrekit.models.layers.pooling import POOLINGS
from genrekit.models.layers.residual_block import ResidualBlock
from genrekit.models.network import GenreNetwork
from genrekit.models.spec import ModelSpec

__all__ = ["ResCNN", "ResCNNOptions"]

# The strided convolution and four poolings leave one of 32 rows, at stride 1 two.
MAX_STAGES = 5


@dataclass(frozen=True)
class ResCNNOptions:
    """Options of `ResCNN`.

    width : channels of the first stage
    stride_bins, stride_columns : of the first convolution; 1 keeps the resolution, at twice the work of the first stage
    multipliers : one whole number a stage, in words: its channels as multiples of `width`
    dropout : before the last layer, 0 to 1
    pooling : of the last feature map, a name in `POOLINGS`
    squeeze_reduction : of squeeze-and-excitation at each block's end; 0 for none
    frequency_aware : gives each block's input one more channel, the height in the map from -1 to 1, so that a
        convolution may tell low from high (Koutini et al. 2019)
    excerpt_norm : normalises each excerpt by itself first, a name in `EXCERPT_NORMS`; "none" does not
    skipped_share : of the items that skip the last block in training, the first block none, those between in
        proportion (stochastic depth, Huang et al. 2016), 0 <= share < 1
    """

    width: int = 16
    stride_bins: int = 2
    stride_columns: int = 2
    multipliers: str = "1 2 4 8 10"
    dropout: float = 0.3
    pooling: str = "mean"
    squeeze_reduction: int = 0
    frequency_aware: bool = False
    excerpt_norm: str = "none"
    skipped_share: float = 0.0

    def __post_init__(self) -> None:
        if self.width < 1 or not 0 <= self.dropout < 1:
            raise RecipeError(f"width is {self.width}, dropout {self.dropout}; expected width >= 1, 0 <= dropout < 1")
        if not {self.stride_bins, self.stride_columns} <= {1, 2}:
            raise RecipeError(f"strides are {self.stride_bins} bins, {self.stride_columns} columns; expected 1 or 2")
        if self.pooling not in POOLINGS:
            raise RecipeError(f"pooling is {self.pooling!r}; expected one of {', '.join(POOLINGS)}")
        if self.excerpt_norm not in ("none", *EXCERPT_NORMS):
            raise RecipeError(
                f"excerpt_norm is {self.excerpt_norm!r}; expected one of none, {', '.join(EXCERPT_NORMS)}"
            )
        if not 0 <= self.skipped_share < 1:
            raise RecipeError(f"skipped_share is {self.skipped_share}; expected 0 <= skipped_share < 1")
        if self.squeeze_reduction < 0:
            raise RecipeError(f"squeeze_reduction is {self.squeeze_reduction}; expected 0 (none) or more")
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
    """Batch norm per bin, a 5 x 5 convolution, mostly strided, residual blocks with max-pooling between, mean over all.

    It takes any number of columns from `min_columns` on; the embedding is the last feature map, pooled.
    """

    options_type = ResCNNOptions
    min_bins = 32
    min_columns = 32

    def __init__(self, spec: ModelSpec, options: ResCNNOptions) -> None:
        super().__init__(spec)
        widths = options.channels
        self.excerpt_norm = nn.Identity() if options.excerpt_norm == "none" else ExcerptNorm(options.excerpt_norm)
        self.normalise = nn.BatchNorm1d(spec.n_bins)
        shares = [options.skipped_share * number / max(1, len(widths) - 1) for number in range(len(widths))]
        stages: list[nn.Module] = [
            nn.Conv2d(1, widths[0], 5, (options.stride_bins, options.stride_columns), padding=2, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(),
            self._block(widths[0], widths[0], shares[0], options),
        ]
        for (in_channels, channels), share in zip(pairwise(widths), shares[1:], strict=True):
            stages += [nn.MaxPool2d(2), self._block(in_channels, channels, share, options)]
        self.stages = nn.Sequential(*stages)
        pooling = POOLINGS[options.pooling](widths[-1])
        self.pooling = pooling
        self.dropout = nn.Dropout(options.dropout)
        self.embedding_size = pooling.size
        self.classifier = nn.Linear(self.embedding_size, spec.n_classes)

    @staticmethod
    def _block(in_channels: int, channels: int, skipped_share: float, options: ResCNNOptions) -> nn.Module:
        block = ResidualBlock(
            in_channels + options.frequency_aware,
            channels,
            squeeze_reduction=options.squeeze_reduction,
            skipped_share=skipped_share,
        )
        return nn.Sequential(HeightChannel(), block) if options.frequency_aware else block

    def forward_features(self, x: Tensor) -> Tensor:
        """dB features [batch, n_bins, n_columns] -> [batch, embedding_size]."""
        x = self.normalise(self.excerpt_norm(x)).unsqueeze(1).contiguous(memory_format=torch.channels_last)
        pooled: Tensor = self.pooling(self.stages(x))
        return pooled

    def forward_head(self, features: Tensor) -> Tensor:
        """Embedding -> logits [batch, n_classes]."""
        logits: Tensor = self.classifier(self.dropout(features))
        return logits
