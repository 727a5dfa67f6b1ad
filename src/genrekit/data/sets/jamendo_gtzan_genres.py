"""MTG-Jamendo split-0 under GTZAN's ten genres: the songs that carry exactly one of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from genrekit.data.dataset import Dataset
from genrekit.data.sets.catalogue import catalogue_dataset
from genrekit.data.sets.gtzan_facts import GENRES
from genrekit.data.sets.jamendo import INFO as JAMENDO_INFO
from genrekit.data.sets.jamendo import read_catalogue
from genrekit.data.sets.label_maps import JAMENDO_TO_GTZAN

__all__ = ["INFO", "load_jamendo_gtzan_genres"]

INFO = replace(
    JAMENDO_INFO,
    name="jamendo_gtzan_genres",
    summary="MTG-Jamendo split-0: the 21 351 songs that carry exactly one of GTZAN's ten genres, heavymetal as metal",
    genres=GENRES,
    n_tracks=21_351,
)


def load_jamendo_gtzan_genres(root: Path) -> Dataset:
    """Load them, in the layout of ``jamendo``, whatever other tags they carry.

    Raises
    ------
    DataError
        If a table of the metadata is missing, or is not as it was published.
    """
    catalogue = read_catalogue(root)
    return catalogue_dataset(
        "jamendo_gtzan_genres", root, catalogue, lambda entry: JAMENDO_TO_GTZAN.genre_of(entry.tags), order=GENRES
    )
