"""What can go wrong with a collection's files."""

from __future__ import annotations

from genrekit.errors import GenrekitError

__all__ = ["TagError"]


class TagError(GenrekitError):
    """Tags cannot be read, written or taken back, or a policy, results file or journal is not one."""
