"""The model run over the windows of one piece of audio, a few at a time, keeping only probabilities."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from genrekit.audio import open_audio
from genrekit.audio.opening import source_name
from genrekit.errors import AudioError, ModelFileError
from genrekit.inference.density import windows_to_hear
from genrekit.inference.model_file import INPUT, PROBABILITIES, ModelCard

if TYPE_CHECKING:
    import onnxruntime

    from genrekit.audio.stream import AudioSource

__all__ = ["Stopped", "WindowScores", "score_windows"]

# Measured on the log-mel networks: with two, what one operator writes is still in the cache when the next reads it.
WINDOWS_PER_RUN = 2

# One step of a 16-bit file. What never moves by more holds no sound, at most dither.
SILENCE_PEAK_TO_PEAK = 2.0**-15

# Full scale is 1, and integers stored as floats reach 2^31; far above, the spectrogram's power overflows float32.
LOUDEST = 1e12


class Stopped(Exception):
    """The work on a file was called off; not an error of the file."""


@dataclass(frozen=True)
class WindowScores:
    """What the model says of each window that holds sound.

    Attributes
    ----------
    starts_s : [n], start of the window in seconds
    probabilities : [n, n_genres], each row summing to 1
    n_silent : windows without sound, which the model was not asked about
    duration_s : seconds of audio that could be decoded
    warnings : what went wrong while reading
    """

    starts_s: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    n_silent: int
    duration_s: float
    warnings: tuple[str, ...]


def score_windows(
    source: AudioSource,
    *,
    source_sr: int | None,
    card: ModelCard,
    session: onnxruntime.InferenceSession,
    stop: threading.Event,
) -> WindowScores:
    """Read `source` window by window and run the model on them; memory does not grow with the length.

    Parameters
    ----------
    source, source_sr : as in `genrekit.audio.open_audio`
    card, session : the model
    stop : checked before each window

    Raises
    ------
    AudioError : if nothing can be decoded, or its values are none that a recording has
    ModelFileError : if the model gives what are no probabilities
    Stopped : once `stop` is set
    """
    starts: list[int] = []
    scores: list[NDArray[np.float64]] = []
    batch: list[NDArray[np.float32]] = []
    warnings: list[str] = []
    n_samples = n_silent = 0
    with open_audio(source, sr=card.sr, source_sr=source_sr) as stream:
        for window in windows_to_hear(stream, card):
            if stop.is_set():
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
            batch.append(window.samples)
            if len(batch) == WINDOWS_PER_RUN:
                scores.append(_run(session, batch, card))
                batch.clear()
        if batch:
            scores.append(_run(session, batch, card))
        warnings.extend(stream.warnings)
    return WindowScores(
        starts_s=np.array(starts, dtype=np.float64) / card.sr,
        probabilities=np.concatenate(scores) if scores else np.empty((0, len(card.genres))),
        n_silent=n_silent,
        duration_s=n_samples / card.sr,
        warnings=tuple(warnings),
    )


def _run(
    session: onnxruntime.InferenceSession, batch: list[NDArray[np.float32]], card: ModelCard
) -> NDArray[np.float64]:
    (output,) = session.run([PROBABILITIES], {INPUT: np.stack(batch)})
    probabilities: NDArray[np.float64] = np.asarray(output, dtype=np.float64)
    sums = probabilities.sum(axis=1, keepdims=True)
    if not np.allclose(sums, 1.0, atol=1e-3) or (probabilities < 0).any():  # NaN is not close to 1 either
        raise ModelFileError(f"model {card.name!r} gave numbers that are no probabilities; export it again")
    normalised: NDArray[np.float64] = probabilities / sums
    return normalised
