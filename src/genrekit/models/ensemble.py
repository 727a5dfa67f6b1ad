"""Several copies of one network that are trained side by side and answer together."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from genrekit.errors import RecipeError
from genrekit.models.network import GenreNetwork
from genrekit.models.registry import create_model
from genrekit.models.spec import ModelSpec

__all__ = ["Ensemble", "EnsembleOptions"]


@dataclass(frozen=True)
class EnsembleOptions:
    """Options of `Ensemble`.

    member : name of the network in the registry
    copies : how many of it, at least 2
    options : of the member
    """

    member: str = "res_cnn"
    copies: int = 2
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.copies < 2 or self.member == "ensemble":
            raise RecipeError(f"an ensemble has 2 or more copies of a network; got {self.copies} of {self.member!r}")


class Ensemble(GenreNetwork):
    """The mean of its members' probabilities (Lakshminarayanan et al. 2017, "deep ensembles").

    Members differ by their first weights and by what dropout takes from them. Each is trained on its own loss, so that
    none leans on the others; the embedding is theirs beside each other.
    """

    options_type = EnsembleOptions

    def __init__(self, spec: ModelSpec, options: EnsembleOptions) -> None:
        super().__init__(spec)
        member = ModelSpec(options.member, spec.n_classes, spec.n_bins, spec.n_columns, options.options)
        networks = [create_model(member) for _ in range(options.copies)]
        self.embedding_sizes = [network.embedding_size for network in networks]
        self.embedding_size = sum(self.embedding_sizes)
        self.members = nn.ModuleList(networks)

    def fit_input(self, features: Iterable[Tensor]) -> None:
        first, *others = self._networks
        first.fit_input(features)
        learnt = dict(first.named_buffers())
        for network in others:
            network.load_state_dict(learnt, strict=False)

    def check_input(self, x: Tensor) -> None:
        """As every network; what is too short for a member is refused in its name."""
        super().check_input(x)
        self._networks[0].check_input(x)

    def forward_features(self, x: Tensor) -> Tensor:
        """Features [batch, n_bins, n_columns] -> the members' embeddings [batch, embedding_size]."""
        return torch.cat([network.forward_features(x) for network in self._networks], 1)

    def forward_head(self, features: Tensor) -> Tensor:
        """Embedding -> logarithm of the mean probabilities [batch, n_classes]."""
        return _log_mean(torch.stack(self._heads(features)))

    def member_logits(self, x: Tensor) -> Tensor:
        """Features [batch, n_bins, n_columns] -> logits of each member [copies, batch, n_classes]."""
        self.check_input(x)
        return torch.stack(self._heads(self.forward_features(x)))

    def _heads(self, features: Tensor) -> list[Tensor]:
        parts = torch.split(features, self.embedding_sizes, 1)
        return [network.forward_head(part) for network, part in zip(self._networks, parts, strict=True)]

    @property
    def _networks(self) -> list[GenreNetwork]:
        return [network for network in self.members if isinstance(network, GenreNetwork)]


def _log_mean(logits: Tensor) -> Tensor:
    """Logits of members [copies, batch, n_classes] -> logarithm of their mean probabilities [batch, n_classes]."""
    return logits.float().log_softmax(2).logsumexp(0) - math.log(len(logits))
