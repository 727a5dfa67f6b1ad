"""Options that all verbs have that train: where the data set and the negatives lie."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from genrekit.cli.arguments.dataset_options import ROOT_VARIABLE

__all__ = ["Data", "Negatives", "data_was_typed"]

Data = Annotated[
    Path | None,
    typer.Option(
        "--root",
        "--data",
        help="Folder or archive of the recipe's data set, in place of one that the recipe names; the variable only "
        "fills an open one.",
        envvar=ROOT_VARIABLE,
        show_default=False,
    ),
]
Negatives = Annotated[
    Path | None,
    typer.Option(
        help="Archive of sounds that are no music, for recipes that use them.",
        envvar="GENREKIT_NEGATIVES",
        show_default=False,
    ),
]


def data_was_typed(ctx: typer.Context) -> bool:
    """Whether --root stands on the command line, and so replaces a recipe's own place of its data.

    The variable stays set for all recipes: it must not lead one that names its data to others.
    """
    source = ctx.get_parameter_source("data")
    # By name: typer's click is not always the installed one.
    return source is not None and source.name == "COMMANDLINE"
