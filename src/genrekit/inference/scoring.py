"""The model run over the windows of one piece of audio, a few at a time, keeping only probabilities."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from genrekit.errors import ModelFileError
from genrekit.inference.listening import Stopped, listen
from genrekit.inference.model_file import INPUT, PROBABILITIES, ModelCard

if TYPE_CHECKING:
    import onnxruntime

    from genrekit.audio.stream import AudioSource

__all__ = ["Stopped", "WindowScores", "score_windows"]


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
    heard = listen(source, lambda windows: _run(session, windows, card), source_sr=source_sr, card=card, stop=stop)
    return WindowScores(
        starts_s=heard.starts_s,
        probabilities=np.concatenate(heard.batches) if heard.batches else np.empty((0, len(card.genres))),
        n_silent=heard.n_silent,
        duration_s=heard.duration_s,
        warnings=heard.warnings,
    )


def _run(session: onnxruntime.InferenceSession, windows: NDArray[np.float32], card: ModelCard) -> NDArray[np.float64]:
    (output,) = session.run([PROBABILITIES], {INPUT: windows})
    probabilities: NDArray[np.float64] = np.asarray(output, dtype=np.float64)
    sums = probabilities.sum(axis=1, keepdims=True)
    if not np.allclose(sums, 1.0, atol=1e-3) or (probabilities < 0).any():  # NaN is not close to 1 either
        raise ModelFileError(f"model {card.name!r} gave numbers that are no probabilities; export it again")
    normalised: NDArray[np.float64] = probabilities / sums
    return normalised
