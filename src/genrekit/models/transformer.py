"""M7, future work of report A (section 6): an audio spectrogram transformer, small enough for GTZAN."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from genrekit.errors import RecipeError
from genrekit.models.layers.byte_dropout import ByteDropout
from genrekit.models.layers.positions import sinusoids
from genrekit.models.network import GenreNetwork
from genrekit.models.spec import ModelSpec

__all__ = ["SpectrogramTransformer", "SpectrogramTransformerOptions"]

# Patches of 16 x 16 cells, 6 of which overlap the next (Gong et al. 2021, section 2.1).
PATCH = 16
STRIDE = 10


@dataclass(frozen=True)
class SpectrogramTransformerOptions:
    """Options of `SpectrogramTransformer`; the defaults make 0.8 million parameters, AST has 87.

    width : features of a patch
    depth : encoder blocks
    n_heads : of the attention; a divisor of `width`
    feed_forward : hidden units of a block, per patch
    pooling : "mean" of all patches, or "token": what a learnt class token has gathered, as in AST
    dropout : of what each block adds and of its hidden units, and before the last layer, 0 <= dropout < 1
    """

    width: int = 128
    depth: int = 4
    n_heads: int = 4
    feed_forward: int = 512
    pooling: Literal["mean", "token"] = "mean"
    dropout: float = 0.1

    def __post_init__(self) -> None:
        for name, value in (("width", self.width), ("depth", self.depth), ("feed_forward", self.feed_forward)):
            if value < 1:
                raise RecipeError(f"{name} is {value}; expected at least 1")
        if self.n_heads < 1 or self.width % self.n_heads:
            raise RecipeError(f"n_heads is {self.n_heads}; expected a divisor of width, {self.width}")
        if not 0 <= self.dropout < 1:
            raise RecipeError(f"dropout is {self.dropout}; expected 0 <= dropout < 1")


class SpectrogramTransformer(GenreNetwork):
    """Overlapping patches as a sequence through pre-norm transformer blocks, after AST (Gong et al. 2021).

    A patch's place is a learnt vector for its row plus sinusoids for its column, where AST has one learnt vector for
    each of a fixed number of patches: so any number of columns from `min_columns` on will do. Cells at the upper and
    right edge that do not fill a patch, fewer than 10 rows or columns, are not seen. Each bin is normalised first.
    """

    options_type = SpectrogramTransformerOptions
    min_bins = PATCH
    min_columns = PATCH

    def __init__(self, spec: ModelSpec, options: SpectrogramTransformerOptions) -> None:
        super().__init__(spec)
        width = options.width
        self.normalise = nn.BatchNorm1d(spec.n_bins)
        self.patches = nn.Conv2d(1, width, PATCH, stride=STRIDE)
        n_rows = (spec.n_bins - PATCH) // STRIDE + 1
        self.row = nn.Parameter(0.02 * torch.randn(n_rows, width))
        self.token = nn.Parameter(0.02 * torch.randn(width)) if options.pooling == "token" else None
        self.blocks = nn.Sequential(*(_block(options) for _ in range(options.depth)))
        self.norm = nn.LayerNorm(width)
        self.embedding_size = width
        self.dropout = nn.Dropout(options.dropout)
        self.classifier = nn.Linear(width, spec.n_classes)

    def forward_features(self, x: Tensor) -> Tensor:
        """Features [batch, n_bins, n_columns] -> mean of the patches or the class token, [batch, width]."""
        maps = self.patches(self.normalise(x).unsqueeze(1)).permute(0, 2, 3, 1)
        batch, _, n_columns, width = maps.shape
        column = sinusoids(n_columns, width).to(maps)
        sequence = (maps + self.row[:, None].to(maps.dtype) + column).reshape(batch, -1, width)
        if self.token is None:
            pooled: Tensor = self.norm(self._encoded(sequence)).mean(1)
            return pooled
        token = self.token.to(maps.dtype).expand(batch, 1, width)
        gathered: Tensor = self.norm(self._encoded(torch.cat((token, sequence), dim=1))[:, 0])
        return gathered

    def _encoded(self, sequence: Tensor) -> Tensor:
        # The gradient of flash attention takes half of a step on a CPU, twice what attention as written in full takes.
        in_full = self.training and sequence.device.type == "cpu"
        with sdpa_kernel(SDPBackend.MATH) if in_full else nullcontext():
            encoded: Tensor = self.blocks(sequence)
        return encoded

    def forward_head(self, features: Tensor) -> Tensor:
        """Embedding [batch, width] -> logits [batch, n_classes]."""
        logits: Tensor = self.classifier(self.dropout(features))
        return logits


def _block(options: SpectrogramTransformerOptions) -> nn.TransformerEncoderLayer:
    block = nn.TransformerEncoderLayer(
        options.width,
        options.n_heads,
        options.feed_forward,
        dropout=0.0,
        activation="gelu",
        batch_first=True,
        norm_first=True,
    )
    # As in AST, whose attention weights are never dropped; PyTorch's own dropout takes 40 % of a step on a CPU.
    for name in ("dropout", "dropout1", "dropout2"):
        setattr(block, name, ByteDropout(options.dropout))
    return block
