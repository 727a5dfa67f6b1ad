"""Pictures of what was classified: a song's spectrogram and, below it, its genres over time. Matplotlib, lazily."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genrekit.pictures.drawing import write_timeline
    from genrekit.pictures.timeline import GenreTimeline, TimelineReader

__all__ = ["GenreTimeline", "TimelineReader", "write_timeline"]

_HOME = {"GenreTimeline": "timeline", "TimelineReader": "timeline", "write_timeline": "drawing"}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
