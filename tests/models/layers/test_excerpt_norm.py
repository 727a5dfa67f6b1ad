from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from genrekit.models.layers.excerpt_norm import EXCERPT_NORMS, ExcerptNorm  # noqa: E402


def spectrogram() -> torch.Tensor:
    return 10 * torch.randn(3, 16, 40, generator=torch.Generator().manual_seed(0)) - 40


@pytest.mark.parametrize("over", EXCERPT_NORMS)
def test_has_no_mean_and_unit_deviation_over_its_dimensions(over: str) -> None:
    y = ExcerptNorm(over)(spectrogram())
    dimensions = EXCERPT_NORMS[over]
    torch.testing.assert_close(y.mean(dimensions), torch.zeros_like(y.mean(dimensions)), atol=1e-5, rtol=0)
    torch.testing.assert_close(y.std(dimensions), torch.ones_like(y.std(dimensions)))


def test_level_does_not_matter_to_either_and_a_filter_not_to_bands() -> None:
    x = spectrogram()
    curve = torch.linspace(-20, 20, 16)[:, None]
    for over in EXCERPT_NORMS:
        torch.testing.assert_close(ExcerptNorm(over)(x - 12), ExcerptNorm(over)(x), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(ExcerptNorm("band")(x + curve), ExcerptNorm("band")(x), atol=1e-4, rtol=1e-4)
    assert not torch.allclose(ExcerptNorm("excerpt")(x + curve), ExcerptNorm("excerpt")(x), atol=0.1)


@pytest.mark.parametrize("over", EXCERPT_NORMS)
def test_silence_stays_finite(over: str) -> None:
    assert torch.equal(ExcerptNorm(over)(torch.full((2, 16, 40), -80.0)), torch.zeros(2, 16, 40))
