"""Lines of shell in help and documents, taken apart."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator


def commands_in(text: str) -> Iterator[list[str]]:
    """The simple commands of a few lines of shell, as words, without what sets variables."""
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.shlex(line, posix=True, punctuation_chars="|;&")
        words.whitespace_split = True
        words.commenters = "#"
        command: list[str] = []
        for word in [*words, ";"]:
            if set(word) <= set("|;&"):
                if command:
                    yield command
                command = []
            elif command or not re.match(r"[A-Z_]+=", word):
                command.append(word)
