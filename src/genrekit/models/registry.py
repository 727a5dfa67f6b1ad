"""The table of networks: a new model is one file beside this one and one line here, or "module:Class" elsewhere."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from genrekit.errors import RecipeError
from genrekit.features.strict import read_strict
from genrekit.models.spec import ModelSpec
from genrekit.own_object import own_object
from genrekit.suggestion import unknown_name

if TYPE_CHECKING:
    from genrekit.models.network import GenreNetwork

__all__ = ["MODELS", "create_model", "network_class", "network_options"]

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
    """The class of a network.

    Parameters
    ----------
    name : one of `MODELS`, or "module:Class" of a network of one's own, where Python finds it

    Raises
    ------
    RecipeError : for an unknown name, with the nearest; for a module or class that is not there, or is no network
    """
    if name in MODELS:
        module, _, attribute = MODELS[name].partition(":")
        network: type[GenreNetwork] = getattr(importlib.import_module(module), attribute)
        return network
    if ":" not in name:
        raise RecipeError(f"unknown model {unknown_name(name, MODELS)}; or give module:Class of your own")
    return _own_class(name)


def network_options(name: str, options: Mapping[str, Any]) -> Any:
    """The options of a network of that name, those left out at their defaults; all that needs no sizes is checked.

    Raises
    ------
    RecipeError : as `network_class`; for an unknown option (the message names the nearest) or one of a wrong type
    """
    return read_strict(network_class(name).options_type, options, what=f"options of model {name!r}")


def create_model(spec: ModelSpec) -> GenreNetwork:
    """A new network with random weights (from PyTorch's generator: seed it for the same weights).

    Raises
    ------
    RecipeError : for an unknown name or option (the message names the nearest), an option out of its range, or sizes
        that the network cannot take
    """
    options = network_options(spec.name, spec.options)
    return network_class(spec.name)(spec, options)  # type: ignore[call-arg]


def _own_class(name: str) -> type[GenreNetwork]:
    from genrekit.models.network import GenreNetwork

    found = own_object(name, what="model", error_type=RecipeError)
    if not (isinstance(found, type) and issubclass(found, GenreNetwork)):
        raise RecipeError(f"model {name!r} is no network: expected a subclass of genrekit.models.GenreNetwork")
    return found
