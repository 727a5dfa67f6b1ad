"""The line below a picture: what the figures are from, so that none stands without its protocol."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase

import numpy as np

from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.protocols import note_of

__all__ = ["STOPPED", "STOPPED_ON_TEST", "UNIT_WORDS", "count", "count_folds", "panel_mark", "predictions_caption"]

# What one decision is made from, and how it is called.
UNIT_WORDS = {
    "excerpt": "excerpt-wise",
    "mean": "file-wise, mean of probabilities",
    "vote": "file-wise, majority vote",
}


STOPPED = " stopped on test"
STOPPED_ON_TEST = "training stopped on the very part that is scored, which flatters"


def count(n: int, noun: str) -> str:
    """A number and its noun: "1 fold", "5 folds"."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def count_folds(n_here: int, n_folds: int) -> str:
    """How many of a split's folds a picture shows: "5 folds", or "1 of 5 folds" where some are lacking."""
    return count(n_here, "fold") if n_folds <= n_here else f"{n_here} of {n_folds} folds"


def panel_mark(index: int, n_panels: int) -> str:
    """The letters that a row of panels is called by, "(a) " for index 0, "(aa) " for 26; "" of a row alone."""
    if n_panels <= 1:
        return ""
    letters = ""
    while index >= 0:
        index, letter = divmod(index, len(ascii_lowercase))
        letters, index = ascii_lowercase[letter] + letters, index - 1
    return f"({letters}) "


def predictions_caption(predictions: Predictions, *, unit: str, n_folds: int = 0, more: Sequence[str] = ()) -> str:
    """Recipe, data set, protocol, part, tracks, folds and seeds of the predictions that a picture shows.

    Parameters
    ----------
    predictions : the rows that are shown, of one part
    unit : "excerpt", "mean" or "vote"
    n_folds : that the split has; said where fewer are here
    more : further facts
    """
    folds, seeds = np.unique(predictions.fold), np.unique(predictions.seed)
    facts = [
        f"{predictions.recipe} on {predictions.dataset}",
        f"{predictions.protocol}, {note_of(predictions.protocol, n_artists=predictions.n_artists).title}",
        f"{predictions.part[0]} part",
        f"n = {count(len(np.unique(predictions.track)), 'track')}",
        count_folds(len(folds), n_folds),
        count(len(seeds), "seed"),
        UNIT_WORDS[unit],
        *more,
    ]
    return "; ".join(facts) + "."
