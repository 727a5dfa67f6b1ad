from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrekit.audio import Window, iter_windows
from genrekit.errors import AudioError, ModelFileError
from genrekit.inference import ModelCard
from genrekit.inference.density import windows_to_hear
from genrekit.inference.model_file import SHORT_S

SR = 10


def card(hop_s: float, short_hop_s: float | None) -> ModelCard:
    return ModelCard(name="m", genres=("a", "b"), sr=SR, window_s=10.0, hop_s=hop_s, short_hop_s=short_hop_s)


def heard(n_samples: int, hop_s: float = 10.0, short_hop_s: float | None = 5.0, block: int = 37) -> list[Window]:
    samples = np.arange(n_samples, dtype=np.float32)
    return list(windows_to_hear((samples[i : i + block] for i in range(0, n_samples, block)), card(hop_s, short_hop_s)))


def plain(n_samples: int, hop_samples: int) -> list[int]:
    windows = iter_windows([np.zeros(n_samples, np.float32)], window_samples=100, hop_samples=hop_samples)
    return [window.start_sample for window in windows]


def starts(windows: list[Window]) -> list[int]:
    return [window.start_sample for window in windows]


@given(n_samples=st.integers(1, round(SHORT_S * SR)))
@settings(max_examples=60, deadline=None)
def test_windows_of_short_recordings_are_close_together(n_samples: int) -> None:
    assert starts(heard(n_samples)) == plain(n_samples, 50)


@given(n_samples=st.integers(round(SHORT_S * SR) + 1, 3000), block=st.integers(1, 2000))
@settings(max_examples=100, deadline=None)
def test_windows_of_long_recordings_are_further_apart(n_samples: int, block: int) -> None:
    windows = heard(n_samples, block=block)
    assert starts(windows) == plain(n_samples, 100)
    for window in windows:
        assert window.samples.tolist() == list(range(window.start_sample, window.start_sample + 100))


@pytest.mark.parametrize("n_samples", [99, 250, 601, 1234])
def test_without_a_short_hop_all_recordings_are_heard_alike(n_samples: int) -> None:
    assert starts(heard(n_samples, short_hop_s=None)) == plain(n_samples, 100)
    assert starts(heard(n_samples, hop_s=2.0, short_hop_s=None)) == plain(n_samples, 20)


@pytest.mark.parametrize(("hop_s", "short_hop_s"), [(8.0, 4.0), (9.0, 3.0), (5.0, 5.0)])
def test_any_whole_part_will_do(hop_s: float, short_hop_s: float) -> None:
    assert starts(heard(371, hop_s, short_hop_s)) == plain(371, round(short_hop_s * SR))
    assert starts(heard(977, hop_s, short_hop_s)) == plain(977, round(hop_s * SR))


@pytest.mark.parametrize("short_hop_s", [0.0, -1.0, 4.0, 20.0])
def test_no_other_part_will(short_hop_s: float) -> None:
    with pytest.raises(ModelFileError, match="whole part of hop_s"):
        card(10.0, short_hop_s)


def test_the_short_hop_is_in_the_metadata_if_there_is_one() -> None:
    for short_hop_s in (None, 5.0):
        metadata = card(10.0, short_hop_s).to_metadata()
        assert ("short_hop_s" in metadata["genrekit"]) == (short_hop_s is not None)
        assert ModelCard.from_metadata(metadata).short_hop_s == short_hop_s


def test_nothing_to_hear_is_an_error() -> None:
    with pytest.raises(AudioError, match="no sample"):
        list(windows_to_hear([], card(10.0, 5.0)))


def test_the_hop_of_a_recording_follows_its_length() -> None:
    assert card(10.0, 5.0).hop_of_s(60.0) == 5.0
    assert card(10.0, 5.0).hop_of_s(60.1) == card(10.0, None).hop_of_s(30.0) == 10.0
