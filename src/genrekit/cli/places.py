"""Places for output that is written at the end, looked at before the work."""

from __future__ import annotations

import os
from pathlib import Path

from genrekit.errors import GenrekitError

__all__ = ["require_place"]


def require_place(path: Path, what: str) -> None:
    """Say what would keep `what` from being written to `path` after hours of work.

    Raises
    ------
    GenrekitError : if its folder is missing or may not be written to, or it is a folder itself
    """
    folder = path.parent
    if path.is_dir():
        raise GenrekitError(f"cannot write {what} to {path}: it is a folder; give the name of a file")
    if not folder.is_dir():
        raise GenrekitError(
            f"cannot write {what} to {path}: there is no folder {folder}; make it, or give another name"
        )
    if not path.exists() and not os.access(folder, os.W_OK):
        raise GenrekitError(f"cannot write {what} to {path}: {folder} may not be written to; give another name")
