"""M1, report A's baseline: two hidden layers on handcrafted features, standardised by the training part."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import nn

from genrekit.errors import RecipeError
from genrekit.models.network import GenreNetwork
from genrekit.models.spec import ModelSpec

__all__ = ["MLP", "MLPOptions"]


@dataclass(frozen=True)
class MLPOptions:
    """Options of `MLP`.

    units, second_units : of the two hidden layers, at least 1
    dropout, second_dropout : after each of them, 0 <= dropout < 1
    """

    units: int = 256
    second_units: int = 64
    dropout: float = 0.4
    second_dropout: float = 0.2

    def __post_init__(self) -> None:
        for label, units in (("units", self.units), ("second_units", self.second_units)):
            if units < 1:
                raise RecipeError(f"{label} is {units}; expected at least 1")
        for label, dropout in (("dropout", self.dropout), ("second_dropout", self.second_dropout)):
            if not 0 <= dropout < 1:
                raise RecipeError(f"{label} is {dropout}; expected 0 <= dropout < 1")


class MLP(GenreNetwork):
    """Standardise -> 256, ReLU, dropout 0.4 -> 64, ReLU, dropout 0.2 -> genres (report A, listing 1).

    Mean and deviation of the inputs are buffers, so that the weights file holds them.
    """

    options_type = MLPOptions

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, spec: ModelSpec, options: MLPOptions) -> None:
        super().__init__(spec)
        if spec.n_columns is None:
            raise RecipeError(f"{spec.name}: a layer over all inputs needs a fixed n_columns; state it")
        n_inputs = spec.n_bins * spec.n_columns
        self.register_buffer("mean", torch.zeros(n_inputs))
        self.register_buffer("deviation", torch.ones(n_inputs))
        self.hidden = nn.Sequential(
            nn.Linear(n_inputs, options.units),
            nn.ReLU(),
            nn.Dropout(options.dropout),
            nn.Linear(options.units, options.second_units),
            nn.ReLU(),
            nn.Dropout(options.second_dropout),
        )
        self.embedding_size = options.second_units
        self.classifier = nn.Linear(options.second_units, spec.n_classes)

    def fit_input(self, features: Iterable[torch.Tensor]) -> None:
        """Take mean and deviation from the training part; an input that does not vary is only centred."""
        inputs = torch.cat([batch.flatten(1).cpu() for batch in features]).double()
        deviation, mean = torch.std_mean(inputs, dim=0, correction=0)
        # What is constant but for rounding would otherwise be blown up to noise.
        constant = deviation <= 1e-6 * mean.abs()
        self.mean.copy_(mean)
        self.deviation.copy_(deviation.masked_fill(constant, 1.0))

    def forward_features(self, x: torch.Tensor) -> torch.Tensor:
        """Features [batch, n_bins, n_columns] -> second hidden layer [batch, second_units]."""
        # In float32 whatever the autocast state: raw features go up to millions.
        embedding: torch.Tensor = self.hidden((x.flatten(1).float() - self.mean) / self.deviation)
        return embedding

    def forward_head(self, features: torch.Tensor) -> torch.Tensor:
        """Embedding [batch, second_units] -> logits [batch, n_classes]."""
        logits: torch.Tensor = self.classifier(features)
        return logits
