"""Use of a trained model: a `Classifier` gives a `Result` for audio, from a `ModelFile` that says all about itself.

ONNX Runtime and NumPy, no PyTorch; both are imported when a classifier is made, not with this package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from genrekit.lazy_names import lazy_names

if TYPE_CHECKING:
    from genrekit.inference.classifier import Classifier, load
    from genrekit.inference.embedding import Embedding
    from genrekit.inference.model_file import ModelCard, ModelFile
    from genrekit.inference.result import UNKNOWN, Failure, Result, Segment

__all__ = ["UNKNOWN", "Classifier", "Embedding", "Failure", "ModelCard", "ModelFile", "Result", "Segment", "load"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "classifier": ("Classifier", "load"),
            "embedding": ("Embedding",),
            "model_file": ("ModelCard", "ModelFile"),
            "result": ("UNKNOWN", "Failure", "Result", "Segment"),
        },
    )
