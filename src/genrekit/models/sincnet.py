"""M7, future work of report A (section 6): a network on raw waveforms, whose first layer learns band-pass filters."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genrekit.errors import RecipeError
from genrekit.models.layers.sinc import SincFilters
from genrekit.models.network import GenreNetwork
from genrekit.models.spec import ModelSpec

__all__ = ["SincNet", "SincNetOptions"]

# One output of the filter bank a millisecond or so; then poolings by 4: 3 s at 22 050 Hz are 4135 outputs and 16 steps.
STRIDE = 16
POOL = 4
N_BLOCKS = 3
# Quieter than any 16-bit sample: keeps silence finite and out of the logarithm's steep end.
FLOOR = 1e-5


@dataclass(frozen=True)
class SincNetOptions:
    """Options of `SincNet`.

    n_filters : band-pass filters of the first layer
    filter_length : their taps, odd; 251 as in SincNet
    width : channels of the convolutions after it
    dropout : after each of them and before the last layer, 0 <= dropout < 1
    """

    n_filters: int = 80
    filter_length: int = 251
    width: int = 128
    dropout: float = 0.2

    def __post_init__(self) -> None:
        for name, value in (("n_filters", self.n_filters), ("width", self.width)):
            if value < 1:
                raise RecipeError(f"{name} is {value}; expected at least 1")
        if self.filter_length < 3 or self.filter_length % 2 == 0:
            raise RecipeError(f"filter_length is {self.filter_length}; expected an odd number of taps, at least 3")
        if not 0 <= self.dropout < 1:
            raise RecipeError(f"dropout is {self.dropout}; expected 0 <= dropout < 1")


class SincNet(GenreNetwork):
    """Sinc filters, level of each band, three convolutions over time, mean and maximum over time, linear layer.

    After Ravanelli and Bengio 2018, fitted to windows of seconds where theirs last 0.2 s: the filters are applied every
    16 samples, the level of a band is the logarithm of its largest magnitude in 4 outputs (theirs has no logarithm;
    music has a range of 60 dB), and pooling over time stands in place of their fully connected layers, so that any
    length from `min_columns` samples on will do. The waveform is brought to zero mean and unit deviation first.
    """

    options_type = SincNetOptions
    min_columns = STRIDE * POOL ** (N_BLOCKS + 1)

    def __init__(self, spec: ModelSpec, options: SincNetOptions) -> None:
        super().__init__(spec)
        if spec.n_bins != 1:
            raise RecipeError(
                f"{spec.name}: features have {spec.n_bins} bins; expected a waveform, which has 1: "
                "use features: waveform"
            )
        self.filters = SincFilters(options.n_filters, length=options.filter_length, stride=STRIDE)
        self.norm = nn.BatchNorm1d(options.n_filters)
        blocks: list[nn.Module] = []
        for before, width in pairwise((options.n_filters, *[options.width] * N_BLOCKS)):
            blocks += [
                nn.Conv1d(before, width, 5, padding=2, bias=False),
                nn.BatchNorm1d(width),
                nn.LeakyReLU(0.2),
                nn.MaxPool1d(POOL),
                nn.Dropout(options.dropout),
            ]
        self.blocks = nn.Sequential(*blocks)
        self.embedding_size = 2 * options.width
        self.dropout = nn.Dropout(options.dropout)
        self.classifier = nn.Linear(self.embedding_size, spec.n_classes)

    def forward_features(self, x: Tensor) -> Tensor:
        """Waveform [batch, 1, n_samples] -> mean and maximum over time, [batch, 2 * width]."""
        bands = self.filters(_standardised(x.float()))
        levels = torch.log(F.max_pool1d(bands.abs(), POOL) + FLOOR)
        steps = self.blocks(self.norm(levels))
        return torch.cat((steps.mean(2), steps.amax(2)), dim=1)

    def forward_head(self, features: Tensor) -> Tensor:
        """Embedding [batch, 2 * width] -> logits [batch, n_classes]."""
        logits: Tensor = self.classifier(self.dropout(features))
        return logits


def _standardised(x: Tensor) -> Tensor:
    centred = x - x.mean(2, keepdim=True)
    return centred / (centred.square().mean(2, keepdim=True).sqrt() + FLOOR)
