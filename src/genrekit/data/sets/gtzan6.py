"""GTZAN-6: the six genres blues, classical, country, jazz, metal and pop of GTZAN, from audio."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from genrekit.data.dataset import Dataset
from genrekit.data.sets.gtzan import INFO as GTZAN_INFO
from genrekit.data.sets.gtzan import load_gtzan_genres

__all__ = ["GENRES", "INFO", "load_gtzan6"]

GENRES = ("blues", "classical", "country", "jazz", "metal", "pop")

INFO = replace(
    GTZAN_INFO,
    name="gtzan6",
    summary="GTZAN-6 from audio: six of GTZAN's genres, 600 tracks of 30 s",
    genres=GENRES,
    n_tracks=600,
)


def load_gtzan6(root: Path) -> Dataset:
    """Load the six genres from audio files below ``root``, in the layouts of ``gtzan``.

    Raises
    ------
    DataError
        If no layout of GTZAN is found.
    """
    return load_gtzan_genres(root, "gtzan6", GENRES)
