"""From one collection to another (P5): a model's answers about the other's tracks, over the genres that both have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genrekit.data.dataset import Dataset
from genrekit.errors import DataError
from genrekit.evaluation.predictions import Predictions
from genrekit.suggestion import did_you_mean

__all__ = ["Answer", "Transfer", "shared_genres", "transfer"]

PROTOCOL = "P5"


@dataclass(frozen=True)
class Answer:
    """What a model says of a track.

    Parameters
    ----------
    genre : its decision, which may be "unknown"
    probabilities : genre of the model -> 0..1, summing to 1
    """

    genre: str
    probabilities: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Transfer:
    """The table of predictions over the shared genres, and what is lost on the way to it.

    Parameters
    ----------
    predictions : a row a track, protocol P5, part "test"
    n_unknown : scored tracks that the model had called "unknown"; here they count like the others
    n_elsewhere : scored tracks for which a genre that is not shared was the most probable
    n_failed : tracks without an answer; they are in no score
    """

    predictions: Predictions
    n_unknown: int
    n_elsewhere: int
    n_failed: int

    def notes(self) -> tuple[str, ...]:
        """Sentences for a person and for the report card."""
        rows = self.predictions
        of_genre = np.bincount(rows.label, minlength=rows.n_genres)
        genres = ", ".join(f"{genre} {n}" for genre, n in zip(rows.genres, of_genre, strict=True))
        found = [
            f"{len(rows)} tracks are scored over the {rows.n_genres} genres that model and data set share: {genres}. "
            "The probabilities of these genres are divided by their sum, so that the others cannot be answered.",
            f"The model by itself calls {self.n_unknown} of these tracks 'unknown', and of {self.n_elsewhere} holds a "
            "genre that is not shared for the likeliest.",
        ]
        if self.n_failed:
            found.append(f"Tracks that failed to be read, and are not scored: {self.n_failed}.")
        return tuple(found)


def shared_genres(known: Sequence[str], dataset: Dataset, only: Sequence[str] = ()) -> tuple[str, ...]:
    """The genres that a model knows and the data set has tracks of, in the data set's order.

    Parameters
    ----------
    known : genres of the model
    dataset : the other collection
    only : of these genres alone; all if empty

    Raises
    ------
    DataError
        If there are fewer than two, or one of `only` is not among them.
    """
    there = {track.genre for track in dataset.tracks}
    shared = tuple(genre for genre in dataset.genres if genre in known and genre in there)
    for genre in only:
        if genre not in shared:
            raise DataError(
                f"Genre {genre!r} is not shared{did_you_mean(genre, shared)}. Shared: {', '.join(shared) or 'none'}."
            )
    chosen = tuple(genre for genre in shared if not only or genre in only)
    if len(chosen) < 2:
        raise DataError(
            f"At least two shared genres are needed; {len(chosen)} would be asked for. The model knows "
            f"{', '.join(known)}; data set {dataset.name!r} has tracks of "
            f"{', '.join(genre for genre in dataset.genres if genre in there) or 'none'}. Genres are the same if they "
            "are spelt so; data sets that end in _gtzan_genres are under GTZAN's names."
        )
    return chosen


def transfer(dataset: Dataset, answers: Mapping[str, Answer], genres: Sequence[str], *, model: str) -> Transfer:
    """Answers as predictions over some genres; tracks of other genres are passed over.

    Parameters
    ----------
    dataset : whose tracks were asked about
    answers : by track; those that are lacking failed
    genres : of `shared_genres`
    model : name of the model that spoke

    Raises
    ------
    DataError
        If no track has an answer, or an answer lacks one of the genres.
    """
    asked = [track for track in dataset.tracks if track.genre in genres]
    tracks = [track for track in asked if track.track_id in answers]
    if not tracks:
        raise DataError(f"None of the {len(asked)} tracks of data set {dataset.name!r} has an answer to score.")
    place = {genre: number for number, genre in enumerate(genres)}
    given = [answers[track.track_id] for track in tracks]
    for track, answer in zip(tracks, given, strict=True):
        lacking = [genre for genre in genres if genre not in answer.probabilities]
        if lacking:
            raise DataError(f"The answer for track {track.track_id!r} has no probability of {', '.join(lacking)}.")
    n = len(tracks)
    predictions = Predictions(
        genres=tuple(genres),
        track=np.array([track.track_id for track in tracks]),
        start_s=np.zeros(n),
        part=np.full(n, "test"),
        fold=np.zeros(n, np.int64),
        seed=np.zeros(n, np.int64),
        label=np.array([place[track.genre] for track in tracks], np.int64),
        probabilities=_renormalised(np.array([[answer.probabilities[g] for g in genres] for answer in given])),
        protocol=PROTOCOL,
        contaminated=False,
        recipe=model,
        dataset=dataset.name,
        artist=np.array([track.artist or "" for track in tracks]),
    )
    best = [max(answer.probabilities, key=answer.probabilities.__getitem__) for answer in given]
    return Transfer(
        predictions=predictions,
        n_unknown=sum(answer.genre not in answer.probabilities for answer in given),
        n_elsewhere=sum(genre not in place for genre in best),
        n_failed=len(asked) - n,
    )


def _renormalised(p: NDArray[np.float64]) -> NDArray[np.float32]:
    """[n, n_genres] rows that sum to 1; a row of nothing but zeros says nothing, and becomes even."""
    total = p.sum(axis=1, keepdims=True)
    even: NDArray[np.float64] = np.full_like(p, 1 / p.shape[1])
    np.divide(p, total, out=even, where=total > 0)
    return even.astype(np.float32)
