"""YAML whose mappings have each key once: of two that are written alike, PyYAML silently takes the last."""

from __future__ import annotations

from typing import Any

import yaml

__all__ = ["YAMLTextError", "load_strict_yaml"]


class YAMLTextError(ValueError):
    """A text is not YAML, or a mapping in it has a key twice; the message is one line, with the place."""


class _UniqueKeyLoader(yaml.SafeLoader):
    """PyYAML's safe loader that refuses a mapping which has a key twice."""

    # While a mapping is composed, not when it is made into a dict: by then, what `<<` takes over stands beside its own.
    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        first: dict[tuple[str, str], yaml.ScalarNode] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            known = first.setdefault((key.tag, key.value), key)
            if known is not key:
                place = f"first in line {known.start_mark.line + 1}"
                problem = f"{key.value!r} is here a second time ({place}); keep one of them"
                raise yaml.composer.ComposerError(None, None, problem, key.start_mark)
        return node


def load_strict_yaml(text: str) -> Any:
    """The values of a YAML document of plain types.

    Raises
    ------
    YAMLTextError : it is not YAML, or a mapping has a key twice
    """
    try:
        # The loader is a safe one: it makes plain types alone.
        return yaml.load(text, Loader=_UniqueKeyLoader)
    except yaml.MarkedYAMLError as error:
        # Beside what is wrong, PyYAML tells what it was about, and shows the text: three lines or more.
        problem = f"{error.context}, {error.problem}" if error.context else error.problem
        place = error.problem_mark or error.context_mark
        where = f"line {place.line + 1}, column {place.column + 1}: " if place else ""
        raise YAMLTextError(f"{where}{problem}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YAMLTextError(f"line {line}: a character #x{error.character:02x}, {error.reason}") from error
    except ValueError as error:  # of what looks like a date or a number and is none
        raise YAMLTextError(str(error)) from error
