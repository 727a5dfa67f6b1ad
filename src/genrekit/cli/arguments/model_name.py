"""A name that somebody gives a model: it stands in results, and on terminals."""

from __future__ import annotations

import typer

__all__ = ["one_line"]


def one_line(name: str | None) -> str | None:
    """The value of an option, if it is one line of printable characters or not given."""
    if name is not None and not (name.strip() and name.isprintable()):
        raise typer.BadParameter("a name is one line of printable characters")
    return name
