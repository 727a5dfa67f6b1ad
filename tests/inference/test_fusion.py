from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from genrekit.inference.fusion import fuse_windows, heard_seconds, make_timeline, window_weights

GENRES = ("a", "b", "c")


@st.composite
def window_probabilities(draw: st.DrawFn, n_windows: int | None = None) -> np.ndarray:
    n = n_windows or draw(st.integers(1, 12))
    weights = draw(hnp.arrays(np.float64, (n, len(GENRES)), elements=st.floats(1e-3, 1)))
    return weights / weights.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("starts", "duration_s", "heard_s"),
    [
        ([0.0], 3.0, 3.0),
        ([0.0], 10.0, 10.0),
        ([20.0], 60.0, 10.0),
        ([0.0, 5.0, 10.0], 20.0, 20.0),
        ([0.0, 20.0], 60.0, 20.0),
        ([0.0, 5.0, 40.0], 47.0, 22.0),
    ],
)
def test_what_lies_in_any_window_was_heard(starts: list[float], duration_s: float, heard_s: float) -> None:
    assert heard_seconds(np.array(starts), window_s=10.0, duration_s=duration_s) == heard_s


@given(window_probabilities())
def test_temperature_one_is_the_mean(p: np.ndarray) -> None:
    np.testing.assert_allclose(fuse_windows(p, 1.0), p.mean(axis=0), rtol=1e-9)


@given(window_probabilities(), st.floats(0.2, 5))
def test_fused_is_a_distribution_and_keeps_the_order(p: np.ndarray, temperature: float) -> None:
    fused = fuse_windows(p, temperature)
    assert fused.sum() == pytest.approx(1)
    assert (fused >= 0).all()
    assert fused[p.mean(axis=0).argmax()] == fused.max()


def test_fused_golden() -> None:
    p = np.array([[0.7, 0.2, 0.1], [0.5, 0.4, 0.1]])
    # mean 0.6 0.3 0.1; square roots 0.774597 0.547723 0.316228, sum 1.638548
    np.testing.assert_allclose(fuse_windows(p, 2.0), [0.472734, 0.334273, 0.192993], atol=1e-6)


def test_a_window_weighs_what_it_brings_that_is_new() -> None:
    np.testing.assert_allclose(window_weights(np.array([0.0, 5.0, 10.0, 10.5]), 5.0), [1, 1, 1, 0.1])
    # Silence was left out before the third.
    np.testing.assert_allclose(window_weights(np.array([5.0, 10.0, 30.0]), 5.0), [1, 1, 1])


@given(window_probabilities(), st.floats(1e-6, 1e-3))
def test_a_window_right_after_the_last_on_the_grid_changes_nothing(p: np.ndarray, step_s: float) -> None:
    starts_s = 5.0 * np.arange(len(p))
    longer = window_weights(np.append(starts_s, starts_s[-1] + step_s), 5.0)
    fused = fuse_windows(np.concatenate([p, p[:1]]), 1.0, longer)
    np.testing.assert_allclose(fused, fuse_windows(p, 1.0, window_weights(starts_s, 5.0)), atol=1e-3)


def test_a_probability_of_zero_stays_finite() -> None:
    np.testing.assert_allclose(fuse_windows(np.array([[1.0, 0.0]]), 1.0), [1, 0], atol=1e-9)


@given(st.integers(1, 3000), st.integers(1, 40), st.sampled_from([1.0, 0.5, 0.37]), st.floats(0, 1), st.data())
def test_segments_cover_the_audio_without_gaps(
    n_samples: int, window: int, hop_share: float, threshold: float, data: st.DataObject
) -> None:
    # As `iter_windows` lays them: on a grid, the last one at the end of the audio.
    sr = 10
    hop = max(1, round(window * hop_share))
    starts = list(range(0, max(1, n_samples - window + 1), hop))
    if starts[-1] + window < n_samples:
        starts.append(n_samples - window)
    p = np.random.default_rng(data.draw(st.integers(0, 99))).dirichlet([0.3] * 3, len(starts))
    segments = make_timeline(
        np.array(starts) / sr,
        p,
        genres=GENRES,
        window_s=window / sr,
        hop_s=hop / sr,
        duration_s=n_samples / sr,
        heard_s=n_samples / sr,
        temperature_of_s=lambda seconds: 0.8 if seconds > 10 else 1.2,
        unknown_threshold=threshold,
    )
    assert segments[0].start_s == 0
    assert segments[-1].end_s == n_samples / sr
    for left, right in pairwise(segments):
        assert left.end_s == right.start_s
        assert left.genre != right.genre
    for segment in segments:
        assert segment.end_s > segment.start_s
        assert 0 < segment.confidence <= 1 + 1e-9
        assert (segment.genre == "unknown") <= (segment.confidence < threshold)


def test_overlapping_windows_are_averaged_by_overlap() -> None:
    p = np.array([[0.9, 0.1], [0.3, 0.7], [0.1, 0.9]])
    segments = make_timeline(
        np.array([0.0, 5.0, 10.0]),
        p,
        genres=("a", "b"),
        window_s=10.0,
        hop_s=5.0,
        duration_s=20.0,
        heard_s=20.0,
        temperature_of_s=lambda _: 1.0,
        unknown_threshold=0.0,
    )
    # hops: 0.9; (0.9 + 0.3) / 2 = 0.6 | (0.7 + 0.9) / 2 = 0.8; 0.9
    assert [(s.start_s, s.end_s, s.genre) for s in segments] == [(0, 10, "a"), (10, 20, "b")]
    assert [s.confidence for s in segments] == pytest.approx([0.75, 0.85])


def test_a_stretch_tells_what_a_recording_of_its_length_tells() -> None:
    def segments(threshold: float) -> list[tuple[str, float]]:
        timeline = make_timeline(
            np.arange(6.0),
            np.array([[0.8, 0.2]] * 5 + [[0.2, 0.8]]),
            genres=("a", "b"),
            window_s=1.0,
            hop_s=1.0,
            duration_s=6.0,
            heard_s=6.0,
            temperature_of_s=lambda seconds: 0.5 if seconds >= 5 else 2.0,
            unknown_threshold=threshold,
        )
        return [(segment.genre, segment.confidence) for segment in timeline]

    # 0.8^2 / (0.8^2 + 0.2^2) and the roots likewise
    assert segments(0.6) == [("a", pytest.approx(16 / 17)), ("b", pytest.approx(2 / 3))]
    assert segments(0.7) == [("a", pytest.approx(16 / 17)), ("unknown", pytest.approx(2 / 3))]


def test_what_no_window_heard_is_unknown() -> None:
    segments = make_timeline(
        np.array([0.0]),
        np.array([[0.9, 0.1]]),
        genres=("a", "b"),
        window_s=1.0,
        hop_s=1.0,
        duration_s=3.0,
        heard_s=3.0,
        temperature_of_s=lambda _: 1.0,
        unknown_threshold=0.0,
    )
    assert [(s.genre, s.start_s, s.end_s) for s in segments] == [("a", 0, 1), ("unknown", 1, 3)]
    assert segments[1].confidence == 0
