"""How probable each genre is over time, finer than a decision needs, for a picture."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from genrekit.inference.classifier import load
from genrekit.inference.fusion import heard_seconds, hop_means, tempered

__all__ = ["GenreTimeline", "TimelineReader"]

# Hops of a quarter of a window show where a genre changes; a decision does not need them.
HOPS_PER_WINDOW = 4


@dataclass(frozen=True, eq=False)
class GenreTimeline:
    """What the model hears when.

    Attributes
    ----------
    genres : that the model knows
    edges_s : [n_hops + 1], seconds from 0 to the end
    probabilities : [n_hops, n_genres], at the file's temperature; each row sums to 1, or 0 where there is no sound
    genre, confidence : of the whole file; "unknown" below the model's threshold
    warnings : what went wrong while reading
    """

    genres: tuple[str, ...]
    edges_s: npt.NDArray[np.float64]
    probabilities: npt.NDArray[np.float64]
    genre: str
    confidence: float
    warnings: tuple[str, ...]


class TimelineReader:
    """A model, loaded once for any number of files."""

    def __init__(self, model: str | os.PathLike[str]) -> None:
        """Open a bundled model by name, or a model file; ModelFileError if it is none."""
        self._classifier = load(model)
        card = self._classifier.card
        self.card = dataclasses.replace(card, hop_s=min(card.hop_s, card.window_s / HOPS_PER_WINDOW), short_hop_s=None)

    def read(self, path: str | os.PathLike[str]) -> GenreTimeline:
        """The timeline of a file.

        Raises
        ------
        AudioError : if nothing can be decoded from it
        """
        card = self.card
        scores = self._classifier.score_windows(path, card=card)
        edges_s, means = hop_means(
            scores.starts_s,
            scores.probabilities,
            window_s=card.window_s,
            hop_s=card.hop_s,
            duration_s=scores.duration_s,
        )
        if len(scores.starts_s):
            heard_s = heard_seconds(scores.starts_s, window_s=card.window_s, duration_s=scores.duration_s)
            means = tempered(means, card.temperature_of_s(heard_s))
        # Here more windows are heard than `classify` hears; what the song is called must not depend on that.
        result = self._classifier.classify(path)
        return GenreTimeline(card.genres, edges_s, means, result.genre, result.confidence, result.warnings)
