"""What every network is: features in, embedding in the middle, logits out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar

import torch
from torch import nn

from genrekit.errors import RecipeError
from genrekit.models.spec import ModelSpec

__all__ = ["GenreNetwork"]


class GenreNetwork(nn.Module, ABC):
    """Base of all networks: features [batch, n_bins, n_columns] -> logits [batch, n_classes].

    A subclass sets `options_type` (a frozen dataclass, all of whose fields have defaults), takes `(spec, options)`,
    calls `super().__init__(spec)` first, sets `embedding_size`, and implements `forward_features` and `forward_head`.
    It sets `min_bins` and `min_columns` where its poolings need them.
    """

    options_type: ClassVar[type[Any]]
    min_bins: ClassVar[int] = 1
    min_columns: ClassVar[int] = 1

    spec: ModelSpec
    embedding_size: int

    def __init__(self, spec: ModelSpec) -> None:
        """Keep the spec; raise RecipeError if the network's poolings need more bins or columns than it states."""
        super().__init__()
        self.spec = spec
        self._require(spec.n_bins, self.min_bins, "bins")
        if spec.n_columns is not None:
            self._require(spec.n_columns, self.min_columns, "columns")

    def fit_input(self, features: Iterable[torch.Tensor]) -> None:
        """Look at the training part's features before training, for a network that standardises its input.

        What is learnt belongs into buffers, so that checkpoints and weights files hold it. By default, nothing is.

        Parameters
        ----------
        features : batches [batch, n_bins, n_columns], made when they are asked for
        """

    @abstractmethod
    def forward_features(self, x: torch.Tensor) -> torch.Tensor:
        """Features [batch, n_bins, n_columns] -> embedding [batch, embedding_size]."""

    @abstractmethod
    def forward_head(self, features: torch.Tensor) -> torch.Tensor:
        """Embedding [batch, embedding_size] -> logits [batch, n_classes]."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Features [batch, n_bins, n_columns] -> logits [batch, n_classes].

        Raises
        ------
        RecipeError : if the shape is not the one that the network was made for
        """
        self.check_input(x)
        return self.forward_head(self.forward_features(x))

    def check_input(self, x: torch.Tensor) -> None:
        """Raise RecipeError, with both shapes, if `x` is not [batch, n_bins, n_columns] of this network's spec."""
        spec = self.spec
        columns = "any" if spec.n_columns is None else str(spec.n_columns)
        if x.ndim != 3 or x.shape[1] != spec.n_bins or (spec.n_columns is not None and x.shape[2] != spec.n_columns):
            raise RecipeError(
                f"{spec.name}: features have shape {list(x.shape)}; expected [batch, n_bins, n_columns] = "
                f"[any, {spec.n_bins}, {columns}]; use the front end and the window that the model was made for"
            )
        if spec.n_columns is None:
            self._require(x.shape[2], self.min_columns, "columns")

    def _require(self, given: int, least: int, label: str) -> None:
        if given < least:
            remedy = "a longer window" if label == "columns" else "more bins"
            raise RecipeError(
                f"{self.spec.name}: features have {given} {label}; expected at least {least}, or nothing is left "
                f"after the network's poolings; take {remedy}"
            )
