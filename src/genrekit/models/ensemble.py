"""Networks that answer together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from genrekit.errors import RecipeError
from genrekit.features.strict import read_strict
from genrekit.models.network import GenreNetwork
from genrekit.models.registry import create_model
from genrekit.models.spec import ModelSpec

__all__ = ["Ensemble", "EnsembleOptions", "Member"]


@dataclass(frozen=True)
class Member:
    """One network of an ensemble: its name in the registry, and its options."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class EnsembleOptions:
    """Options of `Ensemble`.

    members : at least 2, each with the fields of `Member`
    """

    members: list[dict[str, Any]] = field(default_factory=lambda: [{"name": "res_cnn"}, {"name": "texture_mlp"}])

    def __post_init__(self) -> None:
        names = [member.name for member in self.networks]
        if len(names) < 2 or "ensemble" in names:
            raise RecipeError(f"an ensemble has 2 or more networks that are none; got {', '.join(names) or 'none'}")

    @property
    def networks(self) -> tuple[Member, ...]:
        """The members, checked."""
        return tuple(read_strict(Member, member, what="member of an ensemble") for member in self.members)


class Ensemble(GenreNetwork):
    """The geometric mean of its members' probabilities: what any of them rules out is unlikely (Hinton 2002, "products
    of experts").

    Members are best trained each on its own, as a recipe's `ensemble` has it: one leans on nothing that another knows.
    The embedding is theirs beside each other.
    """

    options_type = EnsembleOptions

    def __init__(self, spec: ModelSpec, options: EnsembleOptions) -> None:
        super().__init__(spec)
        networks = [
            create_model(ModelSpec(member.name, spec.n_classes, spec.n_bins, spec.n_columns, member.options))
            for member in options.networks
        ]
        self.embedding_sizes = [network.embedding_size for network in networks]
        self.embedding_size = sum(self.embedding_sizes)
        self.members = nn.ModuleList(networks)

    def take_weights(self, networks: Sequence[GenreNetwork]) -> None:
        """Take over the weights of networks that were trained by themselves, one for each member, in order."""
        for member, trained in zip(self._networks, networks, strict=True):
            member.load_state_dict(trained.state_dict())

    def fit_input(self, features: Iterable[Tensor]) -> None:
        """Let each member look at all of them."""
        batches = list(features)
        for network in self._networks:
            network.fit_input(batches)

    def check_input(self, x: Tensor) -> None:
        """As every network; what is too short for a member is refused in its name."""
        super().check_input(x)
        for network in self._networks:
            network.check_input(x)

    def forward_features(self, x: Tensor) -> Tensor:
        """Features [batch, n_bins, n_columns] -> the members' embeddings [batch, embedding_size]."""
        return torch.cat([network.forward_features(x).float() for network in self._networks], 1)

    def forward_head(self, features: Tensor) -> Tensor:
        """Embedding -> mean of the logarithms of the members' probabilities [batch, n_classes]."""
        parts = torch.split(features, self.embedding_sizes, 1)
        logits = [network.forward_head(part) for network, part in zip(self._networks, parts, strict=True)]
        return torch.stack(logits).float().log_softmax(2).mean(0)

    @property
    def _networks(self) -> list[GenreNetwork]:
        return [network for network in self.members if isinstance(network, GenreNetwork)]
