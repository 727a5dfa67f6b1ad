from __future__ import annotations

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from features.signals import COMPUTED, music_like  # noqa: E402
from genrekit.errors import AudioError  # noqa: E402
from genrekit.features import ARCHIVE_LOG_MEL, POWER_SPECTROGRAM_A, FeatureSpec, FrontEnd, compute  # noqa: E402

DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")),
]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def batch_for(spec: FeatureSpec) -> np.ndarray:
    """Three waveforms of different loudness, 2 s each."""
    return np.stack([gain * music_like(spec.sr, 2.0, seed=seed) for seed, gain in enumerate((1.0, 0.1, 0.01))])


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("spec", COMPUTED.values(), ids=COMPUTED.keys())
def test_equals_numpy(spec: FeatureSpec, device: str) -> None:
    waveforms = batch_for(spec)
    ours = FrontEnd(spec).to(device)(torch.from_numpy(waveforms).to(device)).cpu().numpy()
    theirs = np.stack([compute(spec, y) for y in waveforms])
    assert ours.dtype == np.float32
    assert ours.shape == theirs.shape
    # Item by item, since the loudest must not set the tolerance of the others.
    for one, other in zip(ours, theirs, strict=True):
        assert np.abs(one - other).max() < 1e-4 * np.abs(other).max()


@pytest.mark.parametrize("n_columns", [20, 300])
def test_number_of_columns_can_be_set(n_columns: int) -> None:
    waveforms = batch_for(ARCHIVE_LOG_MEL)
    ours = FrontEnd(ARCHIVE_LOG_MEL, n_columns=n_columns)(torch.from_numpy(waveforms)).numpy()
    np.testing.assert_allclose(ours[1], compute(ARCHIVE_LOG_MEL, waveforms[1], n_columns=n_columns), atol=1e-2)


@pytest.mark.parametrize("n_samples", [1, 2, 300, 512, 513])
def test_short_waveforms_are_reflected_as_numpy_does(n_samples: int) -> None:
    y = np.linspace(-0.5, 0.7, n_samples, dtype=np.float32)
    ours = FrontEnd(POWER_SPECTROGRAM_A)(torch.from_numpy(y)[None])[0].numpy()
    np.testing.assert_allclose(ours, compute(POWER_SPECTROGRAM_A, y), rtol=1e-3, atol=1e-3)


def test_float32_under_autocast_and_from_other_types() -> None:
    front_end = FrontEnd(ARCHIVE_LOG_MEL)
    waveform = torch.from_numpy(music_like(22_050, 2.0))[None]
    expected = front_end(waveform)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(front_end(waveform), expected)
    assert front_end(waveform.double()).dtype == torch.float32


def test_has_no_weights() -> None:
    front_end = FrontEnd(ARCHIVE_LOG_MEL)
    assert not front_end.state_dict()
    assert not list(front_end.parameters())


def test_gradient_reaches_the_waveform() -> None:
    waveform = torch.from_numpy(music_like(22_050, 1.0))[None].requires_grad_()
    FrontEnd(ARCHIVE_LOG_MEL)(waveform).mean().backward()
    assert waveform.grad is not None
    assert torch.isfinite(waveform.grad).all()


def test_refuses_other_shapes() -> None:
    with pytest.raises(AudioError, match=r"shape \[100\]"):
        FrontEnd(ARCHIVE_LOG_MEL)(torch.zeros(100))
    with pytest.raises(AudioError, match="0 samples"):
        FrontEnd(ARCHIVE_LOG_MEL)(torch.zeros(2, 0))
    with pytest.raises(AudioError, match="expected at least 1024"):
        FrontEnd(dataclasses.replace(POWER_SPECTROGRAM_A, center=False))(torch.zeros(2, 1000))
