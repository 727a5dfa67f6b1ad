"""A recording heard window by window, as `classify` and `learn` hear it: what holds sound goes on, a few at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from genrekit.audio import open_audio
from genrekit.audio.opening import source_name
from genrekit.errors import AudioError
from genrekit.inference.density import windows_to_hear
from genrekit.inference.model_file import ModelCard

if TYPE_CHECKING:
    from genrekit.audio.stream import AudioSource

__all__ = ["Answers", "Stopped", "listen"]

# Measured on the log-mel networks: with two, what one operator writes is still in the cache when the next reads it.
WINDOWS_PER_RUN = 2

# One step of a 16-bit file. What never moves by more holds no sound, at most dither.
SILENCE_PEAK_TO_PEAK = 2.0**-15

# Full scale is 1, and integers stored as floats reach 2^31; far above, the spectrogram's power overflows float32.
LOUDEST = 1e12


class Stopped(Exception):
    """The work on a file was called off; not an error of the file."""


@dataclass(frozen=True)
class Answers:
    """What was answered for each window that holds sound.

    Attributes
    ----------
    starts_s : [n], start of the window in seconds
    batches : of answers, in order; together [n, ...]
    n_silent : windows without sound, which nothing was asked about
    duration_s : seconds of audio that could be decoded
    warnings : what went wrong while reading
    """

    starts_s: NDArray[np.float64]
    batches: tuple[NDArray[np.floating], ...]
    n_silent: int
    duration_s: float
    warnings: tuple[str, ...]


def listen(
    source: AudioSource,
    ask: Callable[[NDArray[np.float32]], NDArray[np.floating]],
    *,
    source_sr: int | None,
    card: ModelCard,
    stop: threading.Event | None = None,
) -> Answers:
    """Read `source` window by window and ask about those that hold sound; memory does not grow with the length.

    Parameters
    ----------
    source, source_sr : as in `genrekit.audio.open_audio`
    ask : gives an answer for each of a few windows [n, window_samples]
    card : of the model, which says what its windows are
    stop : checked before each window

    Raises
    ------
    AudioError : if nothing can be decoded, or its values are none that a recording has
    Stopped : once `stop` is set
    """
    starts: list[int] = []
    batches: list[NDArray[np.floating]] = []
    waiting: list[NDArray[np.float32]] = []
    warnings: list[str] = []
    n_samples = n_silent = 0
    with open_audio(source, sr=card.sr, source_sr=source_sr) as stream:
        for window in windows_to_hear(stream, card):
            if stop is not None and stop.is_set():
                raise Stopped
            n_samples = window.start_sample + window.n_valid
            if window.n_valid < card.window_samples:
                warnings.append(
                    f"short: its {n_samples / card.sr:.2f} s are repeated to fill the model's {card.window_s:g} s"
                )
            if np.ptp(window.samples) <= SILENCE_PEAK_TO_PEAK:
                n_silent += 1
                continue
            if (loudest := float(np.abs(window.samples).max())) > LOUDEST:
                raise AudioError(
                    f"{source_name(source)}: has samples of {loudest:.1g}, where full scale is 1; damaged, or "
                    "no audio. Write it anew with values from -1 to 1."
                )
            starts.append(window.start_sample)
            waiting.append(window.samples)
            if len(waiting) == WINDOWS_PER_RUN:
                batches.append(ask(np.stack(waiting)))
                waiting.clear()
        if waiting:
            batches.append(ask(np.stack(waiting)))
        warnings.extend(stream.warnings)
    return Answers(
        starts_s=np.array(starts, dtype=np.float64) / card.sr,
        batches=tuple(batches),
        n_silent=n_silent,
        duration_s=n_samples / card.sr,
        warnings=tuple(warnings),
    )
