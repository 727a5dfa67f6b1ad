from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from genrekit.audio import Window, iter_windows
from genrekit.errors import AudioError


def reference(samples: np.ndarray, window_samples: int, hop_samples: int) -> list[tuple[int, np.ndarray, int]]:
    """The definition, on the whole array."""
    n = samples.size
    if n < window_samples:
        return [(0, np.tile(samples, window_samples)[:window_samples], n)]
    starts = list(range(0, n - window_samples + 1, hop_samples))
    if starts[-1] + window_samples < n:
        starts.append(n - window_samples)
    return [(start, samples[start : start + window_samples], window_samples) for start in starts]


@settings(max_examples=400)
@given(
    lengths=st.lists(st.integers(0, 40), min_size=1, max_size=15).filter(lambda lengths: sum(lengths) > 0),
    window_samples=st.integers(1, 60),
    hop_samples=st.integers(1, 90),
)
@example(lengths=[10], window_samples=10, hop_samples=5)
@example(lengths=[11], window_samples=10, hop_samples=5)
@example(lengths=[1, 1, 1], window_samples=2, hop_samples=7)
@example(lengths=[20, 3], window_samples=10, hop_samples=30)
@example(lengths=[3], window_samples=10, hop_samples=5)
def test_equals_the_definition_for_any_blocks(lengths: list[int], window_samples: int, hop_samples: int) -> None:
    samples = np.arange(1, sum(lengths) + 1, dtype=np.float32)
    blocks = np.split(samples, np.cumsum(lengths)[:-1])
    windows = list(iter_windows(iter(blocks), window_samples=window_samples, hop_samples=hop_samples))
    expected = reference(samples, window_samples, hop_samples)
    assert [(w.start_sample, w.n_valid) for w in windows] == [(start, n_valid) for start, _, n_valid in expected]
    for window, (_, values, _) in zip(windows, expected, strict=True):
        assert window.samples.dtype == np.float32
        np.testing.assert_array_equal(window.samples, values)


def test_short_audio_is_repeated() -> None:
    (window,) = iter_windows([np.array([1, 2, 3], np.float32)], window_samples=8, hop_samples=4)
    assert isinstance(window, Window)
    np.testing.assert_array_equal(window.samples, [1, 2, 3, 1, 2, 3, 1, 2])
    assert (window.start_sample, window.n_valid) == (0, 3)


@pytest.mark.parametrize("blocks", [[], [np.empty(0, np.float32)]])
def test_no_audio_is_an_error(blocks: list[np.ndarray]) -> None:
    with pytest.raises(AudioError, match="holds no sample"):
        list(iter_windows(blocks, window_samples=8, hop_samples=4))


@pytest.mark.parametrize(("window_samples", "hop_samples"), [(0, 1), (1, 0), (-3, 1)])
def test_lengths_below_one_are_refused_at_once(window_samples: int, hop_samples: int) -> None:
    with pytest.raises(AudioError, match="at least 1"):
        iter_windows([], window_samples=window_samples, hop_samples=hop_samples)


def test_windows_come_while_the_stream_is_still_running() -> None:
    endless: Iterator[np.ndarray] = (np.full(10, i, np.float32) for i in itertools.count())
    windows = iter_windows(endless, window_samples=25, hop_samples=10)
    assert [next(windows).start_sample for _ in range(1000)] == list(range(0, 10_000, 10))


@pytest.mark.parametrize("hop_samples", [2_000, 10_000, 50_000])
def test_memory_does_not_grow(hop_samples: int) -> None:
    blocks = (np.zeros(3_000, np.float32) for _ in range(5_000))  # 60 MB in all
    tracemalloc.start()
    for _ in iter_windows(blocks, window_samples=10_000, hop_samples=hop_samples):
        pass
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 1_000_000
