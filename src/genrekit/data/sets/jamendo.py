"""MTG-Jamendo, genres, split-0: whole songs, of which those with one genre tag have a label."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from genrekit.data.dataset import Dataset
from genrekit.data.info import DatasetInfo
from genrekit.data.parts import Part
from genrekit.data.sets.catalogue import Catalogue, Entry, catalogue_dataset, without_repeats
from genrekit.data.text_file import read_text
from genrekit.errors import DataError

__all__ = ["INFO", "load_jamendo", "read_catalogue"]

INFO = DatasetInfo(
    name="jamendo",
    summary="MTG-Jamendo split-0: the 11 946 of its 55 094 songs that carry a single genre tag, 83 genres",
    contents="autotagging_genre-train.tsv, -validation.tsv and -test.tsv, in the root or in its data/splits/split-0/; "
    "14/214.mp3 (or 14/214.low.mp3) and so on, in the root or in its audio/ or raw_30s/audio/",
    licence="Metadata: CC BY-NC-SA 4.0. Audio: the Creative Commons licence that each artist chose.",
    citation="D. Bogdanov, M. Won, P. Tovstogan, A. Porter and X. Serra, The MTG-Jamendo dataset for automatic music "
    "tagging, Machine Learning for Music Discovery Workshop, Int. Conf. on Machine Learning (ICML), 2019.",
    source="https://github.com/MTG/mtg-jamendo-dataset",
    n_tracks=11_946,
)

FILES: Mapping[Part, str] = MappingProxyType(
    {
        "train": "autotagging_genre-train.tsv",
        "valid": "autotagging_genre-validation.tsv",
        "test": "autotagging_genre-test.tsv",
    }
)
METADATA = ("", "data/splits/split-0", "splits/split-0")
AUDIO = ("audio", "raw_30s/audio", "raw_30s/audio-low", "")
HEADER = ["TRACK_ID", "ARTIST_ID", "ALBUM_ID", "PATH", "DURATION", "TAGS"]
KIND = "genre---"


def load_jamendo(root: Path) -> Dataset:
    """Load the songs that carry a single genre tag; those whose file is missing or empty are faults.

    An artist is known by the archive's number for it, such as ``"artist_000014"``; titles are not told.

    Raises
    ------
    DataError
        If a table of the metadata is missing, or is not as it was published.
    """
    return catalogue_dataset("jamendo", root, read_catalogue(root), lambda entry: entry.genre)


def read_catalogue(root: Path) -> Catalogue:
    """All songs of the three tables, with their tags without ``"genre---"``.

    Raises
    ------
    DataError
        If a table is missing, or is not as it was published.
    """
    folders = [root / place for place in METADATA]
    folder = next((folder for folder in folders if any((folder / name).is_file() for name in FILES.values())), None)
    if folder is None:
        places = ", ".join(str(folder / FILES["train"]) for folder in folders)
        raise DataError(
            f"{root} does not hold the metadata of MTG-Jamendo: none of {places} exists. Put the three tables of "
            "split-0 beside the folder audio/ and give the folder that then holds both."
        )
    entries = without_repeats(entry for part, name in FILES.items() for entry in _read(folder / name, part))
    return Catalogue(entries, numbered_artists=True)


def _read(path: Path, part: Part) -> Iterator[Entry]:
    # Not splitlines, and no csv: the tables have no quotes, and tags are as many cells as there are.
    lines = read_text(path, what="a table of MTG-Jamendo").rstrip("\n").split("\n")
    header = lines[0].split("\t")
    if header != HEADER:
        raise DataError(
            f"{path} must have the columns {', '.join(HEADER)}, with tabs between; found {', '.join(header)}. "
            "Take the published file."
        )
    for number, line in enumerate(lines[1:], start=2):
        yield _entry(line.split("\t"), part, f"{path}, line {number}")


def _entry(cells: list[str], part: Part, where: str) -> Entry:
    if len(cells) < len(HEADER):
        raise DataError(f"{where}: {len(cells)} cells; expected at least {len(HEADER)}, the last ones tags.")
    track_id, artist, _, path, duration, *tags = cells
    odd = [tag for tag in tags if not tag.startswith(KIND) or tag == KIND]
    if odd:
        raise DataError(f"{where}: a tag begins with {KIND!r}; found {odd[0]!r}. Take the tables of genres.")
    try:
        duration_s = float(duration)
    except ValueError:
        duration_s = math.nan
    if not math.isfinite(duration_s):
        raise DataError(f"{where}: the duration is a number of seconds; found {duration!r}.")
    names = (path, f"{path.removesuffix('.mp3')}.low.mp3")
    genres = tuple(tag.removeprefix(KIND) for tag in tags)
    return Entry(
        track_id=track_id,
        paths=tuple(f"{folder}/{name}" if folder else name for folder in AUDIO for name in names),
        part=part,
        genre=genres[0] if len(genres) == 1 else None,
        tags=genres,
        artist=artist or None,
        duration_s=duration_s,
        line=where,
    )
