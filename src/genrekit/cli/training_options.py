"""Options that all verbs have that train: where the data set and the negatives lie."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from genrekit.cli.dataset_options import ROOT_VARIABLE

__all__ = ["Data", "Negatives"]

Data = Annotated[
    Path | None,
    typer.Option(help="Folder or archive of the recipe's data set.", envvar=ROOT_VARIABLE, show_default=False),
]
Negatives = Annotated[
    Path | None,
    typer.Option(
        help="Archive of sounds that are no music, for recipes that use them.",
        envvar="GENREKIT_NEGATIVES",
        show_default=False,
    ),
]
