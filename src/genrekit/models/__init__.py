"""Networks: a registry of them, each made from a `ModelSpec` that is stored in its weights file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

_LAZY = {"GenreNetwork": "network", "WeightsHeader": "weights", "load_weights": "weights", "save_weights": "weights"}


if not TYPE_CHECKING:  # which would take any name for one that is there

    def __getattr__(name: str) -> Any:
        if name in _LAZY:
            import importlib

            return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
