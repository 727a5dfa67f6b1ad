"""A hidden layer on texture statistics: it knows nothing of the order of things, and sees what a CNN overlooks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genrekit.errors import RecipeError
from genrekit.models.layers.modulation_spectrum import ModulationSpectrum
from genrekit.models.layers.texture_statistics import TextureStatistics
from genrekit.models.network import GenreNetwork
from genrekit.models.spec import ModelSpec

__all__ = ["TextureMLP", "TextureMLPOptions"]


@dataclass(frozen=True)
class TextureMLPOptions:
    """Options of `TextureMLP`.

    spectrum_regions : of the mel axis, whose modulation spectra are among the statistics; 0 for none
    bound : of a standardised statistic, in deviations, more than 0: the hidden layer sees it in place of what is
        beyond; None for no bound. Where a band is all but empty, skewness and kurtosis may be a dozen deviations from
        all that was trained on
    units : of the hidden layer, at least 1
    input_dropout, dropout : of the statistics and of the hidden layer, 0 <= dropout < 1
    """

    spectrum_regions: int = 0
    bound: float | None = None
    units: int = 256
    input_dropout: float = 0.5
    dropout: float = 0.5

    def __post_init__(self) -> None:
        if self.spectrum_regions < 0:
            raise RecipeError(f"spectrum_regions is {self.spectrum_regions}; expected 0 (none) or more")
        if self.bound is not None and not 0 < self.bound < math.inf:
            raise RecipeError(f"bound is {self.bound}; expected more than 0 deviations, or null for none")
        if self.units < 1:
            raise RecipeError(f"units is {self.units}; expected at least 1")
        for label, dropout in (("input_dropout", self.input_dropout), ("dropout", self.dropout)):
            if not 0 <= dropout < 1:
                raise RecipeError(f"{label} is {dropout}; expected 0 <= dropout < 1")


class TextureMLP(GenreNetwork):
    """Texture statistics, standardised by the training part, bounded -> hidden layer, batch norm, ReLU -> genres.

    The embedding is the hidden layer. It takes any number of columns from `min_columns` on.

    Far from all music that it was trained on, a layer on numbers without bounds is sure of anything. Where the root
    mean square of the standardised statistics, before they are bounded, is r times that of the farthest training
    excerpt, not augmented (`reach`), r > 1, the embedding is divided by r squared: the farther the sound, the less is
    said of it.
    """

    options_type = TextureMLPOptions
    min_bins = 64
    min_columns = TextureStatistics.min_columns

    mean: Tensor
    deviation: Tensor
    reach: Tensor

    def __init__(self, spec: ModelSpec, options: TextureMLPOptions) -> None:
        super().__init__(spec)
        families: list[TextureStatistics | ModulationSpectrum] = [TextureStatistics(spec.n_bins)]
        if options.spectrum_regions:
            families.append(ModulationSpectrum(spec.n_bins, n_regions=options.spectrum_regions))
        self.families = nn.ModuleList(families)
        self.n_statistics = sum(family.size for family in families)
        self.register_buffer("mean", torch.zeros(self.n_statistics))
        self.register_buffer("deviation", torch.ones(self.n_statistics))
        self._bound = options.bound
        # Of an unfitted network, nothing is far.
        self.register_buffer("reach", torch.tensor(torch.inf))
        self.hidden = nn.Sequential(
            nn.Dropout(options.input_dropout),
            nn.Linear(self.n_statistics, options.units, bias=False),
            nn.BatchNorm1d(options.units),
            nn.ReLU(),
        )
        self.embedding_size = options.units
        self.dropout = nn.Dropout(options.dropout)
        self.classifier = nn.Linear(options.units, spec.n_classes)

    def statistics(self, x: Tensor) -> Tensor:
        """dB features [batch, n_bins, n_columns] -> [batch, n_statistics], not standardised."""
        return torch.cat([family(x) for family in self.families], 1)

    def fit_input(self, features: Iterable[Tensor]) -> None:
        """Take mean and deviation of the statistics from the training part, and how far its excerpts reach from it."""
        with torch.no_grad():
            # Wherever they come from: this network is not on their device yet.
            there = self.mean.device
            statistics = torch.cat([self.statistics(batch.to(there)) for batch in features]).double()
        deviation, mean = torch.std_mean(statistics, dim=0, correction=0)
        self.mean.copy_(mean)
        self.deviation.copy_(deviation.clamp_min(1e-3))
        self.reach.copy_(_distance((statistics - self.mean) / self.deviation).max())

    def forward_features(self, x: Tensor) -> Tensor:
        """dB features [batch, n_bins, n_columns] -> hidden layer [batch, units]."""
        standard = (self.statistics(x) - self.mean) / self.deviation
        nearness = (self.reach / _distance(standard)).clamp_max(1).square()
        if self._bound is not None:
            standard = standard.clamp(-self._bound, self._bound)
        embedding: Tensor = self.hidden(standard) * nearness
        return embedding

    def forward_head(self, features: Tensor) -> Tensor:
        """Embedding [batch, units] -> logits [batch, n_classes]."""
        logits: Tensor = self.classifier(self.dropout(features))
        return logits


def _distance(standard: Tensor) -> Tensor:
    """Root mean square of standardised statistics [batch, size] -> [batch, 1]; more than 0, to divide by."""
    return standard.square().mean(1, keepdim=True).add(1e-12).sqrt()
