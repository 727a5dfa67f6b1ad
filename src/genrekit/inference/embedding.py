"""The embedding of a recording: what a model makes of it, window by window, before it decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from genrekit.audio.opening import source_name
from genrekit.errors import AudioError
from genrekit.inference.fusion import window_weights
from genrekit.inference.listening import listen
from genrekit.inference.model_file import EMBEDDING, INPUT, ModelCard

if TYPE_CHECKING:
    import onnxruntime

    from genrekit.audio.stream import AudioSource

__all__ = ["Embedding", "embed_windows"]


@dataclass(frozen=True, eq=False)
class Embedding:
    """The second output of a model file for the windows of one recording.

    Attributes
    ----------
    rows : float32 [n_windows, d], n_windows >= 1
    weights : float64 [n_windows], of each window in a mean over the recording, as `window_weights` has them
    """

    rows: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float64]

    @property
    def mean(self) -> npt.NDArray[np.float64]:
        """[d], the mean over the recording: each of its seconds counts alike, however its windows overlap."""
        return np.asarray(np.average(self.rows, axis=0, weights=self.weights), dtype=np.float64)

    def spread(self, most: int) -> Embedding:
        """At most so many of its windows, evenly over the recording."""
        if len(self.rows) <= most:
            return self
        chosen = np.linspace(0, len(self.rows) - 1, most).round().astype(int)
        return Embedding(self.rows[chosen], self.weights[chosen])


def embed_windows(
    source: AudioSource, *, source_sr: int | None, card: ModelCard, session: onnxruntime.InferenceSession
) -> tuple[Embedding, float]:
    """The windows that hold sound, those that `classify` takes, and how many seconds the recording has.

    Parameters
    ----------
    source, source_sr : as in `genrekit.audio.open_audio`
    card, session : the model

    Raises
    ------
    AudioError : if nothing can be decoded, its values are none that a recording has, or there is no sound
    """

    def ask(windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        (output,) = session.run([EMBEDDING], {INPUT: windows})
        return np.asarray(output, dtype=np.float32).reshape(len(windows), -1)

    heard = listen(source, ask, source_sr=source_sr, card=card)
    if not heard.batches:
        raise AudioError(f"{source_name(source)}: is silent, there is nothing to hear")
    weights = window_weights(heard.starts_s, card.hop_of_s(heard.duration_s))
    return Embedding(np.concatenate(heard.batches).astype(np.float32), weights), heard.duration_s
