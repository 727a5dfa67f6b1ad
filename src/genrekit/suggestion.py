"""What an error message says of a name that is not known: the nearest that is, and all of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["did_you_mean", "unknown_name"]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)``, to stand behind the name, or ``""`` if nothing known is near."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""


def unknown_name(name: str, known: Iterable[str]) -> str:
    """The name, the nearest known one, if any is near, and all that are known."""
    names = sorted(known)
    return f"{name!r}{did_you_mean(name, names)}; known: {', '.join(names) or 'none'}"
