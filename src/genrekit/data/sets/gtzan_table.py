"""GTZAN as the public table of 57 handcrafted features a track, or a 3-second excerpt: features, no audio."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from genrekit.data.dataset import Dataset, Fault, Track
from genrekit.data.feature_table import FeatureTable
from genrekit.data.info import DatasetInfo
from genrekit.data.sets.gtzan import CITATION, LICENCE
from genrekit.data.sets.gtzan_facts import GENRES, gtzan_facts, known_recordings
from genrekit.errors import DataError
from genrekit.features import HANDCRAFTED_NAMES

__all__ = ["INFO", "Excerpt", "find_file", "gtzan_dataset", "load_gtzan_table", "read_rows"]

FILE_NAME = "features_30_sec.csv"
WHOLE_S = 30.0
EXCERPT_S = 3.0

OWN_TABLE = (
    "A table that `genrekit data prepare features` wrote is the data set 'table'; for a recipe: --set "
    "data.dataset=table."
)

INFO = DatasetInfo(
    name="gtzan_table",
    summary="GTZAN as the public table of 57 handcrafted features: 1000 tracks without their audio, 10 genres",
    contents=f"{FILE_NAME}, or the file itself; features_3_sec.csv is read too",
    licence=LICENCE,
    citation=CITATION,
    source="https://www.kaggle.com/datasets/andradaolteanu/gtzan-dataset-music-genre-classification",
    genres=GENRES,
    n_tracks=1000,
    recordings="gtzan",
)


class Excerpt(NamedTuple):
    """A row of a public table: track, start and values as they are named there."""

    track_id: str
    start_s: float
    values: Sequence[str]


def load_gtzan_table(root: Path) -> Dataset:
    """Load the public table from `root/features_30_sec.csv`, or from `root` itself if that is a file.

    A name such as blues.00000.4.wav, as features_3_sec.csv has them, is the excerpt of 3 s from 12 s.

    Raises
    ------
    DataError
        If there is no such file, or it is not that table.
    """
    path = find_file(root, FILE_NAME)
    excerpts, window_s = [], WHOLE_S
    for row in read_rows(path, delimiter=",", needed=("filename", "label", *HANDCRAFTED_NAMES)):
        name = re.fullmatch(r"([a-z]+\.\d{5})(?:\.(\d+))?\.(?:wav|au)", row["filename"])
        if name is None or name[1].partition(".")[0] != row["label"]:
            raise DataError(
                f"{path}: {row['filename']!r} of {row['label']!r} is not a file of GTZAN, such as blues.00000.wav."
            )
        if name[2] is not None:
            window_s = EXCERPT_S
        start_s = EXCERPT_S * int(name[2] or 0)
        excerpts.append(Excerpt(name[1], start_s, [row[feature] for feature in HANDCRAFTED_NAMES]))
    return gtzan_dataset("gtzan_table", path, HANDCRAFTED_NAMES, excerpts, window_s)


def find_file(root: Path, name: str) -> Path:
    """`root` if it is a file, else `root/name`."""
    path = root / name if root.is_dir() else root
    if not path.is_file():
        raise DataError(f"There is no {path}; give the folder that holds {name}, or the file itself.")
    return path


def read_rows(path: Path, *, delimiter: str, needed: Sequence[str]) -> list[Mapping[str, str]]:
    """Rows of a table of text by column, each with all of `needed`.

    Raises
    ------
    DataError
        If the file cannot be read, a column is missing, or a row is shorter or longer than the header.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter=delimiter)
            missing = [column for column in needed if column not in (reader.fieldnames or ())]
            if missing:
                raise DataError(f"{path} is another table: it lacks the columns {', '.join(missing[:5])}. {OWN_TABLE}")
            rows = list(reader)
    except UnicodeDecodeError:
        raise DataError(
            f"{path} is no table of text in UTF-8, such as {FILE_NAME}. Is it the file that was meant? {OWN_TABLE}"
        ) from None
    except (OSError, csv.Error) as error:
        raise DataError(f"Cannot read {path}: {error}. It must be a table of text in UTF-8.") from None
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise DataError(f"{path}: line {number} has more or fewer cells than the header. Is the file complete?")
    return rows  # type: ignore[return-value]


def gtzan_dataset(
    name: str, path: Path, names: tuple[str, ...], excerpts: Sequence[Excerpt], window_s: float
) -> Dataset:
    """A data set of GTZAN's tracks from rows of a public table, with what the package knows of them.

    Raises
    ------
    DataError
        If a track is none of GTZAN's, a value is no finite number, or rows repeat.
    """
    facts = gtzan_facts()
    strangers = sorted({excerpt.track_id for excerpt in excerpts} - facts.keys())
    if strangers:
        raise DataError(f"{path}: {strangers[0]!r} is none of GTZAN's tracks ({len(strangers)} are not).")
    try:
        values = np.array([excerpt.values for excerpt in excerpts], dtype=np.float64).reshape(len(excerpts), len(names))
        table = FeatureTable.sorted(
            names,
            tuple(excerpt.track_id for excerpt in excerpts),
            np.array([excerpt.start_s for excerpt in excerpts], dtype=np.float64),
            window_s,
            values,
            tuple(excerpt.track_id.partition(".")[0] for excerpt in excerpts),
        )
    except ValueError as error:
        raise DataError(f"{path}: a feature is not a number: {error}.") from None
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    tracks = tuple(
        Track(
            track_id=track_id,
            genre=track_id.partition(".")[0],
            artist=facts[track_id].artist,
            title=facts[track_id].title,
            sha256=facts[track_id].wav_sha256,
            duration_s=float(table.start_s[rows][-1]) + window_s,
        )
        for track_id, rows in table.rows.items()
    )
    faults = tuple(
        Fault("missing", known, "not in the table", known.partition(".")[0])
        for known in sorted(facts.keys() - table.rows.keys())
    )
    return Dataset(name, GENRES, tracks, faults, table=table, same_recordings=known_recordings())
