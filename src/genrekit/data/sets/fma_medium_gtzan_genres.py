"""FMA-medium under GTZAN's ten genres: the clips that are of exactly one of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from genrekit.data.dataset import Dataset
from genrekit.data.sets.fma import load_fma_gtzan_genres
from genrekit.data.sets.fma_medium import INFO as FMA_INFO
from genrekit.data.sets.gtzan_facts import GENRES

__all__ = ["INFO", "load_fma_medium_gtzan_genres"]

INFO = replace(
    FMA_INFO,
    name="fma_medium_gtzan_genres",
    summary="FMA-medium's clips of exactly one of GTZAN's ten genres, by all genres of a track; rock without metal",
    genres=GENRES,
    n_tracks=None,
)


def load_fma_medium_gtzan_genres(root: Path) -> Dataset:
    """Load them, in the layout of ``fma_medium``; a genre that no clip of the metadata has is left out.

    Raises
    ------
    DataError
        If a table of the metadata is missing, or is not as it was published.
    """
    return load_fma_gtzan_genres(root, "fma_medium_gtzan_genres", "medium")
