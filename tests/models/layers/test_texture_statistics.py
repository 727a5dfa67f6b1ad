"""Texture statistics, against NumPy and against sounds whose texture is known."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from genrekit.errors import RecipeError  # noqa: E402
from genrekit.models.layers.texture_statistics import TextureStatistics  # noqa: E402

N_BANDS, N_COEFFICIENTS, N_MODULATION_BANDS = 64, 24, 32
MOMENTS = 3 * N_BANDS
CEPSTRUM = MOMENTS + 3 * N_COEFFICIENTS + N_COEFFICIENTS * (N_COEFFICIENTS - 1) // 2
SHAPE = CEPSTRUM + 2 * N_MODULATION_BANDS
MODULATIONS = SHAPE + 8 * N_MODULATION_BANDS


def log_mel(*, n_columns: int = 129, batch: int = 3, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return -40 + 10 * torch.randn(batch, 128, n_columns, generator=generator)


def test_moments_and_cepstrum_are_numpy_s() -> None:
    scipy_fft, scipy_stats = pytest.importorskip("scipy.fft"), pytest.importorskip("scipy.stats")
    x = log_mel()
    found = TextureStatistics(128)(x).numpy()
    bands = x.double().numpy().reshape(3, N_BANDS, 2, 129).mean(2)
    moments = np.concatenate([bands.mean(2), bands.std(2), np.abs(np.diff(bands, axis=2)).mean(2)], 1)
    np.testing.assert_allclose(found[:, :MOMENTS], moments, rtol=1e-4)
    cepstrum = scipy_fft.dct(x.double().numpy(), axis=1, norm="ortho")[:, :N_COEFFICIENTS]
    spread = [np.log(cepstrum.std(2)), np.log(np.diff(cepstrum, axis=2).std(2))]
    rows, columns = np.triu_indices(N_COEFFICIENTS, 1)
    correlations = np.stack([np.corrcoef(item)[rows, columns] for item in cepstrum])
    expected = np.concatenate([cepstrum.mean(2), *spread, correlations], 1)
    np.testing.assert_allclose(found[:, MOMENTS:CEPSTRUM], expected, rtol=1e-3, atol=1e-4)
    wide = x.double().numpy().reshape(3, N_MODULATION_BANDS, 4, 129).mean(2)
    kurtosis = scipy_stats.kurtosis(wide, axis=2, fisher=False)
    expected = np.concatenate([scipy_stats.skew(wide, axis=2), np.log(kurtosis + 0.01)], 1)
    np.testing.assert_allclose(found[:, CEPSTRUM:SHAPE], expected, rtol=1e-3, atol=1e-3)
    rough = np.abs(np.diff(x.double().numpy(), axis=1, append=x[:, -1:].numpy()))
    rough = rough.reshape(3, N_MODULATION_BANDS, 4, 129).mean(2)
    np.testing.assert_allclose(found[:, MODULATIONS:], np.concatenate([rough.mean(2), rough.std(2)], 1), rtol=1e-4)


@pytest.mark.parametrize(("period", "expected"), [(4, 0), (8, 2), (16, 4), (32, 6)])
def test_a_pulse_is_found_by_the_modulation_filter_of_its_period(period: int, expected: int) -> None:
    pulse = torch.cos(2 * torch.pi * torch.arange(256) / period).expand(1, 128, 256) * 10 - 40
    statistics = TextureStatistics(128)(pulse)[0, SHAPE:MODULATIONS].view(N_MODULATION_BANDS, 8)
    # Filters of one cycle are the even ones; two cycles of the next longer filter are the same period.
    assert int(statistics.mean(0).argmax()) in {expected, expected + 3}


def test_order_of_long_stretches_does_not_matter_much_and_level_only_in_means() -> None:
    statistics = TextureStatistics(128)
    x = log_mel(n_columns=256, batch=1)
    there, swapped = statistics(x), statistics(torch.cat([x[:, :, 128:], x[:, :, :128]], 2))
    assert (there - swapped).abs().median() < 0.02
    louder = statistics(x + 6)
    changed = ((louder - there).abs() > 1e-2).nonzero()[:, 1].tolist()
    # Means of the bands, and the first coefficient's.
    assert set(changed) == {*range(N_BANDS), MOMENTS}


def test_silence_is_finite_and_has_gradients() -> None:
    x = torch.full((2, 128, 64), -80.0, requires_grad=True)
    found = TextureStatistics(128)(x)
    found.sum().backward()
    assert torch.isfinite(found).all() and x.grad is not None and torch.isfinite(x.grad).all()


def test_stays_in_float32_under_autocast() -> None:
    statistics, x = TextureStatistics(128), log_mel()
    expected = statistics(x)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(statistics(x), expected)
        assert statistics(x).dtype == torch.float32


@pytest.mark.parametrize("n_bins", [90, 16])
def test_bins_that_cannot_be_joined_are_refused(n_bins: int) -> None:
    with pytest.raises(RecipeError, match=f"{n_bins} bins cannot be joined to bands of 2 and 4"):
        TextureStatistics(n_bins)


@pytest.mark.parametrize("n_bins", [64, 120, 124])
def test_any_multiple_of_four_bins_will_do(n_bins: int) -> None:
    statistics = TextureStatistics(n_bins)
    found = statistics(log_mel()[:, :n_bins])
    assert found.shape == (3, statistics.size) and bool(found.isfinite().all())
    # Bands are as wide whatever there is above them.
    torch.testing.assert_close(found[:, : n_bins // 2], TextureStatistics(128)(log_mel())[:, : n_bins // 2])
