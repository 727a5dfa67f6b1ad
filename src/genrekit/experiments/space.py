"""What a search may choose from: keys of a recipe with lists or ranges of values."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from optuna.trial import Trial

__all__ = ["Axis", "Space", "parse_space"]

# As Optuna stores it: a number of a range, or the YAML text of a listed value.
Value = float | int | str


@dataclass(frozen=True)
class Axis:
    """One key and its values.

    Attributes
    ----------
    key : of the recipe, such as "model.options.dropout"
    choices : YAML texts of listed values; empty for a range
    low, high : ends of a range, both included; whole numbers make it a range of whole numbers
    step : of a range; None for every value
    log : whether a range is searched by its logarithm
    """

    key: str
    choices: tuple[str, ...] = ()
    low: float | int = 0
    high: float | int = 0
    step: float | int | None = None
    log: bool = False

    @property
    def is_whole(self) -> bool:
        return isinstance(self.low, int) and isinstance(self.high, int) and not isinstance(self.step, float)

    @property
    def values(self) -> tuple[Value, ...] | None:
        """All values, if they are few and known: those of a list, or of a range with a step or of whole numbers."""
        if self.choices:
            return self.choices
        step = self.step or (1 if self.is_whole else None)
        if step is None or self.log:
            return None
        # A share of a step is let go, so that 0.0..0.3/0.1 has four values in spite of rounding.
        count = math.floor((self.high - self.low) / step + 1e-9) + 1
        return tuple(round(self.low + step * place, 12) for place in range(count))

    def suggest(self, trial: Trial) -> Value:
        """The value that the study's sampler chooses."""
        if self.choices:
            return trial.suggest_categorical(self.key, self.choices)
        if self.is_whole:
            return trial.suggest_int(self.key, int(self.low), int(self.high), step=int(self.step or 1), log=self.log)
        return trial.suggest_float(self.key, self.low, self.high, step=self.step, log=self.log)

    def setting(self, value: Value) -> str:
        """`key=value` as `--set` takes it; the value is read back exactly."""
        return f"{self.key}={value if self.choices else _yaml(value)}"

    def ends(self) -> tuple[Value, ...]:
        """Values that show whether all of the axis may be had: each of a list, both ends of a range."""
        return self.choices or (self.low, self.high)


@dataclass(frozen=True)
class Space:
    """The axes of a search."""

    axes: tuple[Axis, ...]

    @property
    def size(self) -> int | None:
        """How many settings there are; None if they cannot be counted."""
        counts = [None if axis.values is None else len(axis.values) for axis in self.axes]
        return None if None in counts else math.prod(count for count in counts if count is not None)

    def grid(self) -> Iterator[dict[str, Value]]:
        """Every setting of a space that has a size, the last axis fastest."""
        values = [axis.values or () for axis in self.axes]
        for chosen in itertools.product(*values):
            yield {axis.key: value for axis, value in zip(self.axes, chosen, strict=True)}

    def suggest(self, trial: Trial) -> dict[str, Value]:
        """A value of each axis from the study's sampler."""
        return {axis.key: axis.suggest(trial) for axis in self.axes}

    def settings(self, values: Mapping[str, Value]) -> list[str]:
        """The values as `key=value`, in the order of the axes."""
        return [axis.setting(values[axis.key]) for axis in self.axes]

    def probes(self) -> Iterator[dict[str, Value]]:
        """Few settings in which every axis has each of its ends once: what they allow, the space allows."""
        first = {axis.key: axis.ends()[0] for axis in self.axes}
        yield first
        for axis in self.axes:
            for value in axis.ends()[1:]:
                yield {**first, axis.key: value}

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, to tell whether two searches have the same space."""
        return {
            axis.key: list(axis.choices)
            if axis.choices
            else {"low": axis.low, "high": axis.high, "step": axis.step, "log": axis.log}
            for axis in self.axes
        }


def parse_space(texts: Sequence[str]) -> Space:
    """A space as it is written, one axis a text.

    "model.options.reduction=2,4,8" lists values (YAML each); "model.options.dropout=0.0..0.5" is a range, whose ends
    are included; "…=0.0..0.5/0.1" has a step; "optimisation.learning_rate=1e-4..1e-2/log" is searched by its logarithm.

    Raises
    ------
    ValueError
        If a text is none of these, or a key comes twice.
    """
    axes = tuple(_parse_axis(text) for text in texts)
    keys = [axis.key for axis in axes]
    if not axes:
        raise ValueError("expected at least one key=values, such as model.options.dropout=0.0..0.5")
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice} has values twice; give each key once")
    return Space(axes)


def _parse_axis(text: str) -> Axis:
    key, separator, values = text.partition("=")
    if not separator or not key.strip() or not values.strip():
        raise ValueError(f"{text!r} is not key=values, such as model.options.dropout=0.0..0.5")
    if key.strip().partition(".")[0] in ("seed", "name", "split", "data"):
        # Validation parts of several splits are not equally hard, and one that leaks is the easiest.
        raise ValueError(f"{key} is no setting that can be better than another; choose other keys")
    if ".." in values:
        return _parse_range(key, values, text)
    try:
        listed = yaml.safe_load(f"[{values}]")
    except yaml.YAMLError:
        raise ValueError(f"{text!r}: expected values separated by commas, such as 2,4,8") from None
    choices = tuple(dict.fromkeys(_yaml(value) for value in listed))
    if len(choices) < 2:
        raise ValueError(f"{text!r} leaves nothing to choose; give at least two values, or a range such as 0.0..0.5")
    return Axis(key, choices)


def _parse_range(key: str, values: str, text: str) -> Axis:
    ends, _, manner = values.partition("/")
    low_text, _, high_text = ends.partition("..")
    try:
        low, high = _number(low_text), _number(high_text)
        step = None if manner in ("", "log") else _number(manner)
    except ValueError:
        raise ValueError(
            f"{text!r} is not a range: expected LOW..HIGH, LOW..HIGH/STEP or LOW..HIGH/log, such as 0.0..0.5/0.1"
        ) from None
    if isinstance(low, float) or isinstance(high, float) or isinstance(step, float):
        low, high = float(low), float(high)
    log = manner == "log"
    if not low < high:
        raise ValueError(f"{text!r}: the low end is {low}, the high end {high}; expected low < high")
    if log and low <= 0:
        raise ValueError(f"{text!r}: a range searched by its logarithm starts above 0")
    if step is not None and not 0 < step <= high - low:
        raise ValueError(f"{text!r}: the step is {step}; expected more than 0 and at most {high - low}")
    if step is not None and isinstance(low, float):
        step = float(step)
    return Axis(key, low=low, high=high, step=step, log=log)


def _number(text: str) -> float | int:
    try:
        return int(text)
    except ValueError:
        value = float(text)
        if not math.isfinite(value):
            raise ValueError(text) from None
        return value


def _yaml(value: Any) -> str:
    """One line of YAML that is read back as the very value."""
    text: str = yaml.safe_dump(value, default_flow_style=True, width=math.inf)
    return text.removesuffix("\n").removesuffix("\n...")
