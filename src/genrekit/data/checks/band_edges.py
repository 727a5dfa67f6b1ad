"""How high a track's sound reaches, and what that alone tells of its genre: where a file is from should not name it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from genrekit.audio import load_audio
from genrekit.data.dataset import Dataset, Track
from genrekit.data.splits.makers import make_split
from genrekit.data.splits.split import Split
from genrekit.errors import AudioError, DataError
from genrekit.features import ARCHIVE_LOG_MEL, compute
from genrekit.features.mel import hz_to_mel, mel_to_hz
from genrekit.progress import Progress

__all__ = ["BandEdges", "EdgeTells", "GenreEdges", "edge_bins", "find_band_edges"]

# A mel filter is heard if one column in twenty lies this far above the floor, which is 80 dB below the loudest cell.
HEARD_SHARE = 0.05
ABOVE_FLOOR_DB = 5.0
N_MELS = ARCHIVE_LOG_MEL.n_bins
SPLIT_NAMES = ("random_folds", "artist_disjoint")


@dataclass(frozen=True)
class GenreEdges:
    """The edges of one genre's tracks.

    genre, n_tracks : its name, and its tracks that have sound
    lowest_hz, median_hz, highest_hz : upper ends of the highest mel filter that is heard, over its tracks
    n_open : tracks whose edge is the front end's own, half the sample rate: nothing was cut off
    """

    genre: str
    n_tracks: int
    lowest_hz: float
    median_hz: float
    highest_hz: float
    n_open: int


@dataclass(frozen=True)
class EdgeTells:
    """How often the genre is guessed from the edge alone, over all folds of a split.

    split : its name
    accuracy : share of the tested tracks, 0 to 1
    chance : of always guessing the training part's most frequent genre
    n_tracks : tested
    """

    split: str
    accuracy: float
    chance: float
    n_tracks: int


@dataclass(frozen=True)
class BandEdges:
    """What `find_band_edges` found.

    genres : those with tracks that have sound, in label order
    tells : a split each; empty where the data set is too small to be split
    skipped : tracks that could not be decoded, or are silent
    """

    dataset: str
    genres: tuple[GenreEdges, ...]
    tells: tuple[EdgeTells, ...]
    skipped: tuple[str, ...]


def edge_bins(db: npt.NDArray[np.floating]) -> int:
    """Of a log-mel [n_mels, n_columns] in dB re its maximum, floor at -80: mel filters up to the highest that is heard.

    0 where none is: silence. The outermost columns do not count: a recording's abrupt ends have all frequencies.
    """
    inner = db[:, 1:-1] if db.shape[1] > 2 else db
    level = np.quantile(inner, 1 - HEARD_SHARE, axis=1)
    heard = np.flatnonzero(level > -float(ARCHIVE_LOG_MEL.top_db or 0) + ABOVE_FLOOR_DB)
    return int(heard[-1]) + 1 if heard.size else 0


def find_band_edges(dataset: Dataset, *, on_progress: Progress = lambda done, total, what: None) -> BandEdges:
    """The highest frequencies that the tracks of a data set have, and how far they give the genre away.

    A file's edge comes from its sample rate, its coding and its resampler, so from where the collector had it. The
    guess is the most frequent genre among training tracks of the same edge, every genre counted once more.

    Parameters
    ----------
    dataset : of audio, or an archive of log-mels; heard as the archive's front end hears, to 11 025 Hz

    Raises
    ------
    DataError : if it is a table, or none of its tracks can be heard
    """
    if dataset.table is not None:
        raise DataError(f"Data set {dataset.name!r} is a table; edges are heard in audio or an archive of log-mels.")
    # Made first: what stands in their way is told before minutes of listening.
    folds = _all_folds(dataset)
    edge: dict[str, int] = {}
    skipped: list[str] = []
    for done, track in enumerate(dataset.tracks):
        if found := _edge_of(dataset, track):
            edge[track.track_id] = found
        else:
            skipped.append(track.track_id)
        on_progress(done + 1, len(dataset.tracks), track.track_id)
    if not edge:
        raise DataError(f"None of the {len(dataset.tracks)} tracks of data set {dataset.name!r} can be heard.")
    genres = []
    for genre in dataset.genres:
        own = [edge[track.track_id] for track in dataset.tracks if track.genre == genre and track.track_id in edge]
        if own:
            low, middle, high = (_upper_hz(own_bin) for own_bin in np.quantile(own, (0, 0.5, 1)))
            genres.append(GenreEdges(genre, len(own), low, middle, high, own.count(N_MELS)))
    tells = tuple(_what_it_tells(dataset, of_split, edge) for of_split in folds.values())
    return BandEdges(dataset.name, tuple(genres), tells, tuple(skipped))


def _edge_of(dataset: Dataset, track: Track) -> int:
    if dataset.archive is not None:
        return edge_bins(dataset.archive.db(dataset.archive.row(track.track_id)))
    if track.path is None:
        return 0
    try:
        y = load_audio(track.path, sr=ARCHIVE_LOG_MEL.sr)
    except AudioError:
        return 0
    return edge_bins(compute(ARCHIVE_LOG_MEL, y)) if np.any(y) else 0


def _upper_hz(n_bins: float) -> float:
    """Where the last of so many mel filters ends, Hz."""
    mel = float(hz_to_mel(ARCHIVE_LOG_MEL.sr / 2)) * (n_bins + 1) / (N_MELS + 1)
    return float(mel_to_hz(mel))


def _all_folds(dataset: Dataset) -> dict[str, list[Split]]:
    """The folds of each split; none where a genre has too few tracks for ten folds, and nothing can be said."""
    folds: dict[str, list[Split]] = {}
    for name in SPLIT_NAMES:
        try:
            made = [make_split(dataset, name, valid_fraction=0)]
            made += [make_split(dataset, name, fold=fold, valid_fraction=0) for fold in range(1, made[0].n_folds)]
        except DataError:
            break
        folds[name] = made
    return folds


def _what_it_tells(dataset: Dataset, folds: list[Split], edge: dict[str, int]) -> EdgeTells:
    genre = {track.track_id: track.genre for track in dataset.tracks}
    right = likely = n = 0
    for split in folds:
        train = [track for track in split.parts["train"] if track in edge]
        test = [track for track in split.parts["test"] if track in edge]
        guess = _guesses([edge[track] for track in train], [genre[track] for track in train], dataset.genres)
        most = max(dataset.genres, key=Counter(genre[track] for track in train).__getitem__)
        right += sum(guess[edge[track]] == genre[track] for track in test)
        likely += sum(genre[track] == most for track in test)
        n += len(test)
    return EdgeTells(folds[0].name, right / n, likely / n, n)


def _guesses(edges: Sequence[int], genres: Sequence[str], known: Sequence[str]) -> list[str]:
    """The likeliest genre of each edge, by Bayes' rule from counts with one more of each."""
    place = {genre: number for number, genre in enumerate(known)}
    counts = np.ones((len(known), N_MELS + 1))
    np.add.at(counts, ([place[genre] for genre in genres], list(edges)), 1)
    prior = np.array([list(genres).count(genre) for genre in known])
    likely = (counts / counts.sum(1, keepdims=True) * prior[:, None]).argmax(0)
    return [known[number] for number in likely]
