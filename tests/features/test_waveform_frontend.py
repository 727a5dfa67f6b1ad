from __future__ import annotations

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from features.signals import music_like  # noqa: E402
from genrekit.errors import AudioError  # noqa: E402
from genrekit.features import WAVEFORM, ExportableFrontEnd, FrontEnd, compute  # noqa: E402


def test_all_three_give_the_samples_themselves() -> None:
    y = music_like(22_050, 1.0)
    np.testing.assert_array_equal(compute(WAVEFORM, y), y[None])
    batch = torch.from_numpy(np.stack((y, -y)))
    assert torch.equal(FrontEnd(WAVEFORM)(batch), batch[:, None])
    assert torch.equal(ExportableFrontEnd(WAVEFORM, y.size)(batch), batch[:, None])


def test_numpy_gives_a_copy() -> None:
    y = music_like(22_050, 0.1)
    assert not np.shares_memory(compute(WAVEFORM, y), y)


def test_standardised_in_all_three() -> None:
    spec = dataclasses.replace(WAVEFORM, normalise="standardise")
    y = music_like(22_050, 1.0) + np.float32(0.2)
    expected = ((y - y.mean()) / y.std())[None]
    np.testing.assert_allclose(compute(spec, y), expected, atol=1e-4)
    batch = torch.from_numpy(y)[None]
    np.testing.assert_allclose(FrontEnd(spec)(batch)[0], expected, atol=1e-4)
    np.testing.assert_allclose(ExportableFrontEnd(spec, y.size)(batch)[0], expected, atol=1e-4)


def test_nothing_is_refused() -> None:
    with pytest.raises(AudioError, match="0 samples"):
        compute(WAVEFORM, np.zeros(0, dtype=np.float32))
    with pytest.raises(AudioError, match="0 samples"):
        FrontEnd(WAVEFORM)(torch.zeros(2, 0))
