"""The Free Music Archive's data set in its published layout: tracks.csv and genres.csv, and mp3 clips of 30 s."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from genrekit.data.dataset import Dataset, Fault
from genrekit.data.parts import Part
from genrekit.data.sets.catalogue import Catalogue, Entry, catalogue_dataset, without_repeats
from genrekit.data.sets.label_maps import FMA_TO_GTZAN
from genrekit.errors import DataError

__all__ = [
    "CITATION",
    "LICENCE",
    "SOURCE",
    "Subset",
    "load_fma",
    "load_fma_gtzan_genres",
    "read_catalogue",
]

Subset = Literal["small", "medium"]

CITATION = (
    "M. Defferrard, K. Benzi, P. Vandergheynst and X. Bresson, FMA: A dataset for music analysis, 18th Int. Society "
    "for Music Information Retrieval Conf. (ISMIR), 2017, arXiv:1612.01840."
)
LICENCE = "Metadata: CC BY 4.0. Audio: the Creative Commons licence that each artist chose. Meant for research."
SOURCE = "https://github.com/mdeff/fma"

METADATA = "fma_metadata"
PARTS: Mapping[str, Part] = MappingProxyType({"training": "train", "validation": "valid", "test": "test"})
# A subset has the tracks of those before it; the archive of a larger one holds the same clips.
SUBSETS = ("small", "medium", "large")
COLUMNS = (
    ("set", "split"),
    ("set", "subset"),
    ("track", "genre_top"),
    ("track", "genres_all"),
    ("track", "title"),
    ("artist", "name"),
)
# Longer than any biography of an artist, which is a cell too.
LONGEST_CELL = 2**31 - 1


def load_fma(root: Path, name: str, subset: Subset) -> Dataset:
    """Load a subset with its top genres as labels, from ``root/fma_metadata`` and ``root/fma_small`` or larger.

    Parameters
    ----------
    root : folder that the published archives were unpacked into
    name : of the data set
    subset : "medium" has the tracks of "small" too

    Raises
    ------
    DataError
        If a table is missing, or is not as it was published.
    """
    return catalogue_dataset(name, root, read_catalogue(root, subset), lambda entry: entry.genre)


def load_fma_gtzan_genres(root: Path, name: str, subset: Subset) -> Dataset:
    """Load those tracks of a subset that are of exactly one of GTZAN's ten genres, by all of their genres.

    Raises
    ------
    DataError
        If a table is missing, or is not as it was published.
    """
    catalogue = read_catalogue(root, subset)
    order = tuple(FMA_TO_GTZAN.tags)
    return catalogue_dataset(name, root, catalogue, lambda entry: FMA_TO_GTZAN.genre_of(entry.tags), order=order)


def read_catalogue(root: Path, subset: Subset) -> Catalogue:
    """What the tables below ``root/fma_metadata`` say of a subset.

    A genre that genres.csv lacks is a fault of the track that has it, of the kind "unknown_genre".

    Raises
    ------
    DataError
        If a table is missing, or is not as it was published.
    """
    titles = _read_genres(root / METADATA / "genres.csv")
    entries = without_repeats(_read_tracks(root / METADATA / "tracks.csv", subset))
    if not entries:
        raise DataError(f"{root / METADATA / 'tracks.csv'} has no track of the subset {subset!r}.")
    faults = [
        Fault("unknown_genre", entry.track_id, f"genres.csv has no genre {tag}")
        for entry in entries
        for tag in entry.tags
        if tag not in titles
    ]
    return Catalogue(entries, tuple(faults))


def _read_genres(path: Path) -> dict[str, str]:
    rows = _rows(path)
    header = next(rows, [])
    lacking = [name for name in ("genre_id", "title") if name not in header]
    if lacking:
        raise DataError(
            f"{path} must have a header with the columns genre_id and title; it lacks {' and '.join(lacking)}. "
            "Unpack fma_metadata.zip anew."
        )
    number, title = header.index("genre_id"), header.index("title")
    titles = {row[number]: row[title] for row in rows if len(row) == len(header)}
    lost = [f"{genre} ({tag})" for genre, tags in FMA_TO_GTZAN.tags.items() for tag in tags if tag not in titles]
    if lost:
        raise DataError(f"{path} lacks the genres {', '.join(lost)}. Unpack fma_metadata.zip anew.")
    return titles


def _read_tracks(path: Path, subset: Subset) -> Iterator[Entry]:
    rows = _rows(path)
    above, below, index = next(rows, []), next(rows, []), next(rows, [])
    places = {pair: place for place, pair in enumerate(zip(above, below, strict=False))}
    lacking = [" ".join(pair) for pair in COLUMNS if pair not in places]
    if lacking or not index or index[0] != "track_id":
        what = f"it lacks the columns {', '.join(lacking)}" if lacking else "its third row does not begin with track_id"
        raise DataError(
            f"{path} must begin with two rows of column names (set, split and so on) and one with track_id; {what}. "
            "Unpack fma_metadata.zip anew."
        )
    wanted = SUBSETS[: SUBSETS.index(subset) + 1]
    for number, row in enumerate(rows, start=4):
        where = f"{path}, row {number}"
        if len(row) != len(below):
            raise DataError(f"{where}: {len(row)} cells; expected {len(below)}. Unpack fma_metadata.zip anew.")

        def cell(first: str, second: str, row: Sequence[str] = row) -> str:
            return row[places[first, second]].strip()

        if cell("set", "subset") in wanted:
            yield _entry(row[0].strip(), cell, subset, where)


def _entry(number: str, cell: Callable[[str, str], str], subset: Subset, where: str) -> Entry:
    if not number.isdecimal():
        raise DataError(f"{where}: a track is a number; found {number!r}.")
    part = cell("set", "split")
    if part not in PARTS:
        raise DataError(f"{where}: the split is one of {', '.join(PARTS)}; found {part!r}.")
    track_id = f"{int(number):06d}"
    larger = SUBSETS[SUBSETS.index(subset) :]
    return Entry(
        track_id=track_id,
        paths=tuple(f"fma_{size}/{track_id[:3]}/{track_id}.mp3" for size in larger),
        part=PARTS[part],
        genre=cell("track", "genre_top") or None,
        tags=_numbers(cell("track", "genres_all"), where),
        artist=cell("artist", "name") or None,
        title=cell("track", "title") or None,
        line=where,
    )


def _numbers(text: str, where: str) -> tuple[str, ...]:
    try:
        values = json.loads(text)
    except ValueError:
        values = None
    if not isinstance(values, list) or not all(type(value) is int for value in values):
        raise DataError(f"{where}: genres_all is a list of numbers, such as [12, 25]; found {text!r}.")
    return tuple(str(value) for value in values)


def _rows(path: Path) -> Iterator[list[str]]:
    limit = csv.field_size_limit(LONGEST_CELL)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from csv.reader(file)
    except FileNotFoundError:
        raise DataError(
            f"There is no {path}. Unpack fma_metadata.zip and the archive of the audio beside each other, and give the "
            f"folder that then holds {METADATA}/ and fma_small/ or fma_medium/."
        ) from None
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is no CSV table in UTF-8: {error}. Unpack fma_metadata.zip anew.") from None
    finally:
        csv.field_size_limit(limit)
