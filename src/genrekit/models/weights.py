"""Weights files: safetensors, with all that is needed to use them as JSON in the file's metadata."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch

from genrekit.errors import ModelFileError, NoSuchModelError, RecipeError
from genrekit.features.spec import FeatureSpec
from genrekit.models.network import GenreNetwork
from genrekit.models.registry import create_model
from genrekit.models.spec import ModelSpec
from genrekit.suggestion import unknown_name
from genrekit.whole_file import written_whole

__all__ = ["WeightsHeader", "load_weights", "require_weights", "save_weights"]

FORMAT = 1
METADATA_KEY = "genrekit"


@dataclass(frozen=True)
class WeightsHeader:
    """What a weights file says of itself.

    Attributes
    ----------
    genres : label of each logit, in order
    model : the network
    features : the front end that it was trained on
    window_s : seconds of audio that it sees at once
    """

    genres: tuple[str, ...]
    model: ModelSpec
    features: FeatureSpec
    window_s: float

    def __post_init__(self) -> None:
        if len(self.genres) != self.model.n_classes:
            raise RecipeError(
                f"weights header: {len(self.genres)} genres for a model of {self.model.n_classes} classes"
            )
        if len(set(self.genres)) != len(self.genres):
            raise RecipeError(f"weights header: a genre occurs twice in {', '.join(self.genres)}")
        if self.features.n_bins != self.model.n_bins:
            raise RecipeError(
                f"weights header: the front end gives {self.features.n_bins} bins; the model takes {self.model.n_bins}"
            )
        if not self.window_s > 0:
            raise RecipeError(f"weights header: window_s is {self.window_s}; expected a positive number of seconds")

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON values, with the format's number."""
        return {
            "format": FORMAT,
            "genres": list(self.genres),
            "model": self.model.to_dict(),
            "features": self.features.to_dict(),
            "window_s": self.window_s,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> WeightsHeader:
        """The inverse of `to_dict`; RecipeError for another format, and for a key that is missing or unknown."""
        if values.get("format") != FORMAT:
            raise RecipeError(f"weights header: format is {values.get('format')!r}; this version reads format {FORMAT}")
        known = ("format", "genres", "model", "features", "window_s")
        for key in values:
            if key not in known:
                raise RecipeError(f"weights header: unknown key {unknown_name(key, known)}")
        missing = [key for key in known if key not in values]
        if missing:
            raise RecipeError(f"weights header: missing {', '.join(missing)}")
        genres, window_s = values["genres"], values["window_s"]
        if not isinstance(genres, list) or not all(isinstance(genre, str) for genre in genres):
            raise RecipeError("weights header: genres is not a list of names")
        if isinstance(window_s, bool) or not isinstance(window_s, int | float):
            raise RecipeError(f"weights header: window_s is {window_s!r}; expected a number of seconds")
        return cls(
            genres=tuple(genres),
            model=ModelSpec.from_dict(values["model"]),
            features=FeatureSpec.from_dict(values["features"]),
            window_s=float(window_s),
        )


def save_weights(path: str | os.PathLike[str], network: GenreNetwork, header: WeightsHeader) -> None:
    """Write all weights and the header to `path`, whole or not at all.

    Raises
    ------
    RecipeError : if the header is that of another network
    ModelFileError : if the file cannot be written (no permission, full disk); nothing is left behind
    """
    path = Path(path)
    if header.model != network.spec:
        raise RecipeError(f"{path}: the header describes {header.model}, the network is {network.spec}")
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    data = safetensors.torch.save(tensors, metadata={METADATA_KEY: json.dumps(header.to_dict(), sort_keys=True)})
    try:
        with written_whole(path) as partial:
            partial.write_bytes(data)
    except OSError as error:
        raise ModelFileError(f"{path}: cannot write the weights: {error.strerror or error}") from error


def require_weights(path: Path) -> None:
    """Raise NoSuchModelError if no weights are there: runs are published without."""
    if not path.is_file():
        raise NoSuchModelError(
            f"{path}: no such weights file. Runs are published without their weights: train the recipe, and give "
            "that run's folder."
        )


def load_weights(path: str | os.PathLike[str]) -> tuple[GenreNetwork, WeightsHeader]:
    """The network in `path`, on the CPU and in evaluation mode, and its header.

    Raises
    ------
    ModelFileError : if the file is missing, is not safetensors, lacks the header, or holds tensors of other names or
        shapes than the network of its header
    """
    path = Path(path)
    require_weights(path)
    try:
        with safetensors.safe_open(path, framework="pt", device="cpu") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    except (safetensors.SafetensorError, OSError) as error:
        raise ModelFileError(f"{path}: not a safetensors weights file, or a damaged one: {error}") from error
    if METADATA_KEY not in metadata:
        raise ModelFileError(
            f"{path}: a safetensors file without genrekit's header; expected the metadata key {METADATA_KEY!r}, which "
            "save_weights writes"
        )
    try:
        header = WeightsHeader.from_dict(json.loads(metadata[METADATA_KEY]))
        network = create_model(header.model)
    except (RecipeError, ValueError, AttributeError) as error:
        raise ModelFileError(f"{path}: the header cannot be used: {error}") from error
    _require_same_shapes(path, network.state_dict(), tensors)
    network.load_state_dict(tensors)
    return network.eval(), header


def _require_same_shapes(path: Path, expected: Mapping[str, torch.Tensor], given: Mapping[str, torch.Tensor]) -> None:
    missing = sorted(expected.keys() - given.keys())
    extra = sorted(given.keys() - expected.keys())
    if missing or extra:
        raise ModelFileError(
            f"{path}: the tensors are not those of the header's network; missing: {', '.join(missing) or 'none'}; "
            f"unknown: {', '.join(extra) or 'none'}"
        )
    for name, tensor in expected.items():
        if tensor.shape != given[name].shape:
            raise ModelFileError(
                f"{path}: tensor {name} has shape {list(given[name].shape)}; the header's network expects "
                f"{list(tensor.shape)}"
            )
