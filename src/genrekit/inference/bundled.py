"""The models that come with the package, by name."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

from genrekit.errors import INSTALL_AGAIN, ModelFileError, NoSuchModelError
from genrekit.suggestion import unknown_name

__all__ = ["DEFAULT", "bundled_models", "find_model"]

DEFAULT = "default"
SUFFIX = ".onnx"


def bundled_models() -> dict[str, Path]:
    """Name -> file of each model inside the package."""
    folder = Path(str(files("genrekit"))) / "assets"
    return {path.stem: path for path in sorted(folder.glob(f"*{SUFFIX}"))}


def find_model(model: str | os.PathLike[str]) -> Path:
    """The file of a model, given its name or a path.

    Parameters
    ----------
    model : a name of `bundled_models`, or a path. What has a folder in it, ends in .onnx or exists is taken for a path,
        so "./default" is a file of the user's and "default" ours.

    Raises
    ------
    NoSuchModelError : for a name that is not bundled; the message names the nearest
    ModelFileError : if the default one is missing
    """
    text = os.fspath(model)
    bundled = bundled_models()
    if text in bundled:
        return bundled[text]
    path = Path(text)
    if path.name != text or path.suffix == SUFFIX or path.exists():
        return path
    if text == DEFAULT:
        raise ModelFileError(f"the bundled model is missing here: {INSTALL_AGAIN}")
    raise NoSuchModelError(f"no bundled model is named {unknown_name(text, bundled)}; or give the path of a model file")
