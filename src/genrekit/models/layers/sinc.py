"""Band-pass filters whose only parameters are their two edges (Ravanelli and Bengio 2018)."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genrekit.features.mel import hz_to_mel, mel_to_hz

__all__ = ["SincFilters"]

# Cycles per sample; 22 Hz at 22 050 Hz: a lowest edge above infrasound, and a narrowest band.
MIN_EDGE = 0.001
MIN_BAND = 0.001
# Parameters are in twentieths of a cycle per sample, about 1.1 kHz at 22 050 Hz. So a step of Adam, whose size is the
# learning rate whatever the unit, moves an edge by about a hertz: in hertz it would stay where it is for ever.
UNIT = 0.05
# Only the first places of the filters depend on it.
INITIAL_SR = 22_050
INITIAL_LOWEST_HZ = 30.0
# Parameters of exactly 0 would have no gradient through their absolute values.
SMALLEST = 1e-3


class SincFilters(nn.Module):
    """A bank of windowed-sinc band-pass filters over waveforms, with learnt edges and a passband gain of 1.

    The ideal low-pass filter of edge f (cycles per sample) is sin(2 pi f n) / (pi n); a band-pass filter is the
    difference of two, cut to `length` taps by a Hamming window. Edges start evenly spread in mels from 30 Hz to half
    the sample rate. The filters are computed and applied in float32 whatever the autocast state, since bfloat16 would
    drown the upper bands in the rounding noise of the lower ones.

    Parameters
    ----------
    n_filters : at least 1
    length : taps, odd
    stride : samples from one output to the next
    """

    window: Tensor
    taps: Tensor

    def __init__(self, n_filters: int, *, length: int, stride: int) -> None:
        super().__init__()
        if length % 2 == 0:
            raise ValueError(f"length is {length}; expected an odd number of taps")
        self.stride = stride
        lowest, highest = (float(mel) for mel in hz_to_mel([INITIAL_LOWEST_HZ, INITIAL_SR / 2]))
        edges_hz = mel_to_hz(np.linspace(lowest, highest, n_filters + 1))
        edges = torch.tensor(edges_hz / INITIAL_SR, dtype=torch.float32)
        self.low = nn.Parameter(((edges[:-1] - MIN_EDGE) / UNIT).clamp_min(SMALLEST))
        self.band = nn.Parameter(((edges.diff() - MIN_BAND) / UNIT).clamp_min(SMALLEST))
        taps = torch.arange(1, length // 2 + 1, dtype=torch.float32)
        self.register_buffer("taps", taps, persistent=False)
        window = 0.54 + 0.46 * torch.cos(2 * math.pi * taps / (length - 1))
        self.register_buffer("window", window, persistent=False)

    def edges(self) -> tuple[Tensor, Tensor]:
        """Lower and upper edges [n_filters], cycles per sample, 0 to 0.5."""
        low = (MIN_EDGE + UNIT * self.low.abs()).clamp(max=0.5 - MIN_BAND)
        high = (low + MIN_BAND + UNIT * self.band.abs()).clamp(max=0.5)
        return low, high

    def impulse_responses(self) -> Tensor:
        """The filters, symmetric: float32 [n_filters, length]."""
        low, high = self.edges()
        angle = 2 * math.pi * self.taps
        right = (torch.sin(high[:, None] * angle) - torch.sin(low[:, None] * angle)) / (math.pi * self.taps)
        right = right * self.window
        return torch.cat((right.flip(1), 2 * (high - low)[:, None], right), dim=1)

    def forward(self, x: Tensor) -> Tensor:
        """Waveform [batch, 1, n] -> float32 [batch, n_filters, ceil(n / stride)]."""
        with torch.autocast(x.device.type, enabled=False):
            filters = self.impulse_responses()
            return F.conv1d(x.float(), filters[:, None], stride=self.stride, padding=len(self.taps))
