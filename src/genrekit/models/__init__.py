"""Networks: a registry of them, each made from a `ModelSpec` that is stored in its weights file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genrekit.lazy_names import lazy_names
from genrekit.models.registry import MODELS, create_model, network_class
from genrekit.models.spec import ModelSpec

if TYPE_CHECKING:
    from genrekit.models.network import GenreNetwork
    from genrekit.models.weights import WeightsHeader, load_weights, save_weights

__all__ = [
    "MODELS",
    "GenreNetwork",
    "ModelSpec",
    "WeightsHeader",
    "create_model",
    "load_weights",
    "network_class",
    "save_weights",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "network": ("GenreNetwork",),
            "weights": ("WeightsHeader", "load_weights", "save_weights"),
        },
    )
