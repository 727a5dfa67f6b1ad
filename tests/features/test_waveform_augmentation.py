from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genrekit.errors import RecipeError
from genrekit.features.waveform_augmentation import RandomGain, WhiteNoise

DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")),
]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def waveforms(batch: int = 16, n_samples: int = 3000) -> torch.Tensor:
    """Items of very different loudness."""
    x = torch.randn(batch, n_samples, generator=generator(9))
    return x * torch.logspace(0, -3, batch)[:, None]


def snr_db(x: torch.Tensor, y: torch.Tensor) -> np.ndarray:
    signal, noise = x.double(), y.double() - x.double()
    return (10 * torch.log10(signal.square().mean(1) / noise.square().mean(1))).numpy()


@pytest.mark.parametrize("augmentation", [RandomGain(-6, 6), WhiteNoise(5, 30)], ids=["gain", "noise"])
def test_same_generator_same_result_input_untouched_items_differ(augmentation):
    x = waveforms()[:1].expand(16, -1).clone()
    before = x.clone()
    first, second, other = (augmentation(x, generator(seed)) for seed in (1, 1, 2))
    assert first.shape == x.shape and first.dtype == x.dtype
    assert torch.equal(x, before)
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert len(torch.unique(first, dim=0)) == 16


@given(wanted=st.floats(-20, 40), seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_measured_snr_is_the_one_asked_for(wanted, seed):
    x = waveforms()
    np.testing.assert_allclose(snr_db(x, WhiteNoise(wanted, wanted)(x, generator(seed))), wanted, atol=0.01)


def test_snr_is_drawn_per_item_evenly_over_its_range():
    x = waveforms(2000, 500)
    drawn = snr_db(x, WhiteNoise(10, 30)(x, generator()))
    assert drawn.min() > 9.99 and drawn.max() < 30.01
    counts, _ = np.histogram(drawn, bins=4, range=(9.99, 30.01))
    assert counts.min() > 420  # 500 each; four standard deviations are 77


def test_noise_is_white_and_not_the_same_for_two_items():
    x = torch.ones(2, 1 << 16)
    noise = WhiteNoise(0, 0)(x, generator()) - x
    power = torch.fft.rfft(noise).abs().square()[:, 1:].reshape(2, 8, -1).mean(2)
    assert (power / power.mean(1, keepdim=True) - 1).abs().max() < 0.1
    assert abs(float((noise[0] * noise[1]).mean())) < 0.02


@given(wanted=st.floats(-40, 40), seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_gain_is_exact(wanted, seed):
    x = waveforms()
    y = RandomGain(wanted, wanted)(x, generator(seed))
    torch.testing.assert_close(y, x * 10 ** (wanted / 20), rtol=1e-5, atol=0)


def test_gain_is_drawn_per_item_evenly_over_its_range():
    gain_db = 20 * torch.log10(RandomGain(-6, 6)(torch.ones(2000, 1), generator())[:, 0]).numpy()
    assert gain_db.min() >= -6.001 and gain_db.max() <= 6.001
    counts, _ = np.histogram(gain_db, bins=4, range=(-6, 6))
    assert counts.min() > 420


@pytest.mark.parametrize("kind", [RandomGain, WhiteNoise])
def test_only_so_many_items_are_changed_and_the_others_are_the_same_bits(kind):
    x = waveforms(1000, 50)
    changed = (kind(3, 6, probability=0.3)(x, generator()) != x).any(1)
    assert 240 < int(changed.sum()) < 360  # 300; four standard deviations are 58
    assert torch.equal(kind(3, 6, probability=0.0)(x, generator()), x)
    assert (kind(3, 6, probability=1.0)(x, generator()) != x).any(1).all()


def test_silence_stays_silent_and_finite():
    x = torch.zeros(4, 100)
    assert torch.equal(WhiteNoise(-10, 10)(x, generator()), x)
    assert torch.equal(RandomGain(-10, 10)(x, generator()), x)


@pytest.mark.parametrize("device", DEVICES)
def test_stays_on_the_device_with_the_draws_of_the_generator(device):
    x = waveforms()
    for augmentation in (RandomGain(-6, 6), WhiteNoise(5, 30)):
        y = augmentation(x.to(device), generator())
        assert y.device.type == device
        torch.testing.assert_close(y.cpu(), augmentation(x, generator()), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", [RandomGain, WhiteNoise])
def test_what_cannot_be_drawn_is_refused(kind):
    with pytest.raises(RecipeError, match="smaller value first"):
        kind(6, 3)
    with pytest.raises(RecipeError, match=r"probability is 1\.5"):
        kind(3, 6, probability=1.5)
