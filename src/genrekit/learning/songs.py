"""The songs of a folder that can be learnt from, with what must stay together, and what was left out and why."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from genrekit.audio import AUDIO_SUFFIXES
from genrekit.data.dataset import Dataset
from genrekit.errors import DataError, NoSuchDataError
from genrekit.inference.result import OF_THE_FILE, UNKNOWN
from genrekit.progress import Progress

__all__ = ["FEW_SONGS", "MIN_SONGS", "LeftOut", "Song", "Songs", "find_songs", "require_enough"]

# Below, not even five folds have a song each to be scored on; below FEW_SONGS, the score has a wide interval.
MIN_SONGS = 5
FEW_SONGS = 10
MAX_REASONS = 3  # that an error gives for songs that are left out


@dataclass(frozen=True)
class Song:
    """A file with its genre.

    Attributes
    ----------
    name : path below the folder, such as "ballads/one.mp3"
    path : of the file
    genre : name of its folder
    artist : from artists.csv or the file's tags; None if neither tells
    """

    name: str
    path: Path
    genre: str
    artist: str | None


@dataclass(frozen=True)
class LeftOut:
    """A file that is not learnt from; `failed` says that its label or its data are wrong, and somebody should look."""

    name: str
    reason: str
    failed: bool


@dataclass(frozen=True)
class Songs:
    """What was found.

    Attributes
    ----------
    genres : in alphabetical order
    songs : sorted by name, each recording once
    left_out : all that was found and is not in `songs`
    """

    genres: tuple[str, ...]
    songs: tuple[Song, ...]
    left_out: tuple[LeftOut, ...]

    def without(self, left_out: Iterable[LeftOut]) -> Songs:
        """The same without these."""
        more = tuple(left_out)
        names = {one.name for one in more}
        kept = tuple(song for song in self.songs if song.name not in names)
        return Songs(self.genres, kept, (*self.left_out, *more))


def find_songs(
    folder: str | os.PathLike[str],
    *,
    cache: Path | None = None,
    n_jobs: int | None = None,
    progress: Progress | None = None,
) -> Songs:
    """The songs of ``folder/<genre>/``, compared by ear, so that no recording counts twice.

    A recording in two genres has no known genre: all its files are left out. Of a recording that is there twice in one
    genre the first is kept.

    Parameters
    ----------
    folder : with a folder for each genre; ``artists.csv`` as in `genrekit.data.sets.folder`
    cache : folder that remembers what was found in each file; None for the user's cache
    n_jobs : files decoded at once; None for one per core. Many are decoded in processes of their own
    progress : called with steps done, their total, and what was done

    Raises
    ------
    NoSuchDataError : if it is no such folder
    DataError : if it has one genre only, or a genre too few songs
    """
    from genrekit.data.checks.same_recordings import with_same_recordings
    from genrekit.data.sets.folder import load_folder

    root = Path(folder)
    if not root.is_dir():
        what = f"{folder} is a file, not a folder" if root.exists() else f"there is no folder {folder}"
        raise NoSuchDataError(f"{what}; give one that has a folder of songs for each genre: FOLDER/<genre>/")
    dataset = load_folder(root)
    if len(dataset.genres) < 2:
        raise DataError(
            f"{folder} has one genre only, {dataset.genres[0]!r}; at least two are needed to tell one from another. "
            "Add a folder of other music, for instance named 'other'."
        )
    if UNKNOWN in dataset.genres:
        raise DataError(f"{folder} has a folder {UNKNOWN!r}, which is the answer for no genre; give it another name.")
    strange = [genre for genre in dataset.genres if not genre.isprintable()]
    if strange:
        raise DataError(
            f"{folder} has a folder {strange[0]!r}; a genre is one line of printable characters: give it another name."
        )
    taken = [genre for genre in dataset.genres if genre in OF_THE_FILE]
    if taken:
        raise DataError(
            f"{folder} has a folder {taken[0]!r}; results call something else by that name: give it another one."
        )
    # Too few files are too few songs: that is told before all are listened to.
    require_enough(_songs_of(dataset, root))
    dataset = with_same_recordings(dataset, cache=cache, n_jobs=n_jobs, processes=True, progress=progress)
    found = _songs_of(dataset, root).without(_repeated(dataset))
    require_enough(found)
    return found


def require_enough(songs: Songs) -> None:
    """Refuse a genre of fewer than `MIN_SONGS` songs.

    Raises
    ------
    DataError : naming each
    """
    counts = Counter(song.genre for song in songs.songs)
    few = {genre: counts[genre] for genre in songs.genres if counts[genre] < MIN_SONGS}
    if few:
        listed = ", ".join(f"{genre!r} has {count}" for genre, count in few.items())
        left_out = [one for one in songs.left_out if _genre(one) in few]
        reasons = "".join(f"; {one.name} was left out: {one.reason}" for one in left_out[:MAX_REASONS])
        more = f"; and {len(left_out) - MAX_REASONS} more" if len(left_out) > MAX_REASONS else ""
        raise DataError(
            f"each genre needs at least {MIN_SONGS} songs that can be used, better {FEW_SONGS}: {listed}{reasons}{more}"
        )


def _songs_of(dataset: Dataset, root: Path) -> Songs:
    songs = tuple(
        Song(track.track_id, track.path, track.genre, track.artist)
        for track in dataset.tracks
        if track.path is not None
    )
    faults = (LeftOut(fault.track_id or "", fault.detail, failed=True) for fault in dataset.faults)
    return Songs(dataset.genres, songs, (*faults, *_beside_genres(root)))


def _genre(left_out: LeftOut) -> str:
    return left_out.name.partition("/")[0]


def _beside_genres(root: Path) -> Iterator[LeftOut]:
    for path in sorted(root.iterdir()):
        if path.suffix.lower() in AUDIO_SUFFIXES and not path.name.startswith(".") and not path.is_dir():
            yield LeftOut(path.name, "not in a genre's folder", failed=False)


def _repeated(dataset: Dataset) -> tuple[LeftOut, ...]:
    pairs = list(dataset.same_recordings or ())
    by_hash: dict[str, str] = {}
    for track in dataset.tracks:
        if track.sha256 is not None:
            first = by_hash.setdefault(track.sha256, track.track_id)
            if first != track.track_id:
                pairs.append((first, track.track_id))
    together = {track.track_id: {track.track_id} for track in dataset.tracks}
    for first, second in pairs:
        joined = together[first] | together[second]
        for name in joined:
            together[name] = joined
    left_out = []
    for track in dataset.tracks:
        others = sorted(together[track.track_id] - {track.track_id})
        abroad = [name for name in others if dataset.track(name).genre != track.genre]
        if abroad:
            rest = f" and {len(abroad) - 1} more" if len(abroad) > 1 else ""
            reason = f"the same recording is also {abroad[0]}{rest}; keep it in one genre"
            left_out.append(LeftOut(track.track_id, reason, failed=True))
        elif others and others[0] < track.track_id:
            left_out.append(LeftOut(track.track_id, f"the same recording as {others[0]}", failed=False))
    return tuple(left_out)
