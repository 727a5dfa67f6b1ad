"""The files that a verb's arguments name: files, folders, or a list on standard input."""

from __future__ import annotations

import io
import sys

import typer

__all__ = ["given_files", "require_named"]

PATH_HINT = "PATH"


def require_named(paths: list[str]) -> list[str]:
    """The arguments as they are, none of them empty: "" would mean the whole current folder. A callback of typer's."""
    if paths and "" in paths:
        raise typer.BadParameter(
            "an argument is empty (an unset variable of the shell, perhaps); the current folder would be '.'"
        )
    return paths


def given_files(paths: list[str]) -> list[str]:
    """Each file once, in the order given; as `list_inputs` has them.

    Raises
    ------
    typer.BadParameter : if standard input is to hold a list and holds none
    """
    from genrekit.cli.inputs import NoPathListError, list_inputs

    # A service or a cron job may have no standard input at all.
    stdin = sys.stdin.buffer if sys.stdin is not None else io.BytesIO()
    try:
        files = list_inputs(paths, stdin)
    except NoPathListError as error:
        raise typer.BadParameter(str(error), param_hint=PATH_HINT) from error
    if not files:
        raise typer.BadParameter("the list on standard input is empty", param_hint=PATH_HINT)
    return files
