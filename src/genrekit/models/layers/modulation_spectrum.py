"""How a log-mel is rippled in time and in pitch at once: its modulation power spectrum."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from genrekit.errors import RecipeError

__all__ = ["SEGMENT_COLUMNS", "ModulationSpectrum"]

# Power is averaged over segments of 5 s of the archive's columns, half of which the next one shares (Welch's method).
SEGMENT_COLUMNS = 64
SEGMENT_HOP = 32
# Edges of the bands of rates, in cycles a segment: of the archive's columns, 0.2 to 6.4 Hz, half their frequency.
RATE_EDGES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
# Smallest power that a logarithm sees, in dB squared: far below that of any music.
LEAST_POWER = 1.0


class ModulationSpectrum(nn.Module):
    """Logarithm of the power of ripples over a log-mel's mel axis and time, in regions of the mel axis (the modulation
    power spectrum of Singh and Theunissen 2003, there of whole spectrograms).

    A ripple has a rate, in cycles over time, a scale, in cycles over pitch, and a direction: one that rises is told
    from one that falls. What stands still in a segment is left out: each bin's mean is taken away. Nothing is learnt.

    It takes any number of columns: fewer than `SEGMENT_COLUMNS` are repeated, as a short recording is in use; at the
    end, those that fill no more segment are not seen.

    Parameters
    ----------
    n_bins : of the log-mel
    n_regions : of the mel axis; each shares one half with the next. `n_bins` must be a multiple of `n_regions` + 1
    """

    def __init__(self, n_bins: int, *, n_regions: int = 3) -> None:
        super().__init__()
        if n_regions < 1 or n_bins % (n_regions + 1) or n_bins // (n_regions + 1) < 2:
            raise RecipeError(
                f"{n_bins} bins cannot be cut into {n_regions} regions that overlap by half; expected at least one "
                "region, and as many bins as a multiple (2 or more) of the number of regions and one more"
            )
        self._hop = n_bins // (n_regions + 1)
        octaves = range((self._hop - 1).bit_length())
        scale_edges = (*(2**octave for octave in octaves), self._hop)
        for name, value in (
            ("time", _waves(SEGMENT_COLUMNS, range(RATE_EDGES[0], RATE_EDGES[-1]))),
            ("pitch", _waves(2 * self._hop, range(scale_edges[-1]))),
            ("rate_bands", _means(RATE_EDGES)),
            # The ripples that stand upright, of scale 0, are a band of their own.
            ("scale_bands", _means((0, *scale_edges))),
        ):
            self.register_buffer(name, value, persistent=False)
        self._n_regions = n_regions
        self.size = n_regions * len(self.rate_bands) * (2 * len(self.scale_bands) - 1)

    time: Tensor
    pitch: Tensor
    rate_bands: Tensor
    scale_bands: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """dB features [batch, n_bins, n_columns] -> logarithms of power [batch, size], always in float32.

        They are in the order of regions, bands of rates, bands of scales: upright, then rising, then falling ripples.
        """
        with torch.autocast(x.device.type, enabled=False):
            both, excess = (
                self.rate_bands @ power @ self.scale_bands.mT for power in self._powers(self._rates(x.float()))
            )
            # Upright ripples neither rise nor fall.
            bands = torch.cat([both + excess, (both - excess)[..., 1:]], -1)
            return (bands + LEAST_POWER).log().flatten(1)

    def _rates(self, x: Tensor) -> Tensor:
        """[batch, n_bins, n_columns] -> cosines and sines of each rate [batch, n_segments, n_bins, 2 * n_rates]."""
        x = x.repeat(1, 1, -(-SEGMENT_COLUMNS // x.shape[2])) if x.shape[2] < SEGMENT_COLUMNS else x
        starts = range(0, x.shape[2] - SEGMENT_COLUMNS + 1, SEGMENT_HOP)
        segments = torch.stack([x[:, :, start : start + SEGMENT_COLUMNS] for start in starts], 1)
        segments = segments - segments.mean(3, keepdim=True)
        return segments @ self.time.flatten(0, 1).mT

    def _powers(self, rates: Tensor) -> tuple[Tensor, Tensor]:
        """Of each region, the mean over segments of the power of rising and falling ripples, and by how much that of
        either differs from it: two of [batch, n_regions, n_rates, n_scales].

        With the products of a rate's and a scale's cosines and sines, cc and so on, one direction has
        (cc + ss)^2 + (cs - sc)^2, the other (cc - ss)^2 + (cs + sc)^2.
        """
        scales = self.pitch.flatten(0, 1)
        both, excess = [], []
        # A region at a time: what is cut along the bins of all of them would have to be copied.
        for start in range(0, self._n_regions * self._hop, self._hop):
            cosine, sine = (scales @ rates[:, :, start : start + 2 * self._hop]).chunk(2, dim=2)
            (cc, sc), (cs, ss) = cosine.chunk(2, dim=3), sine.chunk(2, dim=3)
            both.append((cc.square() + cs.square() + sc.square() + ss.square()).mean(1))
            excess.append(2 * (cc * ss - cs * sc).mean(1))
        return torch.stack(both, 1).mT, torch.stack(excess, 1).mT


def _waves(length: int, cycles: range) -> Tensor:
    """Cosines and sines of so many cycles under a Hann window [2, len(cycles), length]."""
    place = torch.arange(length, dtype=torch.float64)
    phase = 2 * math.pi * torch.tensor(cycles, dtype=torch.float64)[:, None] * place / length
    return (torch.stack([phase.cos(), phase.sin()]) * torch.hann_window(length, dtype=torch.float64)).float()


def _means(edges: tuple[int, ...]) -> Tensor:
    """What takes means of a column that begins with number edges[0], from edge to edge: [n_bands, n]."""
    rows = torch.zeros(len(edges) - 1, edges[-1] - edges[0])
    for row, (low, high) in zip(rows, pairwise(edges), strict=True):
        row[low - edges[0] : high - edges[0]] = 1 / (high - low)
    return rows
