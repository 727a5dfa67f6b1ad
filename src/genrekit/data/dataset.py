"""The values of a data set: tracks, their faults, and the data set itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from genrekit.errors import DataError
from genrekit.suggestion import did_you_mean

if TYPE_CHECKING:
    from genrekit.data.archive import LogMelArchive
    from genrekit.data.feature_table import FeatureTable
    from genrekit.data.parts import Part

__all__ = ["Dataset", "Fault", "Track"]

# Kinds of faults of tracks that belong to a data set and whose audio is not here.
ABSENT = frozenset({"missing", "empty"})


@dataclass(frozen=True)
class Track:
    """One recording with one genre.

    Parameters
    ----------
    track_id : unique in its data set, such as ``"blues.00000"``
    genre : one of the data set's genres
    path : the audio file; None in an archive
    artist, title : None where unknown; a track of an unknown artist shares its artist with nobody
    sha256 : identity of the source file; two tracks with the same value are bit-identical copies. For GTZAN it is
        that of the common .wav copy, whatever format the files at hand are in. None means "no copy known"
    duration_s : as far as known without decoding
    """

    track_id: str
    genre: str
    path: Path | None = None
    artist: str | None = None
    title: str | None = None
    sha256: str | None = None
    duration_s: float | None = None


@dataclass(frozen=True)
class Fault:
    """Something wrong with a data set or one of its tracks; faults are data, they stop nothing.

    Parameters
    ----------
    kind : a short word, such as ``"undecodable"``, ``"missing"``, ``"copy"``, ``"silent"``
    track_id : the track, or the name of the file where there is no track; None for the data set as a whole
    detail : one sentence for a person
    genre : of the track, where there is one; None if it is not known
    """

    kind: str
    track_id: str | None
    detail: str
    genre: str | None = None


@dataclass(frozen=True)
class Dataset:
    """Tracks of known genre, sorted by identifier.

    Parameters
    ----------
    name : of the loader, or the folder
    genres : the label order; a label's index is its place here
    tracks : sorted by ``track_id``, which are unique
    faults : what is known to be wrong
    archive : log-mels whose row ``i`` belongs to ``tracks[i]``; None where there is audio only
    same_recordings : pairs of tracks that hold one recording by an audio fingerprint, whatever their names say; None
        if nobody has compared them yet (`with_same_recordings` does)
    table : features of excerpts of exactly these tracks; None where there is audio or an archive
    published_parts : part of each track in the split that was published with the collection, of tracks that are not
        here too; None if there is none
    numbered_artists : whether artists have the collection's own numbers for names, which no other collection knows

    Raises
    ------
    DataError
        If identifiers repeat or are not sorted, a genre is unknown, or the rows of the archive or of the table are not
        those of the tracks.
    """

    name: str
    genres: tuple[str, ...]
    tracks: tuple[Track, ...]
    faults: tuple[Fault, ...] = ()
    archive: LogMelArchive | None = None
    same_recordings: tuple[tuple[str, str], ...] | None = None
    table: FeatureTable | None = None
    published_parts: Mapping[str, Part] | None = None
    numbered_artists: bool = False

    def __post_init__(self) -> None:
        ids = [track.track_id for track in self.tracks]
        for previous, current in pairwise(ids):
            if current <= previous:
                problem = "is there twice" if current == previous else f"comes after {previous!r}"
                raise DataError(f"Tracks must be unique and sorted by identifier, but {current!r} {problem}.")
        strangers = sorted({track.genre for track in self.tracks} - set(self.genres))
        if strangers:
            raise DataError(f"Data set {self.name!r} has the genres {self.genres}; its tracks also have {strangers}.")
        if self.archive is not None and list(self.archive.track_ids) != ids:
            raise DataError(
                f"The archive of data set {self.name!r} does not hold the data set's tracks in their order."
            )
        if self.table is not None and list(self.table.rows) != ids:
            raise DataError(f"The table of data set {self.name!r} does not hold the data set's tracks and no others.")

    def __len__(self) -> int:
        return len(self.tracks)

    def __repr__(self) -> str:
        genres = f"{len(self.genres)} genres" if len(self.genres) > 12 else ", ".join(self.genres)
        audio = "audio" if any(track.path is not None for track in self.tracks) else "no audio"
        what = "log-mels" if self.archive is not None else "features" if self.table is not None else audio
        faults = f", faults: {len(self.faults)}" if self.faults else ""
        unheard = "" if self.is_compared else "; recordings not compared by ear"
        return f"<Dataset {self.name}: {len(self)} tracks ({genres}), {what}{faults}{unheard}>"

    @property
    def is_compared(self) -> bool:
        """Whether `same_recordings` are known, as far as there is anything to compare: of names alone there is not."""
        nothing = self.archive is None and self.table is None and all(track.path is None for track in self.tracks)
        return nothing or self.same_recordings is not None

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Place of each track, and row of the archive, by identifier."""
        return {track.track_id: place for place, track in enumerate(self.tracks)}

    def track(self, track_id: str) -> Track:
        """The track of this identifier.

        Raises
        ------
        DataError
            If there is none; the message names the nearest.
        """
        place = self.index.get(track_id)
        if place is None:
            raise DataError(f"Data set {self.name!r} has no track {track_id!r}{did_you_mean(track_id, self.index)}.")
        return self.tracks[place]

    def absent(self, genres: Iterable[str] | None = None) -> tuple[Fault, ...]:
        """The faults of tracks that should be here and are not, of these genres or, by default, of all its own."""
        asked = frozenset(self.genres if genres is None else genres)
        return tuple(fault for fault in self.faults if fault.kind in ABSENT and fault.genre in asked)

    def labels(self, track_ids: Iterable[str]) -> list[int]:
        """Genre index of each track, in the order given."""
        place = {genre: number for number, genre in enumerate(self.genres)}
        return [place[self.track(track_id).genre] for track_id in track_ids]
