"""Messages for the person at the terminal: on standard error, one line each, after the program's name."""

from __future__ import annotations

import sys

__all__ = ["error", "note", "warning"]


def error(text: str) -> None:
    """Say what went wrong."""
    _say(f"error: {text}")


def warning(text: str) -> None:
    """Say what the reader should know about a result."""
    _say(f"warning: {text}")


def note(text: str) -> None:
    """Say how things stand."""
    _say(text)


def _say(text: str) -> None:
    from genrekit.audio import display_name

    sys.stderr.write(f"genrekit: {display_name(text)}\n")
    sys.stderr.flush()
