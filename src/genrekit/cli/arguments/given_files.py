"""The files that a verb's arguments name: files, folders, or a list on standard input."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from genrekit.cli.terminal import messages

__all__ = ["GivenFiles", "Paths", "given_files", "tell_hidden"]

PATH_HINT = "PATH"
Paths = Annotated[
    list[str],
    typer.Argument(metavar=PATH_HINT, help="Files, folders, or '-' for a list on standard input.", show_default=False),
]


class GivenFiles(NamedTuple):
    """Each file once, in the order given, and those that were left out of folders since their names are hidden."""

    files: list[str]
    hidden: list[Path]


def given_files(paths: list[str]) -> GivenFiles:
    """What the arguments `paths` name, as `list_inputs` has it; hidden are those that may be audio.

    Raises
    ------
    typer.BadParameter : if standard input is to hold a list and holds none
    """
    from genrekit.cli.arguments.inputs import NoPathListError, list_inputs
    from genrekit.library.copies import is_copy_name

    # A service or a cron job may have no standard input at all.
    stdin = sys.stdin.buffer if sys.stdin is not None else io.BytesIO()
    hidden: list[Path] = []

    def leave_out(path: Path) -> None:
        # What a killed run of ours left is nobody's song.
        if not is_copy_name(path.name):
            hidden.append(path)

    try:
        files = list_inputs(paths, stdin, on_hidden=leave_out)
    except NoPathListError as error:
        raise typer.BadParameter(str(error), param_hint=PATH_HINT) from error
    if not files:
        raise typer.BadParameter("the list on standard input is empty", param_hint=PATH_HINT)
    return GivenFiles(files, hidden)


def tell_hidden(hidden: Sequence[Path], done: str) -> None:
    """Say which hidden files were left out, if any were: a song may be hidden by a slip.

    Parameters
    ----------
    hidden : left out
    done : to the others, such as "classified"
    """
    if not hidden:
        return
    which, them = (f"s, such as {hidden[0]}", "them") if len(hidden) > 1 else (f", {hidden[0]}", "it")
    messages.note(f"left out {len(hidden)} hidden file{which}; name {them} to have {them} {done}")
