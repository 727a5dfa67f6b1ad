"""M2 and M3, report A's network: a CNN with squeeze-and-excitation, its maps flattened or averaged at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import nn

from genrekit.errors import RecipeError
from genrekit.models.layers.squeeze_excitation import DropoutExcitationReLU
from genrekit.models.network import GenreNetwork
from genrekit.models.spec import ModelSpec

__all__ = ["SECNN", "SECNNOptions"]

WIDTHS = (32, 64, 128, 256, 128)


@dataclass(frozen=True)
class SECNNOptions:
    """Options of `SECNN`.

    pooling : "flatten" gives all of the last maps to the linear layer (M2); "gap" their means, for any length (M3)
    reduction : the excitation's hidden layers have channels // reduction units, at least 1; 2 to 64
    dropout : after each max-pooling, 0 <= dropout < 1
    """

    pooling: Literal["flatten", "gap"] = "flatten"
    reduction: int = 32
    dropout: float = 0.25

    def __post_init__(self) -> None:
        if not 2 <= self.reduction <= 64:
            raise RecipeError(f"reduction is {self.reduction}; expected 2 to 64")
        if not 0 <= self.dropout < 1:
            raise RecipeError(f"dropout is {self.dropout}; expected 0 <= dropout < 1")


class SECNNBlock(nn.Module):
    """Convolution 3 x 3 -> max-pooling 2 x 2 -> dropout -> squeeze-and-excitation -> ReLU."""

    def __init__(self, in_channels: int, channels: int, options: SECNNOptions) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, channels, 3, padding=1)
        self.excitation = DropoutExcitationReLU(channels, reduction=options.reduction, dropout=options.dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps [batch, in_channels, height, width] -> [batch, channels, height // 2, width // 2]."""
        result: torch.Tensor = self.excitation(F.max_pool2d(self.conv(x), 2))
        return result


class SECNN(GenreNetwork):
    """Five blocks of 32, 64, 128, 256 and 128 channels, then a linear layer without bias."""

    options_type = SECNNOptions
    min_bins = 32
    min_columns = 32

    def __init__(self, spec: ModelSpec, options: SECNNOptions) -> None:
        super().__init__(spec)
        self.pooling = options.pooling
        self.blocks = nn.Sequential(
            *(SECNNBlock(before, width, options) for before, width in zip((1, *WIDTHS), WIDTHS, strict=False))
        )
        self.embedding_size = WIDTHS[-1]
        if options.pooling == "flatten":
            if spec.n_columns is None:
                raise RecipeError(
                    f"{spec.name}: pooling 'flatten' needs a fixed n_columns; state it, or take pooling 'gap'"
                )
            self.embedding_size *= (spec.n_bins // 32) * (spec.n_columns // 32)
        self.classifier = nn.Linear(self.embedding_size, spec.n_classes, bias=False)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward_features(self, x: torch.Tensor) -> torch.Tensor:
        """Features [batch, n_bins, n_columns] -> last maps, flattened (channel, bin, column) or averaged."""
        # One channel is both layouts at once; made this way round, the strides say channels_last to the convolution.
        maps: torch.Tensor = self.blocks(x.unsqueeze(-1).permute(0, 3, 1, 2))
        return maps.flatten(1) if self.pooling == "flatten" else maps.mean((2, 3))

    def forward_head(self, features: torch.Tensor) -> torch.Tensor:
        """Embedding [batch, embedding_size] -> logits [batch, n_classes]."""
        logits: torch.Tensor = self.classifier(features)
        return logits
