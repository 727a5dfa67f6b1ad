from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from genrekit.experiments.space import Axis, parse_space


def axis_of(text: str) -> Axis:
    return parse_space([text]).axes[0]


def test_lists_keep_their_values_and_kinds():
    axis = axis_of("model.options.reduction=2,4,8")
    assert axis.values == ("2", "4", "8")
    assert axis.setting("4") == "model.options.reduction=4"
    mixed = axis_of("a.b=true, null, mel, [1, 2], 0.5")
    assert [yaml.safe_load(mixed.setting(value).partition("=")[2]) for value in mixed.choices] == [
        True, None, "mel", [1, 2], 0.5,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a=1..4", (1, 2, 3, 4)),
        ("a=1..6/2", (1, 3, 5)),
        ("a=0.0..0.3/0.1", (0.0, 0.1, 0.2, 0.3)),
        ("a=0..0.5/0.25", (0.0, 0.25, 0.5)),
        ("a=0.0..0.5", None),
        ("a=1..64/log", None),
        ("a=1e-4..1e-2/log", None),
    ],
)
def test_ranges(text, values):
    assert axis_of(text).values == values


def test_grid_and_size():
    space = parse_space(["a=1,2", "b=0.0..0.5/0.5"])
    assert space.size == 4
    assert [tuple(values.values()) for values in space.grid()] == [("1", 0.0), ("1", 0.5), ("2", 0.0), ("2", 0.5)]
    assert parse_space(["a=1,2", "b=0.0..0.5"]).size is None


def test_probes_have_every_end_once():
    space = parse_space(["a=1,2,3", "b=0.0..0.5"])
    probes = [tuple(values.values()) for values in space.probes()]
    assert probes == [("1", 0.0), ("2", 0.0), ("3", 0.0), ("1", 0.5)]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_read_back_from_a_setting_exactly(value):
    axis = Axis("a", low=0.0, high=1.0)
    assert yaml.safe_load(axis.setting(value).partition("=")[2]) == value


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([], "at least one"),
        (["a"], "is not key=values"),
        (["a="], "is not key=values"),
        (["a=1"], "nothing to choose"),
        (["a=1,1"], "nothing to choose"),
        (["a=[1,"], "separated by commas"),
        (["a=0.5..0.1"], "low < high"),
        (["a=0..x"], "not a range"),
        (["a=0..1/0"], "the step is 0"),
        (["a=0..1/2"], "the step is 2"),
        (["a=0.0..1/log"], "starts above 0"),
        (["a=0..inf"], "not a range"),
        (["a=1,2", "a=3,4"], "a has values twice"),
        (["seed=1,2"], "seed is no setting"),
        (["split.name=artist_disjoint,random_folds"], "split.name is no setting that can be better"),
        (["split.valid_fraction=0.1..0.4"], "split.valid_fraction is no setting"),
        ([" seed =1,2"], "no setting that can be better"),
        (["split={fold: 0},{fold: 1}"], "split is no setting"),
        (["data.left_out=[pop],[rock]"], "data.left_out is no setting"),
    ],
)
def test_what_is_no_space(texts, message):
    with pytest.raises(ValueError, match=message):
        parse_space(texts)
