"""FMA-medium: 25 000 clips of 30 s of sixteen top genres, FMA-small among them."""

from __future__ import annotations

from pathlib import Path

from genrekit.data.dataset import Dataset
from genrekit.data.info import DatasetInfo
from genrekit.data.sets.fma import CITATION, LICENCE, SOURCE, load_fma

__all__ = ["INFO", "load_fma_medium"]

INFO = DatasetInfo(
    name="fma_medium",
    summary="FMA-medium: 25 000 clips of 30 s by their top genre, 16 genres; its own split 19 922/2505/2573",
    contents="fma_metadata/tracks.csv and genres.csv, and fma_medium/ (or fma_large/) with 000/000002.mp3 and so on",
    licence=LICENCE,
    citation=CITATION,
    source=SOURCE,
    n_tracks=25_000,
)


def load_fma_medium(root: Path) -> Dataset:
    """Load the clips by their top genre; those whose file is missing or empty are faults.

    Raises
    ------
    DataError
        If a table of the metadata is missing, or is not as it was published.
    """
    return load_fma(root, "fma_medium", "medium")
