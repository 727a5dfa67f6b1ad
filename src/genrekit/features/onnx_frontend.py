"""The front ends for export: plain tensor operations that ONNX Runtime runs fast on a CPU, and small constants.

ONNX's own DFT and STFT operators are slow in ONNX Runtime, and a dense DFT matrix of 2048 x 1025 complex numbers weighs
17 MB. The transform of n_fft = n1 * n2 samples is therefore split once (Cooley and Tukey, 1965) into two small matrix
products with twiddle factors between them.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import nn

from genrekit.errors import AudioError, RecipeError
from genrekit.features.numpy_frontend import hann_window, mel_weights
from genrekit.features.spec import FeatureSpec, require_grid
from genrekit.features.torch_frontend import scale_grid

__all__ = ["ExportableFrontEnd"]


class ExportableFrontEnd(nn.Module):
    """The front end `spec` for one window length: [batch, window_samples] -> float32 [batch, n_bins, n_columns].

    Sample n2 * a + b of a frame stands at row a, column b of an n1 x n2 matrix. With w(m) = exp(-2 pi i / m) and
    N = n1 * n2, the spectrum at k = k1 + n1 * k2 is

        X[k] = sum over b of w(n2)^(b k2) * w(N)^(b k1) * sum over a of w(n1)^(a k1) * x[a, b]

    Samples are real, so k1 is needed from 0 to n1 / 2 only: the bin k of any other is the mirror image N - k of one
    that is there, with the same power. The mel matrix is laid out on that grid of (k1, k2), so that nothing has to be
    put in order first.

    Parameters
    ----------
    spec : the front end; centred, n_fft a power of two of at least 16
    window_samples : samples of every window
    n_columns : kept frames in place of the number that `spec` gives

    Raises
    ------
    RecipeError : if the spec cannot be exported
    """

    block_index: torch.Tensor
    window: torch.Tensor
    dft_rows: torch.Tensor
    twiddle_cos: torch.Tensor
    twiddle_sin: torch.Tensor
    dft_columns: torch.Tensor
    mel: torch.Tensor | None
    bin_index: torch.Tensor | None

    def __init__(self, spec: FeatureSpec, window_samples: int, *, n_columns: int | None = None) -> None:
        super().__init__()
        require_grid(spec, "be exported: a model file takes a waveform, and tempo, chroma and HPSS are not in ONNX")
        self.spec = spec
        self.window_samples = window_samples
        if spec.kind == "waveform":
            return
        n = spec.n_fft
        if n < 16 or n & (n - 1) or not spec.center:
            raise RecipeError(
                f"front end with n_fft {n}, center {spec.center}: only centred ones whose n_fft is a power of two of "
                "at least 16 are exported"
            )
        if window_samples <= n // 2:
            raise RecipeError(f"window of {window_samples} samples; expected more than n_fft / 2 = {n // 2}")
        starts = spec.frame_index(window_samples, n_columns) * spec.hop_length
        # Frames are gathered as whole blocks, the largest that frame starts and frame length are multiples of.
        self.block = math.gcd(spec.hop_length, n)
        blocks = (starts // self.block)[:, None] + np.arange(n // self.block)
        self.n_blocks = int(blocks.max()) + 1
        self.n_columns = starts.size
        # n1 >= n2, since symmetry halves the first product only (measured: 64 x 32 beats 32 x 64 and 128 x 16).
        self.n1 = 1 << (n.bit_length() // 2)
        self.n2 = n // self.n1
        rows, cos, sin, columns = _dft_factors(self.n1, self.n2)
        self.register_buffer("block_index", torch.from_numpy(blocks.reshape(-1)), persistent=False)
        self.register_buffer("window", torch.tensor(hann_window(spec)).reshape(self.n1, self.n2), persistent=False)
        self.register_buffer("dft_rows", torch.from_numpy(rows), persistent=False)
        self.register_buffer("twiddle_cos", torch.from_numpy(cos), persistent=False)
        self.register_buffer("twiddle_sin", torch.from_numpy(sin), persistent=False)
        self.register_buffer("dft_columns", torch.from_numpy(columns), persistent=False)
        position = _bin_positions(self.n1, self.n2)
        weights = mel_weights(spec)
        if weights is None:
            self.register_buffer("bin_index", torch.from_numpy(position), persistent=False)
            self.register_buffer("mel", None, persistent=False)
        else:
            scattered = np.zeros(((self.n1 // 2 + 1) * self.n2, weights.shape[1]), dtype=np.float32)
            scattered[position] = weights
            self.register_buffer("mel", torch.from_numpy(scattered), persistent=False)
            self.register_buffer("bin_index", None, persistent=False)

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        """Waveform [batch, window_samples], full scale 1 -> float32 [batch, n_bins, n_columns].

        Raises
        ------
        AudioError : if the shape is another
        """
        if waveform.ndim != 2 or waveform.shape[1] != self.window_samples:
            raise AudioError(
                f"waveform has shape {list(waveform.shape)}; "
                f"expected [batch, window_samples] = [any, {self.window_samples}]"
            )
        if self.spec.kind == "waveform":
            return scale_grid(self.spec, waveform[:, None])
        frames = self._frames(waveform)
        first = self.dft_rows @ frames
        half = self.n1 // 2 + 1
        real, imag = first[:, :half], first[:, half:]
        twiddled = torch.cat(
            (
                real * self.twiddle_cos - imag * self.twiddle_sin,
                real * self.twiddle_sin + imag * self.twiddle_cos,
            ),
            dim=2,
        )
        spectrum = (twiddled @ self.dft_columns).square()
        power = (spectrum[:, :, : self.n2] + spectrum[:, :, self.n2 :]).reshape(-1, half * self.n2)
        if self.spec.power == 1.0:
            power = power.sqrt()
        if self.mel is not None:
            power = power @ self.mel
        elif self.bin_index is not None:
            power = power.index_select(1, self.bin_index)
        grid = power.reshape(-1, self.n_columns, power.shape[1]).transpose(1, 2)
        return scale_grid(self.spec, grid)

    def _frames(self, waveform: torch.Tensor) -> torch.Tensor:
        """Windowed frames [batch * n_columns, n1, n2]."""
        pad = self.spec.n_fft // 2
        if self.spec.pad_mode == "reflect":
            padded = F.pad(waveform[:, None], (pad, pad), mode="reflect")[:, 0]
        else:
            padded = F.pad(waveform, (pad, pad))
        blocks = padded[:, : self.n_blocks * self.block].reshape(-1, self.n_blocks, self.block)
        frames = blocks.index_select(1, self.block_index).reshape(-1, self.n1, self.n2)
        return frames * self.window


def _dft_factors(n1: int, n2: int) -> tuple[npt.NDArray[np.float32], ...]:
    """First DFT [2 * half, n1], twiddle cosines and sines [half, n2], second DFT [2 * n2, 2 * n2]; half = n1 // 2 + 1.

    Complex numbers are real parts followed by imaginary parts.
    """
    k1 = np.arange(n1 // 2 + 1)
    rows = np.exp(-2j * np.pi * np.outer(k1, np.arange(n1)) / n1)
    twiddle = np.exp(-2j * np.pi * np.outer(k1, np.arange(n2)) / (n1 * n2))
    columns = np.exp(-2j * np.pi * np.outer(np.arange(n2), np.arange(n2)) / n2)
    return (
        np.concatenate((rows.real, rows.imag)).astype(np.float32),
        twiddle.real.astype(np.float32),
        twiddle.imag.astype(np.float32),
        np.block([[columns.real, columns.imag], [-columns.imag, columns.real]]).astype(np.float32),
    )


def _bin_positions(n1: int, n2: int) -> npt.NDArray[np.int64]:
    """Where each bin 0 .. n1 * n2 // 2 stands in the flattened grid [n1 // 2 + 1, n2] of (k1, k2)."""
    n = n1 * n2
    bins = np.arange(n // 2 + 1)
    shown = np.where(bins % n1 <= n1 // 2, bins, n - bins)
    position: npt.NDArray[np.int64] = (shown % n1) * n2 + shown // n1
    return position
