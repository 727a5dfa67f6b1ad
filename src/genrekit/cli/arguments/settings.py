"""What holds for every verb, handed down as typer's context object."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """The options that stand before the verb, or anywhere.

    Attributes
    ----------
    debug : show tracebacks
    """

    debug: bool = False
