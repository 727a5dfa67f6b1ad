"""Normalisation of an excerpt by itself: what is the same all through it, or all through one of its bands, goes."""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["EXCERPT_NORMS", "ExcerptNorm"]

# A digitally silent excerpt, or band of it, has no deviation.
LEAST_DEVIATION_DB = 1.0

# Name of a normalisation -> the dimensions of [batch, n_bins, n_columns] that it goes over.
EXCERPT_NORMS: dict[str, tuple[int, ...]] = {"excerpt": (1, 2), "band": (2,)}


class ExcerptNorm(nn.Module):
    """Subtracts a mean and divides by a deviation, both of the excerpt that is normalised.

    Parameters
    ----------
    over : "excerpt": of all cells, so that level and dynamic range no longer matter; "band": of each bin, so that a
        fixed filter no longer matters either, nor how bright the music is
    """

    def __init__(self, over: str) -> None:
        super().__init__()
        self.dimensions = EXCERPT_NORMS[over]

    def forward(self, x: Tensor) -> Tensor:
        """dB features [batch, n_bins, n_columns] -> the same shape, without unit."""
        deviation = x.std(self.dimensions, keepdim=True).clamp_min(LEAST_DEVIATION_DB)
        return (x - x.mean(self.dimensions, keepdim=True)) / deviation
