"""What a decoder is, and how it says that a file is not for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Decoder", "NoAudioError", "UndecodableError", "block_frames"]

BLOCK_S = 2.0  # stays in the processor cache; longer is slower
BLOCK_VALUES = 2**22  # bounds a block of many channels at a high rate: 16 MiB as float32


class UndecodableError(Exception):
    """This decoder cannot read this source; its message is the reason. Never leaves the room."""


class NoAudioError(UndecodableError):
    """The source is whole, as far as can be seen, and has no track of sound: a film without one."""


class Decoder(Protocol):
    """An opened source as blocks of samples.

    Attributes
    ----------
    sr : int, Hz
    duration_s : float or None
        As the container states it; an estimate from the bit rate counts as not stated.
    warnings : list of str
        What went wrong without ending the stream; complete once all blocks are read.
    """

    sr: int
    duration_s: float | None
    warnings: list[str]

    def blocks(self) -> Iterator[npt.NDArray[np.float32]]:
        """Consecutive blocks [n, channels]; each is valid only until the next one is asked for."""
        ...

    def close(self) -> None: ...


def block_frames(sr: int, n_channels: int) -> int:
    """How many frames make a block: 2 seconds, less where that would be much memory."""
    return max(1, min(round(BLOCK_S * sr), BLOCK_VALUES // n_channels))
