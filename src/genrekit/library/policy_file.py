"""A tag policy from a TOML or YAML file: the same names as `TagPolicy`, and no others."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

from genrekit.library.errors import PolicyError
from genrekit.library.policy import TagPolicy
from genrekit.suggestion import unknown_name

__all__ = ["policy_values"]


def policy_values(path: Path) -> dict[str, Any]:
    """What the file sets, checked, as arguments of `TagPolicy`, over which a command line's flags may go.

    Raises
    ------
    PolicyError : if it cannot be read, or has a key or value that a policy does not
    """
    values = _parse(path)
    known = {field.name for field in fields(TagPolicy)}
    for key in values:
        if key not in known:
            raise PolicyError(f"{path}: no setting {unknown_name(str(key), known)}")
    return {key: _checked(path, key, value) for key, value in values.items()}


def _parse(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"{path}: cannot read the policy: {error}") from error
    suffix = path.suffix.lower()
    if suffix == ".toml":
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise PolicyError(f"{path}: not TOML: {error}") from error
    if suffix not in (".yaml", ".yml"):
        raise PolicyError(f"{path}: a policy is a .toml or .yaml file")
    from genrekit.strict_yaml import YAMLTextError, load_strict_yaml

    try:
        values = load_strict_yaml(text)
    except YAMLTextError as error:
        raise PolicyError(f"{path}: not YAML that can be read: {error}") from error
    if not isinstance(values, dict):
        raise PolicyError(f"{path}: expected lines such as 'existing: fill'; found {type(values).__name__}")
    return values


def _checked(path: Path, key: str, value: Any) -> Any:
    if key == "names":
        if isinstance(value, dict) and all(isinstance(part, str) for pair in value.items() for part in pair):
            return value
        expected = "a table of genre = name"
    elif key in ("never_genres", "never_paths"):
        if isinstance(value, list) and all(isinstance(part, str) for part in value):
            return tuple(value)
        expected = "a list of texts"
    elif key == "max_genres":
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        expected = "a whole number"
    elif key == "existing":
        if isinstance(value, str):
            return value
        expected = "a text"
    else:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        expected = "a number from 0 to 1"
    raise PolicyError(f"{path}: {key} is {value!r}; expected {expected}")
