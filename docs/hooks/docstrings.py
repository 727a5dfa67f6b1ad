"""Docstrings as mkdocstrings expects them.

The entries of ours are lines "name : what it is", since types stand in the signature; numpydoc has a type behind the
colon and the text below. mkdocs.yml names this file as an extension of Griffe, which reads the docstrings.
"""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object

SECTION = re.compile(r"^(Parameters|Attributes|Raises|Returns|Yields)\n-+\n", re.MULTILINE)
ENTRY = re.compile(r"^(\S[^\n]*?) : ", re.MULTILINE)
CONTINUED = re.compile(r"\n {4}(?=\S)")


class OneLineEntries(Extension):
    """Moves the text of an entry to a line of its own."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        if obj.docstring is None:
            return
        intro, *sections = SECTION.split(obj.docstring.value)
        parts = [intro]
        for title, text in zip(sections[::2], sections[1::2], strict=True):
            entries = ENTRY.sub(r"\1\n    ", CONTINUED.sub(" ", text))
            parts.append(f"{title}\n{'-' * len(title)}\n{entries}")
        obj.docstring.value = "".join(parts)
