"""The front end of a recipe: one of those that have a name, or the numbers of another."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, InstanceOf, PlainSerializer

from genrekit.errors import RecipeError
from genrekit.features.spec import FeatureSpec, named_features

__all__ = ["FrontEnd", "spec_of"]


def _read(value: Any) -> Any:
    try:
        if isinstance(value, str):
            named_features(value)
        if isinstance(value, Mapping):
            return FeatureSpec.from_dict(value)
    except RecipeError as error:
        # What pydantic gathers, to tell all that is wrong at once.
        raise ValueError(str(error)) from None
    if not isinstance(value, str | FeatureSpec):
        raise ValueError("expected the name of a front end, or the fields of one, as {kind: log_mel, sr: 16000, ...}")
    return value


def _written(value: str | FeatureSpec) -> str | dict[str, Any]:
    """A name as it is; of a value what is not at its default, so that it stays itself when front ends learn more."""
    if isinstance(value, str):
        return value
    given = {field.name: (getattr(value, field.name), field.default) for field in dataclasses.fields(value)}
    return {name: number for name, (number, default) in given.items() if number != default}


FrontEnd = Annotated[str | InstanceOf[FeatureSpec], BeforeValidator(_read), PlainSerializer(_written)]
"""A name in `genrekit.features.FEATURES`, or a `FeatureSpec`; in YAML the fields of one."""


def spec_of(front_end: str | FeatureSpec) -> FeatureSpec:
    """The value itself, or what has this name."""
    return named_features(front_end) if isinstance(front_end, str) else front_end
