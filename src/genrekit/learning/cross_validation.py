"""How well the genres are told apart in songs, and by artists, that the classifier has not heard; and calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from genrekit.data.relations import normalise
from genrekit.learning.folds import make_folds
from genrekit.learning.head import INNER_FOLDS, Embeddings, choose_strength, file_probabilities, fit_head

if TYPE_CHECKING:
    from genrekit.evaluation.calibration import ErrorIfCalibrated
    from genrekit.evaluation.intervals import Interval
    from genrekit.evaluation.predictions import Predictions
    from genrekit.evaluation.scores import Scores

__all__ = ["CrossValidated", "calibrated_temperature", "cross_validate"]


@dataclass(frozen=True, eq=False)
class CrossValidated:
    """Every song scored once, by a classifier that heard neither it nor, where artists are known, its artist.

    Attributes
    ----------
    predictions : one row a song, not calibrated
    scores : accuracy and the rest, recall by genre, confusion
    accuracy_interval : 95 %, over artists, a song without one standing for itself; Wilson's where a bootstrap of them
        has no width, as where all are right
    n_folds : that were held out in turn
    not_grouped : genres of too few artists to hold one out, whose figures say nothing about other artists
    temperature : fitted on all of `predictions`; 1 where they cannot tell it
    calibration_error : expected calibration error, 0..1, each fold with the temperature of the others
    error_if_calibrated : what it would be by chance alone on so few songs
    """

    predictions: Predictions
    scores: Scores
    accuracy_interval: Interval
    n_folds: int
    not_grouped: tuple[str, ...]
    temperature: float
    calibration_error: float
    error_if_calibrated: ErrorIfCalibrated

    @property
    def n_without_artist(self) -> int:
        """Songs whose artist is not known."""
        artists = self.predictions.artist
        return len(self.predictions) if artists is None else sum(not normalise(name) for name in artists.tolist())

    @property
    def units(self) -> str:
        """What the interval is over, in words: "12 artists", "20 songs", or both."""
        n_songs = self.n_without_artist
        n_artists = self.accuracy_interval.n_clusters - n_songs
        artists, songs = f"{n_artists} artist{'s' * (n_artists != 1)}", f"{n_songs} song{'s' * (n_songs != 1)}"
        if not n_songs:
            return artists
        return f"{artists} and {songs} of unknown artist" if n_artists else songs


def cross_validate(
    embeddings: Embeddings,
    label: npt.NDArray[np.intp],
    *,
    genres: Sequence[str],
    names: Sequence[str],
    artists: Sequence[str | None],
    dataset: str,
    seed: int,
    no_music: Embeddings = (),
) -> CrossValidated:
    """Hold out each fold in turn; the strength is chosen inside what is left, by folds of it.

    Parameters
    ----------
    embeddings : of each song
    label : [n_songs] index into `genres`
    names, artists : of each song
    dataset : name for the predictions
    seed : of folds and of the interval's resampling
    no_music : as in `fit_head`
    """
    from genrekit.evaluation.calibration import apply_temperature, error_if_calibrated, expected_calibration_error
    from genrekit.evaluation.intervals import bootstrap_scores
    from genrekit.evaluation.predictions import Predictions
    from genrekit.evaluation.scores import score

    folds = make_folds(label, artists, seed=seed, least_known=2)
    probabilities = np.empty((len(label), len(genres)))
    fold_of = np.empty(len(label), dtype=np.int64)
    for fold, held_out in enumerate(folds.held_out):
        kept = np.setdiff1d(np.arange(len(label)), held_out)
        known = [embeddings[i] for i in kept]
        inner = make_folds(label[kept], [artists[i] for i in kept], seed=seed, n_folds=INNER_FOLDS)
        strength = choose_strength(known, label[kept], inner.held_out, no_music)
        head = fit_head(known, label[kept], strength, no_music)
        probabilities[held_out] = file_probabilities(head, [embeddings[i] for i in held_out])
        fold_of[held_out] = fold
    calibrated = np.empty_like(probabilities)
    for fold, held_out in enumerate(folds.held_out):
        others = fold_of != fold
        calibrated[held_out] = apply_temperature(
            probabilities[held_out], calibrated_temperature(probabilities[others], label[others])
        )
    predictions = Predictions(
        genres=tuple(genres),
        track=np.array(names),
        start_s=np.zeros(len(label)),
        part=np.full(len(label), "test"),
        fold=fold_of,
        seed=np.zeros(len(label), dtype=np.int64),
        label=label.astype(np.int64),
        probabilities=probabilities.astype(np.float32),
        protocol="custom",
        contaminated=False,
        recipe="learn",
        dataset=dataset,
        artist=np.array([artist or "" for artist in artists]),
    )
    scores = score(predictions)
    confidence = calibrated.max(axis=1)
    return CrossValidated(
        predictions=predictions,
        scores=scores,
        accuracy_interval=bootstrap_scores(predictions, generator=np.random.default_rng(seed))["accuracy"],
        n_folds=len(folds.held_out),
        not_grouped=tuple(genres[genre] for genre in folds.not_grouped),
        temperature=calibrated_temperature(probabilities, label),
        calibration_error=expected_calibration_error(confidence, calibrated.argmax(axis=1) == label),
        error_if_calibrated=error_if_calibrated(confidence),
    )


def calibrated_temperature(probabilities: npt.NDArray[np.float64], label: npt.NDArray[np.intp]) -> float:
    """The temperature that fits; 1 where the predictions cannot tell it, being all right or no better than chance."""
    from genrekit.evaluation.calibration import fit_temperature

    fit = fit_temperature(probabilities, label)
    return 1.0 if fit.at_bound else fit.temperature
