"""Places for output that is written at the end, looked at before the work."""

from __future__ import annotations

import os
from pathlib import Path

import typer

from genrekit.errors import UsageError

__all__ = ["require_own", "require_place"]


def require_place(path: Path, what: str) -> None:
    """Say what would keep `what` from being written to `path` after hours of work.

    Raises
    ------
    UsageError : if its folder is missing or may not be written to, or it is a folder itself
    """
    folder = path.parent
    if path.is_dir():
        raise UsageError(f"cannot write {what} to {path}: it is a folder; give the name of a file")
    if not folder.is_dir():
        raise UsageError(f"cannot write {what} to {path}: there is no folder {folder}; make it, or give another name")
    if not path.exists() and not os.access(folder, os.W_OK):
        raise UsageError(f"cannot write {what} to {path}: {folder} may not be written to; give another name")


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
        if not path.is_file():
            return
        with path.open(encoding="utf-8", errors="replace") as file:
            found = file.read(len(beginning))
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror or error}", param_hint=option) from error
    if found and found != beginning:
        raise typer.BadParameter(f"{path} exists, and is something else; give another name", param_hint=option)
