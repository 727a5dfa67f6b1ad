"""Music genre classification that can be trusted: an offline classifier, and leak-proof, repeatable experiments.

>>> import genrekit
>>> classifier = genrekit.load()                 # the bundled model; or a name, or a model file
>>> result = classifier.classify("song.mp3")     # or an array with its sample rate, or a file object
>>> result.genre, result.confidence

Names are imported when first used, so that `import genrekit` is quick and needs neither NumPy nor ONNX Runtime.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genrekit.errors import (
        AudioError,
        DataError,
        GenrekitError,
        LeakError,
        ModelFileError,
        RecipeError,
        RunError,
        UsageError,
    )
    from genrekit.inference import (
        UNKNOWN,
        Classifier,
        Embedding,
        Failure,
        ModelCard,
        ModelFile,
        Result,
        Segment,
        load,
    )

__all__ = [
    "UNKNOWN",
    "AudioError",
    "Classifier",
    "DataError",
    "Embedding",
    "Failure",
    "GenrekitError",
    "LeakError",
    "ModelCard",
    "ModelFile",
    "ModelFileError",
    "RecipeError",
    "Result",
    "RunError",
    "Segment",
    "UsageError",
    "__version__",
    "load",
]

__version__ = "0.1.0"

_FROM_INFERENCE = frozenset(
    {"UNKNOWN", "Classifier", "Embedding", "Failure", "ModelCard", "ModelFile", "Result", "Segment", "load"}
)


if not TYPE_CHECKING:  # which would take any name for one that is there

    def __getattr__(name: str) -> Any:
        if name in __all__:
            return getattr(import_module("genrekit.inference" if name in _FROM_INFERENCE else "genrekit.errors"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
