"""The modulation power spectrum, against NumPy's Fourier transform and against ripples that are known."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from genrekit.errors import RecipeError  # noqa: E402
from genrekit.models.layers.modulation_spectrum import ModulationSpectrum  # noqa: E402

RATES = [(1, 2), (2, 3), (3, 4), (4, 6), (6, 8), (8, 12), (12, 16), (16, 24), (24, 32)]
SCALES = [(1, 2), (2, 4), (4, 8), (8, 16), (16, 32)]


def log_mel(*, n_columns: int = 129, batch: int = 2, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return -40 + 10 * torch.randn(batch, 128, n_columns, generator=generator)


def ripple(*, rate: int, scale: int, rising: bool, n_columns: int = 128) -> torch.Tensor:
    """`rate` cycles in 64 columns, `scale` cycles in 64 bins."""
    column, row = torch.arange(n_columns)[None, :], torch.arange(128)[:, None]
    phase = 2 * torch.pi * (rate * column + (-scale if rising else scale) * row) / 64
    return (10 * torch.cos(phase) - 40)[None]


def test_is_numpy_s() -> None:
    x = log_mel()
    found = ModulationSpectrum(128)(x).view(2, 3, len(RATES), 1 + 2 * len(SCALES)).numpy()
    hann = np.hanning(65)[:-1]
    expected = np.zeros_like(found, dtype=np.float64)
    for region in range(3):
        powers = []
        for start in (0, 32, 64):
            patch = x.double().numpy()[:, 32 * region : 32 * region + 64, start : start + 64]
            patch = patch - patch.mean(2, keepdims=True)
            powers.append(np.abs(np.fft.fft2(patch * hann * hann[:, None])) ** 2)
        power = np.mean(powers, 0)
        for number, (low, high) in enumerate(RATES):
            rates = slice(low, high)
            falling = [power[:, first:last, rates].mean((1, 2)) for first, last in SCALES]
            rising = [power[:, 64 - last + 1 : 64 - first + 1, rates].mean((1, 2)) for first, last in SCALES]
            bands = [power[:, 0, rates].mean(1), *rising, *falling]
            expected[:, region, number] = np.log(np.stack(bands, 1) + 1)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


@pytest.mark.parametrize("rising", [True, False])
@pytest.mark.parametrize(("rate", "rate_band"), [(2, 1), (5, 3), (20, 7)])
@pytest.mark.parametrize(("scale", "scale_band"), [(3, 1), (6, 2), (20, 4)])
def test_a_ripple_is_found_where_it_is(rate: int, rate_band: int, scale: int, scale_band: int, rising: bool) -> None:
    found = ModulationSpectrum(128)(ripple(rate=rate, scale=scale, rising=rising)).view(3, len(RATES), 11)
    place = 1 + scale_band + (0 if rising else len(SCALES))
    for region in found:
        assert int(region.argmax()) == rate_band * 11 + place


def test_level_and_what_stands_still_are_not_seen() -> None:
    spectrum, x = ModulationSpectrum(128), log_mel()
    still = 5 * torch.randn(1, 128, 1, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(spectrum(x + 6), spectrum(x), rtol=1e-4, atol=1e-3)
    torch.testing.assert_close(spectrum(x + still), spectrum(x), rtol=1e-4, atol=1e-3)


def test_size_follows_the_regions() -> None:
    for n_regions, octaves in ((1, 6), (3, 5), (7, 4)):
        spectrum = ModulationSpectrum(128, n_regions=n_regions)
        assert spectrum.size == n_regions * 9 * (1 + 2 * octaves)
        assert spectrum(log_mel()).shape == (2, spectrum.size)


def test_all_scales_are_seen_where_regions_are_no_power_of_two_wide() -> None:
    spectrum = ModulationSpectrum(120, n_regions=4)
    # Half a region is 24 bins: bands of scales 0, 1, 2-3, 4-7, 8-15, 16-23.
    assert spectrum.scale_bands.shape == (6, 24)
    assert torch.equal(spectrum.scale_bands.sum(1), torch.ones(6)) and bool((spectrum.scale_bands.sum(0) > 0).all())


def test_what_is_shorter_than_a_segment_is_repeated() -> None:
    spectrum, x = ModulationSpectrum(128), log_mel(n_columns=39)
    torch.testing.assert_close(spectrum(x), spectrum(torch.cat([x, x], 2)[:, :, :64]))


def test_silence_is_finite_and_has_gradients() -> None:
    x = torch.full((2, 128, 64), -80.0, requires_grad=True)
    found = ModulationSpectrum(128)(x)
    found.sum().backward()
    assert torch.isfinite(found).all() and x.grad is not None and torch.isfinite(x.grad).all()


def test_stays_in_float32_under_autocast() -> None:
    spectrum, x = ModulationSpectrum(128), log_mel()
    expected = spectrum(x)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(spectrum(x), expected)


@pytest.mark.parametrize(("n_bins", "n_regions"), [(128, 2), (128, 0), (4, 3)])
def test_regions_that_do_not_fit_are_refused(n_bins: int, n_regions: int) -> None:
    with pytest.raises(RecipeError, match=f"{n_bins} bins cannot be cut into {n_regions} regions"):
        ModulationSpectrum(n_bins, n_regions=n_regions)
