"""What can go wrong with a collection's files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from genrekit.audio import display_name
from genrekit.errors import GenrekitError, UsageError

__all__ = ["PolicyError", "TagError", "as_tag_error"]


class TagError(GenrekitError):
    """Tags cannot be read, written or taken back, or a results file or journal is not one."""


class PolicyError(TagError, UsageError):
    """A policy is not one."""


@contextmanager
def as_tag_error(path: str | os.PathLike[str]) -> Iterator[None]:
    """Raise the system's errors as a TagError that names `path`."""
    try:
        yield
    except OSError as error:
        raise TagError(f"{display_name(path)}: {error.strerror or error}") from error
