"""Places for output, as the options of verbs name them."""

from __future__ import annotations

from pathlib import Path

import typer

from genrekit.errors import PlaceError
from genrekit.output_places import require_earlier, require_place

__all__ = ["require_own", "require_place"]


def require_own(path: Path, option: str, beginning: str) -> None:
    """Let output replace nothing but earlier output of its kind: `path` may be a song that a shell put there.

    Parameters
    ----------
    path : where it is to be written
    option : that names it
    beginning : the text by which an earlier one is known

    Raises
    ------
    typer.BadParameter : if a regular file is there that begins with something else, or cannot be read
    """
    try:
        require_earlier(path, beginning=beginning)
    except PlaceError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error
