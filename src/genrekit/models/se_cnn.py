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

__all__ = ["SECNN", "WIDTHS", "SECNNOptions", "as_image", "check_se_options", "se_cnn_extractor"]

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
        check_se_options(reduction=self.reduction, dropout=self.dropout)


def check_se_options(*, reduction: int, dropout: float) -> None:
    """Raise RecipeError for a reduction or a dropout out of its range."""
    if not 2 <= reduction <= 64:
        raise RecipeError(f"reduction is {reduction}; expected 2 to 64")
    if not 0 <= dropout < 1:
        raise RecipeError(f"dropout is {dropout}; expected 0 <= dropout < 1")


class SECNNBlock(nn.Module):
    """Convolution 3 x 3 -> max-pooling -> dropout -> squeeze-and-excitation -> ReLU.

    Parameters
    ----------
    in_channels, channels : of the input and of the result
    reduction, dropout : see `SECNNOptions`
    pool : (bins, columns) of the max-pooling
    """

    def __init__(
        self, in_channels: int, channels: int, *, reduction: int, dropout: float, pool: tuple[int, int] = (2, 2)
    ) -> None:
        super().__init__()
        self.pool = pool
        self.conv = nn.Conv2d(in_channels, channels, 3, padding=1)
        self.excitation = DropoutExcitationReLU(channels, reduction=reduction, dropout=dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps [batch, in_channels, height, width] -> [batch, channels, height // pool[0], width // pool[1]]."""
        result: torch.Tensor = self.excitation(F.max_pool2d(self.conv(x), self.pool))
        return result


def se_cnn_extractor(*, reduction: int, dropout: float, n_time_poolings: int = len(WIDTHS)) -> nn.Sequential:
    """The five blocks of 32, 64, 128, 256 and 128 channels: [batch, 1, bins, columns] -> [batch, 128, bins // 32, ...].

    Parameters
    ----------
    reduction, dropout : see `SECNNOptions`
    n_time_poolings : the first so many blocks halve the columns, too; all blocks halve the bins
    """
    pools = [(2, 2 if number < n_time_poolings else 1) for number in range(len(WIDTHS))]
    return nn.Sequential(
        *(
            SECNNBlock(before, width, reduction=reduction, dropout=dropout, pool=pool)
            for before, width, pool in zip((1, *WIDTHS), WIDTHS, pools, strict=False)
        )
    )


def as_image(x: torch.Tensor) -> torch.Tensor:
    """Features [batch, n_bins, n_columns] -> [batch, 1, n_bins, n_columns], channels last."""
    # One channel is both layouts at once; made this way round, the strides say channels_last to the convolution.
    return x.unsqueeze(-1).permute(0, 3, 1, 2)


class SECNN(GenreNetwork):
    """Five blocks of 32, 64, 128, 256 and 128 channels, then a linear layer without bias."""

    options_type = SECNNOptions
    min_bins = 32
    min_columns = 32

    def __init__(self, spec: ModelSpec, options: SECNNOptions) -> None:
        super().__init__(spec)
        self.pooling = options.pooling
        self.blocks = se_cnn_extractor(reduction=options.reduction, dropout=options.dropout)
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
        maps: torch.Tensor = self.blocks(as_image(x))
        return maps.flatten(1) if self.pooling == "flatten" else maps.mean((2, 3))

    def forward_head(self, features: torch.Tensor) -> torch.Tensor:
        """Embedding [batch, embedding_size] -> logits [batch, n_classes]."""
        logits: torch.Tensor = self.classifier(features)
        return logits
