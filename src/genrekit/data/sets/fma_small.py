"""FMA-small: 8000 clips of 30 s, eight top genres of 1000."""

from __future__ import annotations

from pathlib import Path

from genrekit.data.dataset import Dataset
from genrekit.data.info import DatasetInfo
from genrekit.data.sets.fma import CITATION, LICENCE, SOURCE, load_fma

__all__ = ["INFO", "load_fma_small"]

INFO = DatasetInfo(
    name="fma_small",
    summary="FMA-small: 8000 clips of 30 s by their top genre, 8 genres of 1000; its own split 6400/800/800",
    contents="fma_metadata/tracks.csv and genres.csv, and fma_small/ (or fma_medium/, fma_large/) with 000/000002.mp3 "
    "and so on",
    licence=LICENCE,
    citation=CITATION,
    source=SOURCE,
    genres=("Electronic", "Experimental", "Folk", "Hip-Hop", "Instrumental", "International", "Pop", "Rock"),
    n_tracks=8000,
)


def load_fma_small(root: Path) -> Dataset:
    """Load the clips by their top genre; those whose file is missing or empty are faults.

    Raises
    ------
    DataError
        If a table of the metadata is missing, or is not as it was published.
    """
    return load_fma(root, "fma_small", "small")
