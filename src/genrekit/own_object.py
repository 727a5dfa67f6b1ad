"""What "module:object" stands for: code of one's own, where Python finds it."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

from genrekit.errors import GenrekitError

__all__ = ["is_own", "own_object"]

# No path of Windows, whose drive letter is followed by a colon, too.
NAME = re.compile(r"[^\W\d][\w.]*:[^\W\d]\w*")


def is_own(name: str) -> bool:
    """Whether this is the name of an object in a module, "my_networks:BandMeans"."""
    return NAME.fullmatch(name) is not None


def own_object(name: str, *, what: str, error_type: type[GenrekitError]) -> Any:
    """The object of such a name.

    Parameters
    ----------
    name : "module:object"
    what : what it is meant to be, for the error messages ("model")
    error_type : what is raised if it is not there
    """
    module, _, attribute = name.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise error_type(
            f"{what} {name!r} cannot be imported: {error}; run where Python finds the module, or set PYTHONPATH"
        ) from error
