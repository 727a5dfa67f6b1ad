from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from genrekit.models.layers.sinc import MIN_BAND, MIN_EDGE, SincFilters  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def set_edges(filters: SincFilters, low: float, high: float) -> None:
    with torch.no_grad():
        filters.low.fill_((low - MIN_EDGE) / 0.05)
        filters.band.fill_((high - low - MIN_BAND) / 0.05)


def response(filters: SincFilters) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies [n] in cycles per sample and magnitudes [n_filters, n]."""
    h = filters.impulse_responses().detach().numpy()
    return np.fft.rfftfreq(8192), np.abs(np.fft.rfft(h, 8192))


def test_passes_its_band_with_gain_one_and_stops_the_rest() -> None:
    filters = SincFilters(1, length=251, stride=1)
    set_edges(filters, 0.1, 0.2)
    frequency, (gain,) = response(filters)
    # A Hamming window of 251 taps has a main lobe 4 / 251 wide.
    inside = (frequency > 0.108) & (frequency < 0.192)
    outside = (frequency < 0.092) | (frequency > 0.208)
    np.testing.assert_allclose(gain[inside], 1.0, atol=5e-3)
    assert gain[outside].max() < 5e-3
    assert gain[np.argmin(np.abs(frequency - 0.1))] == pytest.approx(0.5, abs=0.02)


def test_equals_numpy_s_sinc() -> None:
    filters = SincFilters(3, length=31, stride=1)
    low, high = (edge.detach().numpy()[:, None].astype(np.float64) for edge in filters.edges())
    n = np.arange(-15, 16)
    expected = (2 * high * np.sinc(2 * high * n) - 2 * low * np.sinc(2 * low * n)) * np.hamming(31)
    np.testing.assert_allclose(filters.impulse_responses().detach().numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("n_filters", [1, 20, 80, 300])
def test_starts_as_rising_bands_from_30_hz_to_half_the_sample_rate(n_filters: int) -> None:
    low, high = (edge.detach() for edge in SincFilters(n_filters, length=251, stride=16).edges())
    assert float(low[0]) == pytest.approx(30 / 22_050, rel=0.1)
    assert float(high[-1]) == pytest.approx(0.5, abs=1e-3)
    assert (low.diff() > 0).all()
    assert (high - low >= MIN_BAND - 1e-7).all()
    if n_filters <= 80:  # more of them are narrower than the narrowest band, in the bass
        torch.testing.assert_close(high[:-1], low[1:])


def test_any_parameters_give_a_band_within_range() -> None:
    filters = SincFilters(50, length=51, stride=1)
    with torch.no_grad():
        filters.low.normal_(0, 20)
        filters.band.normal_(0, 20)
    low, high = filters.edges()
    assert (low >= MIN_EDGE).all() and (high <= 0.5).all() and (high - low >= MIN_BAND - 1e-6).all()
    assert torch.isfinite(filters.impulse_responses()).all()


def test_both_edges_of_every_filter_have_a_gradient() -> None:
    filters = SincFilters(80, length=251, stride=16)
    filters(torch.randn(2, 1, 8000)).square().mean().backward()
    assert (filters.low.grad != 0).all()
    assert (filters.band.grad != 0).all()


def test_a_tone_comes_out_of_the_filter_around_it_in_float32_whatever_the_autocast_state() -> None:
    filters = SincFilters(40, length=251, stride=4)
    tone = torch.sin(2 * torch.pi * 0.1 * torch.arange(8000.0))[None, None]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        bands = filters(tone)
    assert bands.dtype == torch.float32
    assert bands.shape == (1, 40, 2000)
    low, high = filters.edges()
    loudest = int(bands.square().mean(2).argmax())
    assert low[loudest] - 0.01 < 0.1 < high[loudest] + 0.01


def test_an_even_number_of_taps_is_refused() -> None:
    with pytest.raises(ValueError, match="250"):
        SincFilters(4, length=250, stride=1)
