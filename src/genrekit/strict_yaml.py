"""YAML as YAML itself has it, where a mapping has each key once: of two, PyYAML silently takes the last."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml

__all__ = ["load_strict_yaml"]


class _UniqueKeyLoader(yaml.SafeLoader):
    """PyYAML's safe loader that refuses a mapping which has a key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: dict[str, yaml.Node] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                first = seen[key.value].start_mark.line + 1
                problem = f"{key.value!r} is here a second time (first in line {first}); keep one of them"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen[key.value] = key
        return super().construct_mapping(node, deep=deep)


def load_strict_yaml(text: str) -> Any:
    """The values of a YAML document of plain types.

    Raises
    ------
    yaml.YAMLError : it is not YAML, or a mapping has a key twice
    """
    # The loader is a safe one: it makes plain types alone.
    return yaml.load(text, Loader=_UniqueKeyLoader)
