"""M7, future work of report A (section 6): an LSTM along time on top of the SE-CNN's feature extractor."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genrekit.errors import RecipeError
from genrekit.models.network import GenreNetwork
from genrekit.models.se_cnn import WIDTHS, as_image, check_se_options, se_cnn_extractor
from genrekit.models.spec import ModelSpec

__all__ = ["CNNLSTM", "CNNLSTMOptions"]

# Fixed rather than an option, so that the least number of columns is the same for every network of this name: 130
# columns leave 16 steps, where five poolings as in the SE-CNN would leave the LSTM 4.
N_TIME_POOLINGS = 3


@dataclass(frozen=True)
class CNNLSTMOptions:
    """Options of `CNNLSTM`.

    hidden : outputs of the LSTM a step, over both directions if there are two
    n_directions : 1 reads the steps forwards, 2 also backwards with half of the outputs each
    reduction : of the SE-CNN's squeeze-and-excitation, 2 to 64
    dropout : in the SE-CNN's blocks and before the last layer, 0 <= dropout < 1
    """

    hidden: int = 128
    n_directions: int = 1
    reduction: int = 32
    dropout: float = 0.25

    def __post_init__(self) -> None:
        check_se_options(reduction=self.reduction, dropout=self.dropout)
        if self.n_directions not in (1, 2):
            raise RecipeError(f"n_directions is {self.n_directions}; expected 1 or 2")
        if self.hidden < 1 or self.hidden % self.n_directions:
            raise RecipeError(f"hidden is {self.hidden}; expected a positive multiple of n_directions")


class CNNLSTM(GenreNetwork):
    """The SE-CNN's five blocks, three of which halve time; each remaining step, normalised, goes through an LSTM.

    A step is all channels of all remaining rows, so that the LSTM knows high from low. The embedding is the mean of
    the LSTM's outputs over time; any number of columns from `min_columns` on will do.
    """

    options_type = CNNLSTMOptions
    min_bins = 32
    min_columns = 32

    def __init__(self, spec: ModelSpec, options: CNNLSTMOptions) -> None:
        super().__init__(spec)
        self.blocks = se_cnn_extractor(
            reduction=options.reduction, dropout=options.dropout, n_time_poolings=N_TIME_POOLINGS
        )
        step_size = WIDTHS[-1] * (spec.n_bins // 2 ** len(WIDTHS))
        # Powers without a logarithm would drive the LSTM's gates to their ends.
        self.norm = nn.LayerNorm(step_size)
        self.lstm = nn.LSTM(
            step_size,
            options.hidden // options.n_directions,
            batch_first=True,
            bidirectional=options.n_directions == 2,
        )
        self.embedding_size = options.hidden
        self.dropout = nn.Dropout(options.dropout)
        self.classifier = nn.Linear(options.hidden, spec.n_classes)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward_features(self, x: Tensor) -> Tensor:
        """Features [batch, n_bins, n_columns] -> mean over time of the LSTM's outputs, [batch, hidden]."""
        steps = self.blocks(as_image(x)).flatten(1, 2).transpose(1, 2)
        outputs: Tensor = self.lstm(self.norm(steps))[0]
        return outputs.mean(1)

    def forward_head(self, features: Tensor) -> Tensor:
        """Embedding [batch, hidden] -> logits [batch, n_classes]."""
        logits: Tensor = self.classifier(self.dropout(features))
        return logits
