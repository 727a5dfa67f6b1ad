"""The last layer that is learnt: a regularised multinomial logistic regression, as weights and a bias."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from genrekit.data.blas import one_thread_each
from genrekit.inference.embedding import Embedding
from genrekit.inference.fusion import SMALLEST_PROBABILITY, fuse_windows

__all__ = ["STRENGTHS", "Head", "choose_strength", "file_probabilities", "fit_head"]

Floats = npt.NDArray[np.float64]
Embeddings = Sequence[Embedding]

# scikit-learn's C: the weaker the regularisation, the greater.
STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
INNER_FOLDS = 4
# A long song has many windows that say the same; the last layer needs no more of them.
MAX_WINDOWS = 16
# A unit that hardly moved in these songs must not be blown up where it does: a tenth of the median is the least scale.
LEAST_SCALE = 0.1
# Weight of the sounds that are no music, together, to that of all songs.
NO_MUSIC_SHARE = 0.25


@dataclass(frozen=True, eq=False)
class Head:
    """logits = embedding @ weights + bias.

    Attributes
    ----------
    weights : float32 [d, n_genres]
    bias : float32 [n_genres]
    strength : scikit-learn's C that it was fitted with
    """

    weights: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    strength: float

    def probabilities(self, embedding: npt.NDArray[np.float32]) -> Floats:
        """[n_windows, n_genres], each row summing to 1."""
        logits = embedding.astype(np.float64) @ self.weights.astype(np.float64) + self.bias
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def file_probabilities(head: Head, embeddings: Embeddings) -> Floats:
    """[n_songs, n_genres]: the mean over each song's windows, as `classify` takes it, with a temperature of 1."""
    return np.stack([fuse_windows(head.probabilities(one.rows), 1.0, one.weights) for one in embeddings])


def fit_head(embeddings: Embeddings, label: npt.NDArray[np.intp], strength: float, no_music: Embeddings = ()) -> Head:
    """The layer of one strength; see `fit_heads`."""
    (head,) = fit_heads(embeddings, label, (strength,), no_music)
    return head


def fit_heads(
    embeddings: Embeddings, label: npt.NDArray[np.intp], strengths: Sequence[float], no_music: Embeddings = ()
) -> list[Head]:
    """Fit on windows, each song of a genre and each genre with the same weight in all; a layer for each strength.

    The standardisation is folded into the weights, so that the layer takes the embedding as it is.

    Parameters
    ----------
    embeddings : of each song
    label : [n_songs], index of its genre, all from 0 on
    strengths : scikit-learn's C, > 0; from small to great is quickest, since each begins where the one before ended
    no_music : of sounds in which every genre shall be equally probable
    """
    from sklearn.linear_model import LogisticRegression

    chosen = [embedding.spread(MAX_WINDOWS) for embedding in embeddings]
    x = np.concatenate([song.rows for song in chosen]).astype(np.float64)
    n_songs = np.bincount(label)
    weight = np.concatenate(
        [song.weights / (song.weights.sum() * n_songs[genre]) for song, genre in zip(chosen, label, strict=True)]
    )
    weight *= len(chosen) / weight.sum()  # as many as there are songs: their windows are no further evidence
    y = np.repeat(label, [len(song.rows) for song in chosen])
    mean = np.average(x, axis=0, weights=weight)
    deviation = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weight))
    scale = np.maximum(deviation, LEAST_SCALE * np.median(deviation))
    scale[scale == 0] = 1.0
    z = (x - mean) / scale
    if no_music:  # each sound under every genre, so that being undecided is the best answer
        n_genres = len(n_songs)
        sounds = np.concatenate([sound.spread(MAX_WINDOWS).rows for sound in no_music]).astype(np.float64)
        other = (sounds - mean) / scale
        each = NO_MUSIC_SHARE * len(chosen) / (len(other) * n_genres)
        z = np.concatenate([z, np.tile(other, (n_genres, 1))])
        y = np.concatenate([y, np.repeat(np.arange(n_genres), len(other))])
        weight = np.concatenate([weight, np.full(len(other) * n_genres, each)])
    heads = []
    regression = LogisticRegression(max_iter=2000, warm_start=True)
    with one_thread_each():
        for strength in strengths:
            fitted = regression.set_params(C=strength).fit(z, y, sample_weight=weight)
            coefficients, bias = fitted.coef_, fitted.intercept_
            if len(coefficients) == 1:  # of two genres scikit-learn keeps the second against the first
                coefficients = np.concatenate([-coefficients, coefficients]) / 2
                bias = np.array([-bias[0], bias[0]]) / 2
            weights = coefficients.T / scale[:, None]
            heads.append(Head(weights.astype(np.float32), (bias - mean @ weights).astype(np.float32), strength))
    return heads


def choose_strength(
    embeddings: Embeddings,
    label: npt.NDArray[np.intp],
    folds: Sequence[npt.NDArray[np.intp]],
    no_music: Embeddings = (),
) -> float:
    """The strength with the least negative log likelihood of songs held out, over `folds` of indices of songs."""
    losses = dict.fromkeys(STRENGTHS, 0.0)
    for held_out in folds:
        kept = np.setdiff1d(np.arange(len(label)), held_out)
        if len(np.unique(label[kept])) <= label.max():
            continue  # a fold that takes a genre away altogether says nothing
        for head in fit_heads([embeddings[i] for i in kept], label[kept], STRENGTHS, no_music):
            p = file_probabilities(head, [embeddings[i] for i in held_out])
            true = p[np.arange(len(held_out)), label[held_out]]
            losses[head.strength] -= float(np.log(np.maximum(true, SMALLEST_PROBABILITY)).sum())
    return min(STRENGTHS, key=lambda strength: (losses[strength], strength))
