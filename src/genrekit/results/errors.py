"""What can go wrong with results on disk."""

from __future__ import annotations

from genrekit.errors import GenrekitError

__all__ = ["ResultsError"]


class ResultsError(GenrekitError):
    """Results cannot be written, read, or gone on with."""
