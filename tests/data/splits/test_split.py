from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrekit.data import Dataset, Split, Track, read_split
from genrekit.errors import DataError, NoSuchDataError


def _split(**changes: Any) -> Split:
    values: dict[str, Any] = {
        "name": "hand",
        "protocol": "custom",
        "unit": "track",
        "parts": {"train": ("b", "a"), "valid": (), "test": ("c",)},
    }
    return Split(**(values | changes))


def test_members_are_sorted() -> None:
    assert _split().parts["train"] == ("a", "b")


def test_a_split_shows_itself_in_a_line() -> None:
    assert repr(_split()) == "<Split hand, custom, fold 0 of 1: train 2, valid 0, test 1 tracks>"
    mixed = _split(protocol="P1", unit="excerpt", parts={"train": ("a@0",), "valid": (), "test": ("a@1",)})
    assert repr(mixed) == "<Split CONTAMINATED: hand, P1, fold 0 of 1: train 1, valid 0, test 1 excerpts>"


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(st.sets(names), st.sets(names), st.text(st.characters(exclude_categories=["Cs"])))
def test_json_round_trip(train: set[str], test: set[str], note: str) -> None:
    split = _split(parts={"train": tuple(train), "valid": (), "test": tuple(test)}, notes=(note,))
    again = Split.from_json(split.to_json())
    assert again == split
    assert again.hash == split.hash


def test_the_hash_is_of_the_content_and_not_of_the_notes() -> None:
    assert _split().hash == _split(notes=("said later",)).hash
    assert _split().hash != _split(parts={"train": ("a",), "valid": ("b",), "test": ("c",)}).hash
    assert _split().hash != _split(fold=1, n_folds=2).hash
    # A golden value: hashes are in run folders, so a change of the canonical form must be seen.
    assert _split().hash == "429e7ccb016833a9d1032862abb64e5603d2b18ca4d2139216db4fe1b5a29771"


def test_what_a_run_has_proved_is_passed_over() -> None:
    split = _split()
    assert Split.from_dict(split.to_dict() | {"proof": {"n_test": 3}}) == split


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    values = _split().to_dict()
    values["parts"]["train"].append("d")
    path = tmp_path / "split.json"
    path.write_text(json.dumps(values))
    with pytest.raises(DataError, match=r"split\.json: Split 'hand' was changed after it was written"):
        read_split(path)
    del values["hash"]
    assert Split.from_dict(values).parts["train"] == ("a", "b", "d")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"tset": []}, "no key 'tset'"),
        ({"sead": 1}, "did you mean 'seed'"),
        ({"format": 2}, "format 1; found 2"),
        ({"protocol": "P9"}, "protocol is one of P1, P2, P3, P4"),
        ({"fold": "0"}, "fold is a whole number"),
        ({"fold": 3}, "fold must be between 0 and 0"),
        ({"parts": ["a"]}, "parts map train"),
        ({"parts": {"train": [1], "valid": [], "test": []}}, "train part must be a list of strings"),
        ({"parts": {"train": [], "test": []}}, "has the parts train, valid, test"),
        ({"parts": {"train": ["a", "a"], "valid": [], "test": []}}, "names 'a' twice"),
        ({"validation": "test"}, "validates on the test part itself; here the valid part is another"),
        ({"unit": "excerpt"}, "'track_id@excerpt_index'; found 'a'"),
    ],
)
def test_what_is_no_split(change: dict[str, Any], problem: str) -> None:
    values = {key: value for key, value in (_split().to_dict() | change).items() if key != "hash"}
    with pytest.raises(DataError, match=problem):
        Split.from_dict(values)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": 1}', "null"])
def test_what_is_no_json_of_a_split(text: str) -> None:
    with pytest.raises(DataError, match=r"Not a split|needs the keys"):
        Split.from_json(text)


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(NoSuchDataError, match=r"no file .*none.json; a split file is expected"):
        read_split(tmp_path / "none.json")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="is not a split file: it is no text"):
        read_split(tmp_path / "binary.json")


def test_a_file_may_be_named_by_text(tmp_path: Path) -> None:
    path = tmp_path / "split.json"
    path.write_text(_split().to_json())
    assert read_split(str(path)) == _split()
    with pytest.raises(NoSuchDataError, match=r"no file .*none\.json"):
        read_split(str(tmp_path / "none.json"))


def test_excerpts() -> None:
    split = _split(unit="excerpt", parts={"train": ("a@10", "a@2", "x@y.wav@0"), "valid": (), "test": ("a@1",)})
    assert split.excerpts("train") == {"a": (2, 10), "x@y.wav": (0,)}
    assert split.tracks("train") == ("a", "x@y.wav")
    with pytest.raises(DataError, match="assigns whole tracks"):
        _split().excerpts("train")


def test_a_track_may_have_an_at_sign_in_its_name() -> None:
    assert _split(parts={"train": ("live@wembley.mp3",), "valid": (), "test": ()}).tracks("train") == (
        "live@wembley.mp3",
    )


def test_unknown_tracks_are_counted_and_the_nearest_is_named() -> None:
    dataset = Dataset("d", ("g",), (Track("a", "g"), Track("blues.00001", "g")))
    split = _split(parts={"train": ("a", "blues_00001"), "valid": (), "test": ("zzz",)})
    with pytest.raises(DataError, match=r"2 of the 3 tracks .* first 'blues_00001' \(did you mean 'blues\.00001'"):
        split.require_known(dataset)
