"""The table of networks: a new model is one file beside this one and one line here."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from genrekit.errors import RecipeError
from genrekit.features.strict import read_strict
from genrekit.models.spec import ModelSpec
from genrekit.suggestion import unknown_name

if TYPE_CHECKING:
    from genrekit.models.network import GenreNetwork

__all__ = ["MODELS", "create_model", "network_class"]

# name -> "module:class"; imported when made, so that names can be listed and recipes checked without PyTorch.
MODELS: dict[str, str] = {
    "se_cnn": "genrekit.models.se_cnn:SECNN",
    "rglu": "genrekit.models.rglu:RGLU",
    "mlp": "genrekit.models.mlp:MLP",
    "res_cnn": "genrekit.models.res_cnn:ResCNN",
    "texture_mlp": "genrekit.models.texture_mlp:TextureMLP",
    "resnet": "genrekit.models.resnet:ResNet",
    "cnn_lstm": "genrekit.models.cnn_lstm:CNNLSTM",
    "transformer": "genrekit.models.transformer:SpectrogramTransformer",
    "bbnn": "genrekit.models.bbnn:BBNN",
    "sincnet": "genrekit.models.sincnet:SincNet",
    "ensemble": "genrekit.models.ensemble:Ensemble",
}


def network_class(name: str) -> type[GenreNetwork]:
    """The class of the network called `name`; an unknown name is a RecipeError that names the nearest."""
    if name not in MODELS:
        raise RecipeError(f"unknown model {unknown_name(name, MODELS)}")
    module, _, attribute = MODELS[name].partition(":")
    network: type[GenreNetwork] = getattr(importlib.import_module(module), attribute)
    return network


def create_model(spec: ModelSpec) -> GenreNetwork:
    """A new network with random weights (from PyTorch's generator: seed it for the same weights).

    Raises
    ------
    RecipeError : for an unknown name or option (the message names the nearest), an option out of its range, or sizes
        that the network cannot take
    """
    network = network_class(spec.name)
    options = read_strict(network.options_type, spec.options, what=f"options of model {spec.name!r}")
    return network(spec, options)  # type: ignore[call-arg]
