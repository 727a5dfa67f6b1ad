from __future__ import annotations

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrekit.features.mel import hz_to_mel, mel_filter_bank, mel_to_hz


@pytest.mark.parametrize(("sr", "n_fft", "n_mels"), [(22_050, 2048, 128), (16_000, 512, 128), (44_100, 4096, 40)])
@pytest.mark.filterwarnings("ignore:Empty filters")
def test_equals_librosa(sr: int, n_fft: int, n_mels: int) -> None:
    ours = mel_filter_bank(sr=sr, n_fft=n_fft, n_mels=n_mels)
    theirs = librosa.filters.mel(sr=sr, n_fft=n_fft, n_mels=n_mels)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-9)


def test_filters_have_unit_area() -> None:
    weights = mel_filter_bank(sr=22_050, n_fft=1 << 17, n_mels=64)
    np.testing.assert_allclose(weights.sum(axis=1) * 22_050 / (1 << 17), 1.0, rtol=1e-4)


def test_known_points() -> None:
    np.testing.assert_allclose(hz_to_mel([0.0, 200.0, 1000.0, 6400.0]), [0.0, 3.0, 15.0, 42.0])


@given(st.floats(0.0, 24_000.0))
def test_mel_to_hz_inverts(hz: float) -> None:
    assert mel_to_hz(hz_to_mel(hz)) == pytest.approx(hz, rel=1e-9, abs=1e-9)
