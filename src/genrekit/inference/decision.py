"""One decision for a recording out of what the model says of its windows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from genrekit.inference.fusion import fuse_windows, heard_seconds, make_timeline, window_weights
from genrekit.inference.model_file import ModelCard
from genrekit.inference.result import UNKNOWN, Result
from genrekit.inference.scoring import WindowScores

__all__ = ["decide"]


def decide(name: str | None, scores: WindowScores, card: ModelCard) -> Result:
    """The genre of a recording, how sure the model is, and when it hears what.

    Parameters
    ----------
    name : of the recording; None if it has none
    scores : of its windows; without any, all genres are equally probable, and the answer is "unknown"
    card : of the model that gave them
    """
    warnings = list(scores.warnings)
    n_windows = len(scores.starts_s)
    hop_s = card.hop_of_s(scores.duration_s)
    heard_s = 0.0
    if n_windows:
        weights = window_weights(scores.starts_s, hop_s)
        # Of a recording that is silent for the most part, no more was heard than of a short one.
        heard_s = heard_seconds(scores.starts_s, window_s=card.window_s, duration_s=scores.duration_s)
        fused = fuse_windows(scores.probabilities, card.temperature_of_s(heard_s), weights)
        if scores.n_silent:
            warnings.append(f"{scores.n_silent} of {n_windows + scores.n_silent} windows are silent and were left out")
    else:
        fused = np.full(len(card.genres), 1 / len(card.genres))
        warnings.append("silent: there is no sound to classify")
    order = np.argsort(-fused, kind="stable")
    confidence = float(fused[order[0]])
    known = n_windows > 0 and confidence >= card.unknown_threshold
    genre = card.genres[order[0]] if known else UNKNOWN
    timeline = make_timeline(
        scores.starts_s,
        scores.probabilities,
        genres=card.genres,
        window_s=card.window_s,
        hop_s=hop_s,
        duration_s=scores.duration_s,
        heard_s=heard_s,
        temperature_of_s=card.temperature_of_s,
        unknown_threshold=card.unknown_threshold,
    )
    if len(timeline) == 1:  # what is said of all the time is what is said of the file
        timeline = (replace(timeline[0], genre=genre, confidence=confidence),)
    return Result(
        path=name,
        genre=genre,
        confidence=confidence,
        probabilities={card.genres[i]: float(fused[i]) for i in order},
        duration_s=scores.duration_s,
        model=card.name,
        timeline=timeline,
        warnings=tuple(warnings),
    )
