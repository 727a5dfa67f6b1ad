"""An array in memory, read like a file."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from genrekit.audio.decoder import block_frames
from genrekit.audio.samples import to_float32
from genrekit.errors import AudioError

__all__ = ["ArrayDecoder"]

MAX_CHANNELS = 256
_DTYPES = "float16, float32, float64, int8, int16, int32, uint8 or uint16"


class ArrayDecoder:
    """Samples [n] or [n, channels] at `sr` Hz; see `genrekit.audio.decoder.Decoder`.

    Raises
    ------
    AudioError : a number of dimensions, channels or a dtype that cannot be audio
    """

    def __init__(self, array: npt.NDArray[np.generic], sr: int) -> None:
        if array.ndim not in (1, 2):
            raise AudioError(
                f"The array has shape {array.shape}; audio is [n] or [n, channels]. Give one recording at a time."
            )
        frames = array[:, np.newaxis] if array.ndim == 1 else array
        n_samples, n_channels = frames.shape
        if not 1 <= n_channels <= MAX_CHANNELS:
            hint = " It looks like [channels, n]: give array.T." if 1 <= n_samples <= MAX_CHANNELS < n_channels else ""
            raise AudioError(
                f"The array has shape {array.shape}, which as [n, channels] has {n_channels} channels; "
                f"at most {MAX_CHANNELS} are audio.{hint}"
            )
        if array.dtype.name not in _DTYPES.replace(",", "").split():
            hint = (
                " int64 and uint32 have no usual full scale: convert to int32 or to float first."
                if array.dtype.kind in "iu"
                else ""
            )
            raise AudioError(f"The array has dtype {array.dtype}; expected {_DTYPES}.{hint}")
        self._frames = frames
        self.sr = sr
        self.duration_s: float | None = n_samples / sr
        self.warnings: list[str] = []

    def blocks(self) -> Iterator[npt.NDArray[np.float32]]:
        n_block = block_frames(self.sr, self._frames.shape[1])
        for start in range(0, len(self._frames), n_block):
            yield to_float32(self._frames[start : start + n_block])

    def close(self) -> None:
        """Nothing to close."""
