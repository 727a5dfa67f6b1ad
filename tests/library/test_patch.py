"""Differences lead back to the exact bytes, and stay small for what taggers do to files."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrekit.library.errors import TagError
from genrekit.library.patch import Patch, apply_patch, make_patch


def _back(old: bytes, new: bytes) -> tuple[bytes, int]:
    patch = make_patch(io.BytesIO(old), io.BytesIO(new))
    text = json.dumps(patch.to_json())
    read = Patch.from_json(json.loads(text))
    return b"".join(apply_patch(read, io.BytesIO(new))), len(text)


@given(st.binary(max_size=300), st.binary(max_size=300), st.integers(0, 3000))
def test_any_two_files_lead_back(first: bytes, second: bytes, repeats: int) -> None:
    common = bytes(range(256)) * (repeats // 10)
    old, new = first + common + second, second + common + first
    assert _back(old, new)[0] == old


def _noise(n: int, seed: int = 0) -> bytes:
    return np.random.default_rng(seed).bytes(n)


@pytest.mark.parametrize(
    "case", ["head grows", "tail grows", "tail and head change", "inner part moves", "pages renumbered"]
)
def test_a_moved_file_costs_little(case: str) -> None:
    audio = _noise(3_000_000)
    old, new = {
        "head grows": (b"tag" + audio, _noise(5000, 1) + audio),
        "tail grows": (audio, audio + _noise(5000, 1)),
        "tail and head change": (b"a" * 2000 + audio + b"b" * 128, b"c" * 900 + audio + b"d" * 128),
        "inner part moves": (
            b"x" * 100 + audio[:1_000_000] + bytes(2000) + audio[1_000_000:],
            b"y" * 700 + audio[:1_000_000] + bytes(1400) + audio[1_000_000:],
        ),
        "pages renumbered": (audio, _renumbered(audio)),
    }[case]
    back, cost = _back(old, new)
    assert back == old
    # Part of a block where the shift changes, or eight bytes a page: one hundredth of the file.
    assert cost < 30_000


def _renumbered(audio: bytes) -> bytes:
    changed = bytearray(audio)
    for start in range(0, len(audio), 4096):
        changed[start + 18 : start + 26] = _noise(8, start)
    return bytes(changed)


@pytest.mark.parametrize("values", [None, 3, [[0, 1]], [["a", 1, ""]], [[0, 1, "not base 64!"]]])
def test_what_is_no_patch_is_refused(values: object) -> None:
    with pytest.raises(TagError, match="not a difference"):
        Patch.from_json(values)


def test_a_broken_difference_is_told() -> None:
    with pytest.raises(TagError, match="broken"):
        list(apply_patch(Patch(((0, 4, b"no zlib"),)), io.BytesIO(b"abcd")))
