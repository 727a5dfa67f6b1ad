"""Own genres from a few songs each: a linear classifier on a model file's embedding, scored honestly, as one new file.

`learn` reads ``folder/<genre>/``, cross-validates over artists and recordings, calibrates, and gives a `Learned`, whose
`write` makes a model file that every verb takes. scikit-learn and onnx, imported when they are needed; no PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from genrekit.lazy_names import lazy_names

if TYPE_CHECKING:
    from genrekit.learning.own_genres import Learned, learn

__all__ = ["Learned", "learn"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "own_genres": ("Learned", "learn"),
        },
    )
