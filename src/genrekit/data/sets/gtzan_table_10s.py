"""GTZAN as a public table of 63 features of excerpts of 10 seconds, three a track."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

from genrekit.data.dataset import Dataset
from genrekit.data.sets.gtzan_table import INFO as TABLE_INFO
from genrekit.data.sets.gtzan_table import Excerpt, find_file, gtzan_dataset, read_rows
from genrekit.errors import DataError
from genrekit.features import GTZAN_10S_NAMES

__all__ = ["INFO", "load_gtzan_table_10s"]

FILE_NAME = "features_10_sec.tsv"
WINDOW_S = 10.0

INFO = replace(
    TABLE_INFO,
    name="gtzan_table_10s",
    summary="GTZAN as a public table of 63 features of 10-second excerpts, 3 a track: 990 tracks, 10 genres",
    contents=f"{FILE_NAME}, or the file itself",
    source="",
    n_tracks=990,
    # Nothing here computes its features of a recording.
    recordings="",
)


def load_gtzan_table_10s(root: Path) -> Dataset:
    """Load the table from `root/features_10_sec.tsv`, or from `root` itself if that is a file.

    The table does not say where an excerpt starts; the zero-crossing rates of 14 tracks say that the rows of a track
    are those from 0, 10 and 20 s, in this order.

    Raises
    ------
    DataError
        If there is no such file, or it is not that table.
    """
    path = find_file(root, FILE_NAME)
    seen: Counter[str] = Counter()
    excerpts = []
    for row in read_rows(path, delimiter="\t", needed=("File", "Genre", *GTZAN_10S_NAMES)):
        name = re.fullmatch(r"([a-z]+)[._](\d{5})\.(?:wav|au)", row["File"])
        if name is None or name[1] != row["Genre"]:
            raise DataError(
                f"{path}: {row['File']!r} of {row['Genre']!r} is not a file of GTZAN, such as blues_00000.wav."
            )
        track_id = f"{name[1]}.{name[2]}"
        excerpts.append(Excerpt(track_id, WINDOW_S * seen[track_id], [row[feature] for feature in GTZAN_10S_NAMES]))
        seen[track_id] += 1
    return gtzan_dataset("gtzan_table_10s", path, GTZAN_10S_NAMES, excerpts, WINDOW_S)
