"""Examples at the end of a verb's help, told beside the verb: `@examples(...)` above its function."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable
from typing import Any, TypeVar

from typer.core import TyperCommand

__all__ = ["ExampledCommand", "examples", "examples_of", "with_exit_codes"]

ATTRIBUTE = "genrekit_examples"
INDENT = "   "
EXIT_CODES = (
    "Exit code: 0 all done; 1 something failed, and the rest is done; 2 wrong usage, or no such file or place: "
    "nothing was begun."
)
# A line break within a paragraph, as docstrings have them.
SOFT_BREAK = re.compile(r"(?<=\S)\n(?=\S)")

Verb = TypeVar("Verb", bound=Callable[..., Any])


def examples(text: str) -> Callable[[Verb], Verb]:
    """Give a verb its examples.

    Parameters
    ----------
    text : lines as a shell takes them, shown as they are; each example begins with "# " and what it does, and an empty
        line parts it from the next
    """

    def give(verb: Verb) -> Verb:
        setattr(verb, ATTRIBUTE, inspect.cleandoc(text))
        return verb

    return give


def examples_of(verb: Callable[..., Any] | None) -> str:
    """The examples of a verb, or of what typer has wrapped it in; "" if it has none."""
    return str(getattr(verb, ATTRIBUTE, ""))


def with_exit_codes(help: str | None) -> str:
    """The help of a verb, which tells its exit codes: what all have in common, unless it says its own."""
    if "xit code" in (help or ""):
        return str(help)
    return f"{help}\n\n{EXIT_CODES}" if help else EXIT_CODES


class ExampledCommand(TyperCommand):
    """A verb whose help ends with exit codes and examples, and is broken where the terminal ends, not the source.

    The examples are no `epilog`: typer draws that with Rich's markup, wraps it as prose when it draws without Rich, and
    joined its lines in earlier versions; but a line to type must come out as it is.
    """

    def __init__(self, name: str | None, *, help: str | None = None, **attributes: Any) -> None:
        super().__init__(name, help=SOFT_BREAK.sub(" ", with_exit_codes(help)), **attributes)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        super().format_help(ctx, formatter)
        text = examples_of(self.callback)
        if text:
            formatter.write(f"\n Examples:\n\n{textwrap.indent(text, INDENT)}\n")
