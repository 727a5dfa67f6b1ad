"""Own genres from a few songs each: a linear classifier on a model file's embedding, scored honestly, as one new file.

`learn` reads ``folder/<genre>/``, cross-validates over artists and recordings, calibrates, and gives a `Learned`, whose
`write` makes a model file that every verb takes. scikit-learn and onnx, imported when they are needed; no PyTorch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genrekit.learning.cross_validation import CrossValidated
    from genrekit.learning.head import Head
    from genrekit.learning.own_genres import Learned, learn
    from genrekit.learning.songs import LeftOut, Song, Songs, find_songs

__all__ = ["CrossValidated", "Head", "Learned", "LeftOut", "Song", "Songs", "find_songs", "learn"]

_HOME = {
    "CrossValidated": "cross_validation",
    "Head": "head",
    "Learned": "own_genres",
    "LeftOut": "songs",
    "Song": "songs",
    "Songs": "songs",
    "find_songs": "songs",
    "learn": "own_genres",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
