"""From a folder of songs to a model file: find, embed, cross-validate, calibrate, fit, write."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genrekit.audio import AudioWarning, display_name
from genrekit.cores import usable_cores
from genrekit.errors import DataError, GenrekitError
from genrekit.inference.bundled import DEFAULT, find_model
from genrekit.inference.embedding import Embedding
from genrekit.inference.model_file import ModelCard, ModelFile
from genrekit.learning.card import make_card
from genrekit.learning.cross_validation import CrossValidated, cross_validate
from genrekit.learning.embedder import Embedder
from genrekit.learning.folds import make_folds
from genrekit.learning.graph import replace_head
from genrekit.learning.head import INNER_FOLDS, Head, choose_strength, file_probabilities, fit_head
from genrekit.learning.songs import LeftOut, Songs, find_songs, require_enough
from genrekit.learning.unknown import embed_negatives
from genrekit.progress import Progress

__all__ = ["Learned", "learn"]


@dataclass(frozen=True, eq=False)
class Learned:
    """A classifier of own genres.

    Attributes
    ----------
    songs : that it learnt from, and what was left out
    head : fitted on all of them
    cross_validated : how well it does on songs that it has not heard
    unknown_threshold : 0..1, confidence below which the answer is "unknown"
    negatives_unknown : share of made sounds that are no music which get that answer
    share_answered : share of the songs held out which get another
    base : the model whose embedding it uses
    """

    songs: Songs
    head: Head
    cross_validated: CrossValidated
    unknown_threshold: float
    negatives_unknown: float | None
    share_answered: float
    base: ModelFile
    base_sha256: str

    @property
    def counts(self) -> dict[str, int]:
        """Songs of each genre."""
        found = Counter(song.genre for song in self.songs.songs)
        return {genre: found[genre] for genre in self.songs.genres}

    def write(self, path: str | os.PathLike[str], *, name: str | None = None) -> ModelFile:
        """Write the model file, checked against the classifier before it takes its name.

        Parameters
        ----------
        path : of the file
        name : of the model; if not given, that of the file

        Raises
        ------
        ModelFileError : if it cannot be written, or differs
        """
        path = Path(path)
        return replace_head(self.base.path, self.head, card=self.card(name or path.stem), path=path)

    def card(self, name: str) -> ModelCard:
        """What the model file says of itself."""
        return make_card(
            name,
            base=self.base,
            base_sha256=self.base_sha256,
            counts=self.counts,
            cross_validated=self.cross_validated,
            strength=self.head.strength,
            unknown_threshold=self.unknown_threshold,
            negatives_unknown=self.negatives_unknown,
            share_answered=self.share_answered,
        )


def learn(
    folder: str | os.PathLike[str],
    *,
    model: str | os.PathLike[str] = DEFAULT,
    n_jobs: int | None = None,
    cache: Path | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Learned:
    """Learn the genres of ``folder/<genre>/``.

    Parameters
    ----------
    folder : with a folder for each genre, of at least five songs; ten or more are better
    model : the base model, by name or path; it must not have been trained on these songs, or the score is too good
    n_jobs : files decoded at once; None for one per core
    cache : folder that remembers embeddings and comparisons; None for the user's cache folder
    seed : of folds and resampling
    progress : called with steps done, their total, and what was done

    Raises
    ------
    DataError : if it is no such folder, has one genre, or too few songs that can be used
    ModelFileError : if the base model is none, or has no embedding
    ModuleNotFoundError : before anything is heard, if scikit-learn or onnx, of the extra `learn`, is not installed
    """
    # Needed at the end alone; who lacks them should not have waited for it.
    import onnx  # noqa: F401
    import sklearn  # noqa: F401

    from genrekit.evaluation.calibration import apply_temperature, fit_unknown_threshold

    embedder = Embedder(find_model(model), cache=cache)
    songs, embeddings = _find_and_embed(folder, embedder, cache, n_jobs, progress)
    label = np.array([songs.genres.index(song.genre) for song in songs.songs], dtype=np.intp)
    artists = [song.artist for song in songs.songs]
    negatives = embed_negatives(embedder)
    # Half of them teach it to be undecided; the threshold is set on the other half, which it has not heard.
    taught, asked = negatives[::2], negatives[1::2]
    checked = cross_validate(
        embeddings,
        label,
        genres=songs.genres,
        names=[song.name for song in songs.songs],
        artists=artists,
        dataset=Path(folder).resolve().name,
        seed=seed,
        no_music=taught,
    )
    strength = choose_strength(
        embeddings, label, make_folds(label, artists, seed=seed, n_folds=INNER_FOLDS).held_out, taught
    )
    head = fit_head(embeddings, label, strength, taught)
    known = apply_temperature(checked.predictions.probabilities, checked.temperature)
    strangers = apply_temperature(file_probabilities(head, asked), checked.temperature).max(axis=1)
    threshold = fit_unknown_threshold(known.max(axis=1), known.argmax(axis=1) == label, strangers)
    return Learned(
        songs=songs,
        head=head,
        cross_validated=checked,
        unknown_threshold=threshold.threshold,
        negatives_unknown=threshold.negatives_rejected,
        share_answered=threshold.coverage,
        base=embedder.model_file,
        base_sha256=embedder.sha256,
    )


def _find_and_embed(
    folder: str | os.PathLike[str],
    embedder: Embedder,
    cache: Path | None,
    n_jobs: int | None,
    progress: Progress | None,
) -> tuple[Songs, tuple[Embedding, ...]]:
    told: tuple[LeftOut, ...] = ()
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", AudioWarning)
            found = find_songs(folder, cache=cache, n_jobs=n_jobs, progress=progress)
        songs, embeddings = _embed(found, embedder, n_jobs or usable_cores(), progress)
        told = songs.left_out
    finally:
        _warn_of_others(caught, told)
    return songs, embeddings


def _embed(
    songs: Songs, embedder: Embedder, n_jobs: int, progress: Progress | None
) -> tuple[Songs, tuple[Embedding, ...]]:
    outcomes = embedder.embed_files([song.path for song in songs.songs], n_jobs=n_jobs, progress=progress)
    embeddings, failed = [], []
    for song, outcome in zip(songs.songs, outcomes, strict=True):
        if isinstance(outcome, GenrekitError | OSError):
            reason = str(outcome).removeprefix(f"{display_name(song.path)}: ")
            failed.append(LeftOut(song.name, reason, failed=True))
        elif not np.isfinite(outcome.rows).all():
            failed.append(LeftOut(song.name, "the model gave no numbers for it; is it damaged?", failed=True))
        else:
            embeddings.append(outcome)
    left = songs.without(failed)
    require_enough(left)
    if len({embedding.rows.shape[1] for embedding in embeddings}) != 1:
        raise DataError("the base model's embedding has different lengths; export it again")
    return left, tuple(embeddings)


def _warn_of_others(caught: Iterable[warnings.WarningMessage], left_out: Iterable[LeftOut]) -> None:
    """Pass on what was noticed while songs were compared, except of those that the caller is told of by `left_out`."""
    names = tuple(f"{one.name}: " for one in left_out)
    for warning in caught:
        if not (issubclass(warning.category, AudioWarning) and str(warning.message).startswith(names)):
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
