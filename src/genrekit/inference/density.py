"""Which windows of a recording are heard: close together in a short one, further apart in a long one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from genrekit.audio import Window, iter_windows
from genrekit.inference.model_file import SHORT_S, ModelCard

__all__ = ["windows_to_hear"]


def windows_to_hear(blocks: Iterable[npt.NDArray[np.float32]], card: ModelCard) -> Iterator[Window]:
    """Windows that cover all of a recording, in the order of their start.

    They are `card.hop_s` apart, in a recording of at most `SHORT_S` `card.short_hop_s`. Memory is bounded by `SHORT_S`,
    however long the stream.

    Parameters
    ----------
    blocks : consecutive samples at `card.sr`, each [shape=(n,), float32]
    card : of the model

    Raises
    ------
    AudioError : no sample in all blocks
    """
    if card.short_hop_s is None:
        yield from iter_windows(blocks, window_samples=card.window_samples, hop_samples=card.hop_samples)
        return
    every = round(card.hop_s / card.short_hop_s)
    step_samples = max(1, card.hop_samples // every)
    short_samples = round(SHORT_S * card.sr)
    held: list[Window] | None = []
    covered = 0
    left_out: Window | None = None
    for window in iter_windows(blocks, window_samples=card.window_samples, hop_samples=step_samples):
        if held is not None and window.start_sample + window.n_valid <= short_samples:
            held.append(window)
            continue
        # A long recording: of what was held and of what comes, one in `every` windows, and the last if it is needed.
        for one in [*(held or []), window]:
            if one.start_sample % (every * step_samples) == 0:
                covered = one.start_sample + one.n_valid
                yield one
            else:
                left_out = one
        held = None
    if held is not None:
        yield from held
    elif left_out is not None and left_out.start_sample + left_out.n_valid > covered:
        yield left_out
