"""What a stretch of log-mel sounds like, whatever its order in time: its texture in numbers."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genrekit.errors import RecipeError

__all__ = ["MODULATION_COLUMNS", "TextureStatistics"]

# Neighbouring bins that are joined to a band, for the moments and for all else.
BAND_BINS, MODULATION_BAND_BINS = 2, 4
# Modulation filters span 4 to 32 columns and hold one or two cycles: of the archive's columns, 0.4 to 6.4 Hz.
MODULATION_COLUMNS = (4, 8, 16, 32)
MODULATION_CYCLES = (1, 2)
# Smallest deviation, modulation power and kurtosis that a logarithm sees: dB, dB squared, no unit.
LEAST_DEVIATION_DB = 1e-2
LEAST_POWER = 1e-2
LEAST_KURTOSIS = 1e-2


class TextureStatistics(nn.Module):
    """Moments, correlations and modulation power of a log-mel's bands (after McDermott and Simoncelli 2011, who took
    such statistics of a cochlear model to tell and to make sound textures).

    Of each band of `BAND_BINS` neighbouring bins: mean, deviation and mean absolute change over time. Of each of
    `n_coefficients` cepstral coefficients: mean and the logarithms of the deviations of itself and of its change, and
    the correlation with each other one. Of each band of `MODULATION_BAND_BINS`: skewness, logarithm of the kurtosis,
    the logarithm of the mean power behind eight modulation filters, and mean and deviation over time of its roughness
    (the mean absolute difference of neighbouring bins, which is great where single tones stand out). Nothing is learnt.

    It takes any number of columns from 32 on; `n_bins` is a multiple of the bins of a band.
    """

    min_columns = max(MODULATION_COLUMNS)

    def __init__(self, n_bins: int, *, n_coefficients: int = 24) -> None:
        super().__init__()
        if n_bins % BAND_BINS or n_bins % MODULATION_BAND_BINS or n_coefficients > n_bins:
            raise RecipeError(
                f"{n_bins} bins cannot be joined to bands of {BAND_BINS} and {MODULATION_BAND_BINS}, or are fewer than "
                f"{n_coefficients} coefficients; expected a multiple of {math.lcm(BAND_BINS, MODULATION_BAND_BINS)}"
            )
        n_bands, n_modulation_bands = n_bins // BAND_BINS, n_bins // MODULATION_BAND_BINS
        self.register_buffer("cosines", _cosines(n_bins, n_coefficients), persistent=False)
        self.register_buffer("filters", _modulation_filters(), persistent=False)
        pairs = torch.triu_indices(n_coefficients, n_coefficients, 1)
        self.register_buffer("pairs", pairs[0] * n_coefficients + pairs[1], persistent=False)
        n_filters = len(MODULATION_COLUMNS) * len(MODULATION_CYCLES)
        self.size = 3 * n_bands + 3 * n_coefficients + len(self.pairs) + n_modulation_bands * (4 + n_filters)

    cosines: Tensor
    filters: Tensor
    pairs: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """dB features [batch, n_bins, n_columns] -> statistics [batch, size], in float32 whatever the autocast."""
        with torch.autocast(x.device.type, enabled=False):
            x = x.float()
            return torch.cat([self._moments(x), self._cepstrum(x), self._modulations(x), self._roughness(x)], 1)

    def _moments(self, x: Tensor) -> Tensor:
        bands = _joined(x, BAND_BINS)
        return torch.cat([bands.mean(2), _deviation(bands), bands.diff(dim=2).abs().mean(2)], 1)

    def _cepstrum(self, x: Tensor) -> Tensor:
        coefficients = self.cosines @ x
        mean, deviation = coefficients.mean(2), _deviation(coefficients)
        change = _deviation(coefficients.diff(dim=2))
        standard = (coefficients - mean[:, :, None]) / deviation[:, :, None]
        correlations = (standard @ standard.transpose(1, 2) / x.shape[2]).flatten(1)
        return torch.cat([mean, deviation.log(), change.log(), correlations[:, self.pairs]], 1)

    def _modulations(self, x: Tensor) -> Tensor:
        bands = _joined(x, MODULATION_BAND_BINS)
        bands = bands - bands.mean(2, keepdim=True)
        standard = bands / _deviation(bands)[:, :, None]
        square = standard.square()
        shape = [(square * standard).mean(2), (square.square().mean(2) + LEAST_KURTOSIS).log()]
        batch, n_bands, n_columns = bands.shape
        # All bands of all items as the rows of one picture: quicker than as so many signals.
        answers = F.conv2d(bands.reshape(1, 1, batch * n_bands, n_columns), self.filters)[0]
        # Cosine and sine of a filter are neighbours: their squares add up to its power.
        power = answers.norm(dim=2).square().view(-1, 2, batch * n_bands).sum(1) / answers.shape[2]
        return torch.cat([*shape, (power.T.reshape(batch, -1) + LEAST_POWER).log()], 1)

    def _roughness(self, x: Tensor) -> Tensor:
        # The highest bin has no neighbour above.
        differences = F.pad(x.diff(dim=1).abs(), (0, 0, 0, 1))
        bands = _joined(differences, MODULATION_BAND_BINS)
        return torch.cat([bands.mean(2), _deviation(bands)], 1)


def _joined(x: Tensor, width: int) -> Tensor:
    """Means of `width` neighbouring bins: [batch, n_bins, n_columns] -> [batch, n_bins / width, n_columns]."""
    batch, n_bins, n_columns = x.shape
    return x.view(batch, n_bins // width, width, n_columns).mean(2)


def _deviation(x: Tensor) -> Tensor:
    """Deviation over time [batch, n]; of what is constant, a little, so that it has a logarithm and a gradient."""
    return (x - x.mean(2, keepdim=True)).square().mean(2).add(LEAST_DEVIATION_DB**2).sqrt()


def _cosines(n_bins: int, n_coefficients: int) -> Tensor:
    """The first rows of the orthonormal DCT-II, [n_coefficients, n_bins]."""
    k, n = torch.arange(n_coefficients, dtype=torch.float64)[:, None], torch.arange(n_bins, dtype=torch.float64)
    rows = torch.cos(math.pi * k * (2 * n + 1) / (2 * n_bins)) * math.sqrt(2 / n_bins)
    rows[0] /= math.sqrt(2)
    return rows.float()


def _modulation_filters() -> Tensor:
    """Cosine and sine under Hann windows, without mean, centred in the longest: [2 * n_filters, 1, 1, columns]."""
    longest = max(MODULATION_COLUMNS)
    filters = []
    for columns in MODULATION_COLUMNS:
        window = torch.hann_window(columns + 2, periodic=False, dtype=torch.float64)[1:-1]
        window = window / window.sum()
        time = torch.arange(columns, dtype=torch.float64) - (columns - 1) / 2
        for cycles in MODULATION_CYCLES:
            phase = 2 * math.pi * cycles * time / columns
            for wave in (torch.cos(phase), torch.sin(phase)):
                centred = window * (wave - (window * wave).sum())
                margin = (longest - columns) // 2
                filters.append(F.pad(centred, (margin, longest - columns - margin)))
    return torch.stack(filters)[:, None, None].float()
