"""YAML that says a thing twice is not read."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from genrekit.errors import GenrekitError
from genrekit.library.policy_file import policy_values
from genrekit.strict_yaml import YAMLTextError, load_strict_yaml
from genrekit.training.recipes.file import read_recipe_file

KEYS = st.text() | st.integers() | st.booleans() | st.none()
VALUES = st.recursive(
    KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=10,
)


@given(VALUES)
def test_what_yaml_writes_is_read(values: object) -> None:
    assert load_strict_yaml(yaml.safe_dump(values)) == values


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [("a: 1\nb: 2\na: 3\n", 1, 3), ("c: 1\na: {b: 1, b: 1}\n", 2, 2), ("- {'a': 1,\n   a: 2}\n", 1, 2)],
)
def test_a_key_that_is_there_twice_is_told_with_its_lines(text: str, first: int, second: int) -> None:
    with pytest.raises(YAMLTextError, match=rf"^line {second}, .* is here a second time \(first in line {first}\)"):
        load_strict_yaml(text)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: 1\n b: 2\n", "line 2, column 3: "),
        ("a: 1\nb: [1,\n", "line 3, column 1: while parsing a flow "),
        ("a: 1\nb: \t2\n", "line 2, column 4: while scanning "),
        ("a: *b\n", "line 1, column 4: "),
        ("a: 2023-13-45", "month must be in 1..12"),
        ("a: 1\n--- \nb: 2\n", "line 2, column 1: "),
        ("a: 1\nb: \x00", "line 2: a character #x00, "),
    ],
)
def test_what_is_no_yaml_is_told_in_one_line_with_its_place(text: str, place: str) -> None:
    with pytest.raises(YAMLTextError) as caught:
        load_strict_yaml(text)
    message = str(caught.value)
    assert message.startswith(place) and "\n" not in message and "<unicode" not in message


@pytest.mark.parametrize(
    "text",
    [
        "base: &base {a: 1, b: 2}\nown: {<<: *base, b: 3}\n",
        "base: &base {a: 1}\nown: {inner: {place: &own {<<: *base, a: 2}}}\nthird: {<<: *own, b: 3}\n",
        "{1: a, '1': b}",
    ],
)
def test_what_is_not_the_same_key_twice_is_read(text: str) -> None:
    assert load_strict_yaml(text) == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("name: a\nseed: 1\nseed: 2\n", read_recipe_file),
        ("name: a\nmodel: {name: b}\nmodel: {name: c}\nseed: 1\n", read_recipe_file),
        ("existing: fill\nnever_genres: [Audiobook]\nnever_genres: [Podcast]\n", policy_values),
    ],
)
def test_recipes_and_policies_that_say_a_thing_twice_are_refused(text: str, read, tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(text)
    with pytest.raises(GenrekitError, match=r"line [34], column 1: '(seed|model|never_genres)' is here a second time"):
        read(path)
