"""The running median against its definition."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from genrekit.features.running_median import _bitonic_sorted, _sorted, running_median


def by_definition(x: np.ndarray, size: int) -> np.ndarray:
    mirrored = np.pad(x, ((size // 2, size // 2), (0, 0)), mode="symmetric")
    return np.median(np.lib.stride_tricks.sliding_window_view(mirrored, size, axis=0), axis=-1).astype(x.dtype)


# Few distinct values, so that equal ones meet often.
VALUES = st.integers(-4, 4).map(np.float32)


@given(
    x=arrays.arrays(np.float32, st.tuples(st.integers(1, 80), st.integers(1, 3)), elements=VALUES),
    size=st.sampled_from([3, 7, 15, 31]),
)
def test_it_is_the_median_of_each_mirrored_window(x: np.ndarray, size: int) -> None:
    np.testing.assert_array_equal(running_median(x, size), by_definition(x, size))


@pytest.mark.parametrize("shape", [(1293, 40), (40, 1293), (31, 1), (1, 5), (2, 20_000)])
def test_sizes_on_both_sides_of_a_batch(shape: tuple[int, int]) -> None:
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    np.testing.assert_array_equal(running_median(x, 31), by_definition(x, 31))


def test_it_is_scipy_s_median_filter() -> None:
    median_filter = pytest.importorskip("scipy.ndimage").median_filter
    x = np.random.default_rng(1).random((100, 60), dtype=np.float32)
    np.testing.assert_array_equal(running_median(x, 31), median_filter(x, size=(31, 1), mode="reflect"))


@pytest.mark.parametrize("n", [1, 2, 4, 8, 16])
def test_the_networks_sort_all_zeros_and_ones_and_so_everything(n: int) -> None:
    # Knuth's zero-one principle: a network that sorts every sequence of zeros and ones sorts every sequence.
    columns = np.array(list(itertools.product([0.0, 1.0], repeat=n)), dtype=np.float32).T
    np.testing.assert_array_equal(np.stack(_sorted(list(columns))), np.sort(columns, axis=0))
    bitonic = columns[:, (np.abs(np.diff(columns, axis=0, append=columns[:1])).sum(axis=0) <= 2)]
    np.testing.assert_array_equal(np.stack(_bitonic_sorted(list(bitonic))), np.sort(bitonic, axis=0))


@pytest.mark.parametrize("size", [1, 2, 5, 30, 32])
def test_other_sizes_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="power of two less one"):
        running_median(np.zeros((40, 2), np.float32), size)


@pytest.mark.parametrize("shape", [(0, 3), (5,)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="at least one row"):
        running_median(np.zeros(shape, np.float32), 31)
