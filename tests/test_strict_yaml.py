"""YAML that says a thing twice is not read."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from genrekit.errors import GenrekitError
from genrekit.library.policy_file import policy_values
from genrekit.strict_yaml import load_strict_yaml
from genrekit.training.recipe_file import read_recipe_file

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(VALUES)
def test_what_yaml_writes_is_read(values: object) -> None:
    assert load_strict_yaml(yaml.safe_dump(values)) == values


@pytest.mark.parametrize("text", ["a: 1\nb: 2\na: 3\n", "a: {b: 1, b: 1}\n", "- {'a': 1, a: 2}\n"])
def test_a_key_that_is_there_twice_is_told_with_its_line(text: str) -> None:
    with pytest.raises(yaml.YAMLError, match="is here a second time"):
        load_strict_yaml(text)


def test_what_a_mapping_takes_over_may_be_changed() -> None:
    assert load_strict_yaml("base: &base {a: 1, b: 2}\nown: {<<: *base, b: 3}\n")["own"] == {"a": 1, "b": 3}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("name: a\nseed: 1\nseed: 2\n", read_recipe_file),
        ("existing: fill\nnever_genres: [Audiobook]\nnever_genres: [Podcast]\n", policy_values),
    ],
)
def test_recipes_and_policies_that_say_a_thing_twice_are_refused(text: str, read, tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(text)
    with pytest.raises(GenrekitError, match=r"(?s)(seed|never_genres)' is here a second time.*line [34]"):
        read(path)
