"""The front ends in PyTorch: batches on any device, with the numbers of the NumPy ones."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from genrekit.errors import AudioError
from genrekit.features.numpy_frontend import hann_window, mel_weights, render_index
from genrekit.features.spec import FeatureSpec, require_grid

__all__ = ["FrontEnd", "scale_grid"]


class FrontEnd(nn.Module):
    """The front end `spec` for batches: waveform [batch, n] -> float32 [batch, spec.n_bins, n_columns].

    Computes in float32 whatever the autocast state, since powers and decibels do not survive bfloat16. Its constants
    are not in the state dict: the spec makes them.

    Parameters
    ----------
    spec : the front end
    n_columns : kept frames in place of the number that `spec` gives for n samples
    """

    window: torch.Tensor
    mel: torch.Tensor | None

    def __init__(self, spec: FeatureSpec, *, n_columns: int | None = None) -> None:
        super().__init__()
        require_grid(spec, "be computed in batches on the model's device; train on a feature table instead")
        self.spec = spec
        self.n_columns = n_columns
        weights = mel_weights(spec)
        self.register_buffer("window", torch.tensor(hann_window(spec)), persistent=False)
        self.register_buffer("mel", None if weights is None else torch.tensor(weights), persistent=False)

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        """Waveform [batch, n] at `spec.sr`, full scale 1 -> float32 [batch, n_bins, n_columns].

        Raises
        ------
        AudioError : if the shape is not [batch, n], or n is too short for one frame
        """
        if waveform.ndim != 2:
            raise AudioError(f"waveform has shape {list(waveform.shape)}; expected [batch, n_samples]")
        with torch.autocast(waveform.device.type, enabled=False):
            return scale_grid(self.spec, self._grid_power(waveform.float()))

    def _grid_power(self, waveform: torch.Tensor) -> torch.Tensor:
        spec = self.spec
        n_samples = waveform.shape[1]
        if spec.kind == "waveform" and n_samples > 0:
            return waveform[:, None]
        index = spec.frame_index(n_samples, self.n_columns)
        if index.size == 0:
            raise AudioError(f"waveform has {n_samples} samples; expected at least {1 if spec.center else spec.n_fft}")
        frames = _pad(spec, waveform).unfold(1, spec.n_fft, spec.hop_length)
        if index.size != frames.shape[1]:
            frames = frames[:, torch.from_numpy(index).to(waveform.device)]
        spectrum = torch.fft.rfft(frames * self.window)
        power: torch.Tensor = spectrum.real.square() + spectrum.imag.square()
        if spec.power == 1.0:
            power = power.sqrt()
        if self.mel is not None:
            power = power @ self.mel
        return power.transpose(1, 2)


def scale_grid(spec: FeatureSpec, grid: torch.Tensor) -> torch.Tensor:
    """Decibels, normalising and drawing of linear grids [batch, n_grid_bins, n_columns], each item by itself."""
    if spec.scale == "db":
        grid = 10.0 * torch.log10(grid.clamp(min=spec.amin))
        if spec.db_ref == "max":
            grid = grid - grid.amax(dim=(1, 2), keepdim=True)
        if spec.top_db is not None:
            grid = torch.maximum(grid, grid.amax(dim=(1, 2), keepdim=True) - spec.top_db)
    if spec.keep_mels is not None:
        grid = grid[:, : spec.keep_mels]
    if spec.normalise == "standardise":
        mean = grid.mean(dim=(1, 2), keepdim=True)
        deviation = (grid - mean).square().mean(dim=(1, 2), keepdim=True).sqrt()
        grid = (grid - mean) / deviation.clamp(min=1e-8)
    if spec.kind == "log_mel_rendered" and spec.top_db is not None:
        rows, columns = (torch.from_numpy(index).to(grid.device) for index in render_index(spec, grid.shape[2]))
        grid = 1.0 + grid.index_select(1, rows).index_select(2, columns) / spec.top_db
    return grid


def _pad(spec: FeatureSpec, waveform: torch.Tensor) -> torch.Tensor:
    pad = spec.n_fft // 2
    if not spec.center:
        return waveform
    if spec.pad_mode == "constant":
        return F.pad(waveform, (pad, pad))
    if waveform.shape[1] > pad:
        return F.pad(waveform[:, None], (pad, pad), mode="reflect")[:, 0]
    # PyTorch reflects once only; a shorter waveform is reflected again and again, as NumPy does.
    index = np.pad(np.arange(waveform.shape[1]), pad, mode="reflect")
    return waveform[:, torch.from_numpy(index).to(waveform.device)]
