"""How a verb is told which model, and what a new one is called."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["Model", "one_line"]

Model = Annotated[str, typer.Option("--model", "-m", metavar="NAME|FILE", help="A bundled model, or a model file.")]


def one_line(name: str | None) -> str | None:
    """The name of a model, which stands in results and on terminals, if it is one line of printable characters."""
    if name is not None and not (name.strip() and name.isprintable()):
        raise typer.BadParameter("a name is one line of printable characters")
    return name
