"""Use of a trained model: a `Classifier` gives a `Result` for audio, from a `ModelFile` that says all about itself.

ONNX Runtime and NumPy, no PyTorch; both are imported when a classifier is made, not with this package.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genrekit.inference.classifier import Classifier, load
    from genrekit.inference.embedding import Embedding
    from genrekit.inference.model_file import ModelCard, ModelFile
    from genrekit.inference.result import UNKNOWN, Failure, Result, Segment

__all__ = ["UNKNOWN", "Classifier", "Embedding", "Failure", "ModelCard", "ModelFile", "Result", "Segment", "load"]

_HOME = {
    "Classifier": "classifier",
    "load": "classifier",
    "Embedding": "embedding",
    "ModelCard": "model_file",
    "ModelFile": "model_file",
    "UNKNOWN": "result",
    "Failure": "result",
    "Result": "result",
    "Segment": "result",
}


if not TYPE_CHECKING:  # which would take any name for one that is there

    def __getattr__(name: str) -> Any:
        if name in _HOME:
            return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
