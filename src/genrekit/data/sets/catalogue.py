"""A collection as its metadata describe it: what every track is called, tagged and split, whether its audio is here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from genrekit.data.dataset import Dataset, Fault, Track
from genrekit.data.parts import Part
from genrekit.errors import DataError

__all__ = ["Catalogue", "Entry", "catalogue_dataset", "without_repeats"]


@dataclass(frozen=True)
class Entry:
    """One track of a catalogue.

    Parameters
    ----------
    track_id : unique in the catalogue
    paths : where its audio may be below the data set's root, the best first
    part : of the split that was published with the catalogue
    genre : its one label in the catalogue's own words; None if it has none, or several
    tags : all that it is tagged with
    artist, title, duration_s : as a `Track` has them
    line : of the table that tells of it, for messages
    """

    track_id: str
    paths: tuple[str, ...]
    part: Part
    genre: str | None
    tags: tuple[str, ...]
    artist: str | None = None
    title: str | None = None
    duration_s: float | None = None
    line: str = ""


@dataclass(frozen=True)
class Catalogue:
    """The tracks of a collection, and what is wrong with their metadata.

    Parameters
    ----------
    entries : each of another track
    faults : what was found wrong
    numbered_artists : whether artists have the collection's own numbers for names
    """

    entries: tuple[Entry, ...]
    faults: tuple[Fault, ...] = ()
    numbered_artists: bool = False


def catalogue_dataset(
    name: str,
    root: Path,
    catalogue: Catalogue,
    genre_of: Callable[[Entry], str | None],
    *,
    order: Sequence[str] = (),
) -> Dataset:
    """The tracks that have a genre and whose audio is below `root`; where it is not, that is a fault of the data set.

    Parameters
    ----------
    name : of the data set
    root : folder that the entries' paths start from
    catalogue : of the collection
    genre_of : the label of an entry; None leaves it out
    order : of the labels; by default alphabetical. Those that no entry has are left out

    Raises
    ------
    DataError
        If no entry has a genre.
    """
    labelled = sorted(
        ((entry, genre) for entry in catalogue.entries if (genre := genre_of(entry)) is not None),
        key=lambda pair: pair[0].track_id,
    )
    used = {genre for _, genre in labelled}
    if not labelled:
        raise DataError(
            f"None of the {len(catalogue.entries)} tracks in the metadata below {root} has a genre of {name!r}."
        )
    found, wrong = [], list(catalogue.faults)
    for entry, genre in labelled:
        path, fault = _audio(root, entry, genre)
        if path is None:
            wrong.append(fault)
        else:
            found.append(Track(entry.track_id, genre, path, entry.artist, entry.title, duration_s=entry.duration_s))
    return Dataset(
        name,
        tuple(genre for genre in order or sorted(used) if genre in used),
        tuple(found),
        tuple(wrong),
        published_parts={entry.track_id: entry.part for entry, _ in labelled},
        numbered_artists=catalogue.numbered_artists,
    )


def without_repeats(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries, each of another track.

    Raises
    ------
    DataError
        If a track is there twice; the message has both lines.
    """
    first: dict[str, Entry] = {}
    for entry in entries:
        other = first.setdefault(entry.track_id, entry)
        if other is not entry:
            raise DataError(
                f"Track {entry.track_id} is there twice, in {other.line} and in {entry.line}; take the published file."
            )
    return tuple(first.values())


def _audio(root: Path, entry: Entry, genre: str) -> tuple[Path | None, Fault]:
    fault = Fault("missing", entry.track_id, f"there is no file {entry.paths[0]}", genre)
    for name in entry.paths:
        path = root / name
        try:
            if not path.is_file():
                continue
            if path.stat().st_size > 0:
                return path, fault
        except (OSError, ValueError):
            continue
        fault = Fault("empty", entry.track_id, f"the file {name} is empty", genre)
    return None, fault
