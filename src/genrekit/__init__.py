"""Music genre classification that can be trusted: an offline classifier, and leak-proof, repeatable experiments.

>>> import genrekit
>>> classifier = genrekit.load()                 # the bundled model; or a name, or a model file
>>> result = classifier.classify("song.mp3")     # or an array with its sample rate, or a file object
>>> result.genre, result.confidence

Names are imported when first used, so that `import genrekit` is quick and needs neither NumPy nor ONNX Runtime.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from genrekit.lazy_names import lazy_names

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

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "errors": (
                "AudioError",
                "DataError",
                "GenrekitError",
                "LeakError",
                "ModelFileError",
                "RecipeError",
                "RunError",
                "UsageError",
            ),
            "inference": (
                "UNKNOWN",
                "Classifier",
                "Embedding",
                "Failure",
                "ModelCard",
                "ModelFile",
                "Result",
                "Segment",
                "load",
            ),
        },
        # For a notebook; type checkers want `import genrekit.training`, as of any package.
        rooms=(
            "data",
            "evaluation",
            "experiments",
            "export",
            "features",
            "inference",
            "learning",
            "models",
            "training",
        ),
    )
