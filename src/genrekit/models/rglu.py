"""M5 and M6, report B's networks: residual gated linear units over time, then a transformer encoder or an LSTM."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
import torch.nn.functional as F
from torch import nn

from genrekit.errors import RecipeError
from genrekit.models.layers.over_time import ConvolutionOverTime, MaxPoolOverTime, NormOverTime
from genrekit.models.layers.positions import sinusoids
from genrekit.models.layers.rglu import ResidualGatedUnit
from genrekit.models.network import GenreNetwork
from genrekit.models.spec import ModelSpec

__all__ = ["RGLU", "RGLUOptions"]

# Channels that the two units of each block give.
WIDTHS = ((64, 64), (64, 128), (128, 128), (128, 256), (256, 256))
WIDTH = 256


@dataclass(frozen=True)
class RGLUOptions:
    """Options of `RGLU`.

    encoder : what follows the gated units:
        "transformer" attends over time steps of 256 features (Paper B; M5);
        "transformer_over_channels" attends over 256 positions of as many features as there are steps (report B's text);
        "lstm" (M6), "gru", and "bilstm", "bigru" with half the units a direction: 256 outputs a step
    n_heads : of the transformer; over channels, the largest number up to it that divides the number of steps
    feed_forward : hidden units of the transformer, per position
    encoder_dropout : in the transformer, 0 <= encoder_dropout < 1
    dropout : before the last dense layer, 0 <= dropout < 1
    """

    encoder: Literal["transformer", "transformer_over_channels", "lstm", "gru", "bilstm", "bigru"] = "transformer"
    n_heads: int = 8
    feed_forward: int = 2048
    encoder_dropout: float = 0.1
    dropout: float = 0.2

    def __post_init__(self) -> None:
        if self.n_heads < 1 or WIDTH % self.n_heads:
            raise RecipeError(f"n_heads is {self.n_heads}; expected a divisor of {WIDTH}")
        if self.feed_forward < 1:
            raise RecipeError(f"feed_forward is {self.feed_forward}; expected at least 1")
        for name, value in (("encoder_dropout", self.encoder_dropout), ("dropout", self.dropout)):
            if not 0 <= value < 1:
                raise RecipeError(f"{name} is {value}; expected 0 <= {name} < 1")


class RGLU(GenreNetwork):
    """Convolution over time (bins are channels), ten gated units with five poolings, encoder, pooling, dense layers.

    334 columns leave 10 steps of 256 features. The dense layers 512 -> 200 -> 100 -> n_classes have ReLU between them:
    neither source names an activation, and without one they would be a single linear layer.
    """

    options_type = RGLUOptions
    min_columns = 32

    def __init__(self, spec: ModelSpec, options: RGLUOptions) -> None:
        super().__init__(spec)
        first = WIDTHS[0][0]
        self.stem = nn.Sequential(ConvolutionOverTime(spec.n_bins, first), NormOverTime(first))
        blocks: list[nn.Module] = []
        for before, (width, last) in pairwise(((first, first), *WIDTHS)):
            blocks += [ResidualGatedUnit(before[-1], width), ResidualGatedUnit(width, last), MaxPoolOverTime()]
        self.blocks = nn.Sequential(*blocks)
        self.encoder = _make_encoder(spec, options)
        self.embedding_size = 2 * WIDTH
        self.head = nn.Sequential(
            nn.Linear(2 * WIDTH, 200),
            nn.ReLU(),
            nn.Linear(200, 100),
            nn.ReLU(),
            nn.Dropout(options.dropout),
            nn.Linear(100, spec.n_classes),
        )

    def forward_features(self, x: torch.Tensor) -> torch.Tensor:
        """Features [batch, n_bins, n_columns] -> mean and maximum over time of the encoder's result, [batch, 512]."""
        steps = self.encoder(self.blocks(self.stem(x.transpose(1, 2))))
        return torch.cat((steps.mean(1), steps.amax(1)), dim=1)

    def forward_head(self, features: torch.Tensor) -> torch.Tensor:
        """Embedding [batch, 512] -> logits [batch, n_classes]."""
        logits: torch.Tensor = self.head(features)
        return logits


class TransformerOverTime(nn.Module):
    """One post-norm encoder block over time steps: [batch, steps, 256] -> the same shape."""

    def __init__(self, options: RGLUOptions) -> None:
        super().__init__()
        self.block = _encoder_block(WIDTH, options.n_heads, options)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        encoded: torch.Tensor = self.block(x + sinusoids(x.shape[1], WIDTH).to(x))
        return encoded


class TransformerOverChannels(nn.Module):
    """One post-norm encoder block over the 256 channels, whose features are the steps: [batch, steps, 256] -> same."""

    def __init__(self, n_steps: int, options: RGLUOptions) -> None:
        super().__init__()
        n_heads = max(heads for heads in range(1, options.n_heads + 1) if n_steps % heads == 0)
        self.block = _encoder_block(n_steps, n_heads, options)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.transpose(1, 2)
        encoded: torch.Tensor = self.block(x + sinusoids(x.shape[1], x.shape[2]).to(x))
        return encoded.transpose(1, 2)


class RecurrentOverTime(nn.Module):
    """A recurrent layer over time steps, 256 outputs each: [batch, steps, 256] -> the same shape.

    It gets no positional encoding: it reads the steps in order.
    """

    def __init__(self, cell: type[nn.LSTM] | type[nn.GRU], *, n_directions: int) -> None:
        super().__init__()
        self.cell = cell(WIDTH, WIDTH // n_directions, batch_first=True, bidirectional=n_directions == 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        encoded: torch.Tensor = self.cell(x)[0]
        return encoded


def _encoder_block(width: int, n_heads: int, options: RGLUOptions) -> nn.TransformerEncoderLayer:
    return nn.TransformerEncoderLayer(
        width, n_heads, options.feed_forward, options.encoder_dropout, activation=F.relu, batch_first=True
    )


def _make_encoder(spec: ModelSpec, options: RGLUOptions) -> nn.Module:
    match options.encoder:
        case "transformer":
            return TransformerOverTime(options)
        case "transformer_over_channels":
            if spec.n_columns is None:
                raise RecipeError(f"{spec.name}: encoder {options.encoder!r} needs a fixed n_columns; state it")
            return TransformerOverChannels(spec.n_columns // 2 ** len(WIDTHS), options)
        case "lstm" | "bilstm":
            return RecurrentOverTime(nn.LSTM, n_directions=1 + (options.encoder == "bilstm"))
        case "gru" | "bigru":
            return RecurrentOverTime(nn.GRU, n_directions=1 + (options.encoder == "bigru"))
