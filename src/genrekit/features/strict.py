"""Strict reading of frozen dataclasses from plain dictionaries, as JSON and YAML give them."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from genrekit.errors import RecipeError
from genrekit.suggestion import unknown_name

__all__ = ["read_strict", "require_choices"]

T = TypeVar("T")


def read_strict(cls: type[T], values: Mapping[str, Any], *, what: str) -> T:
    """Make the dataclass `cls` from `values`, whose keys must be fields of it and whose values must have their types.

    Parameters
    ----------
    cls : a dataclass whose fields are numbers, strings, booleans, None or literals of them
    values : field name -> value; fields with a default may be missing
    what : what is being read, for the error messages ("feature spec")

    Raises
    ------
    RecipeError : for an unknown or missing key, or a value of the wrong type; the message names the nearest key
    """
    if not isinstance(values, Mapping):
        raise RecipeError(f"{what}: expected a mapping of names to values, got {type(values).__name__}")
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    hints = typing.get_type_hints(cls)
    for key, value in values.items():
        if key not in fields:
            raise RecipeError(f"{what}: unknown key {unknown_name(str(key), fields)}")
        if not _fits(value, hints[key]):
            raise RecipeError(f"{what}: {key} is {value!r}; expected {_describe(hints[key])}")
    missing = [
        name
        for name, field in fields.items()
        if name not in values and field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise RecipeError(f"{what}: missing {', '.join(missing)}")
    # JSON has one kind of number: 2 and 2.0 must make equal values.
    return cls(**{key: float(v) if hints[key] is float else v for key, v in values.items()})


def require_choices(values: Any, *, what: str) -> None:
    """Check that each field of a dataclass that is one of a few has one of them, however it was made.

    Parameters
    ----------
    values : an instance of a dataclass
    what : what it is, for the error messages ("feature spec")

    Raises
    ------
    RecipeError : for a field that has another; the message names those there are
    """
    for name, hint in typing.get_type_hints(type(values)).items():
        value = getattr(values, name)
        if typing.get_origin(hint) is typing.Literal and not _fits(value, hint):
            raise RecipeError(f"{what}: {name} is {value!r}; expected {_describe(hint)}")


def _fits(value: object, hint: Any) -> bool:
    origin = typing.get_origin(hint)
    if origin is typing.Literal:
        return any(type(value) is type(choice) and value == choice for choice in typing.get_args(hint))
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, choice) for choice in typing.get_args(hint))
    if hint is type(None):
        return value is None
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, origin or hint)


def _describe(hint: Any) -> str:
    origin = typing.get_origin(hint)
    if origin is typing.Literal:
        return "one of " + ", ".join(repr(choice) for choice in typing.get_args(hint))
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_describe(choice) for choice in typing.get_args(hint))
    if hint is type(None):
        return "none"
    return {float: "a number", int: "a whole number", str: "text", bool: "true or false"}.get(hint, str(hint))
