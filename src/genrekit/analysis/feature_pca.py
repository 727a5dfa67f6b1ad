"""PCA of a table of handcrafted features (report A, figures 2 and 3)."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from genrekit.analysis.captions import count
from genrekit.analysis.pca import Pca, fit_pca
from genrekit.analysis.pca_figures import draw_genre_panels, draw_scatter, draw_spectrum, pca_facts
from genrekit.analysis.picture import Picture
from genrekit.analysis.style import PaperWidth
from genrekit.audio.sniff import HEAD_BYTES, describe_audio, describe_head
from genrekit.data.dataset import Dataset
from genrekit.data.feature_table import FeatureTable
from genrekit.data.registry import load_dataset
from genrekit.errors import DataError, NoSuchDataError

__all__ = ["draw_feature_pca", "load_table", "published_note"]

# The public tables by the name of their first column; every other table is genrekit's own.
PUBLIC_TABLES = {"filename": "gtzan_table", "Track ID": "gtzan_table_10s"}


def load_table(path: str | Path) -> Dataset:
    """A feature table of any kind that genrekit reads: its own (Parquet, CSV), or one of GTZAN's public ones.

    Raises
    ------
    DataError : no such file, or it is no feature table
    """
    path = Path(path)
    if not path.is_file():
        raise NoSuchDataError(f"There is no feature table {path}; 'genrekit data prepare features' makes one.")
    return load_dataset(_kind(path), path)


def _kind(path: Path) -> str:
    if path.suffix.lower() == ".parquet":
        return "table"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = next(csv.reader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ","), [""])[0]
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (UnicodeDecodeError, csv.Error):
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        audio = describe_audio(head)
        found = describe_head(head) if audio is None else f"it is {audio}"
        raise DataError(f"{path} is no feature table: {found}. 'genrekit data prepare features' makes one.") from None
    return PUBLIC_TABLES.get(first, "table")


def draw_feature_pca(dataset: Dataset, *, columns: PaperWidth = 2) -> tuple[Picture, ...]:
    """Scatter on the first two components, the same genre by genre, and the spectrum, of a data set's table.

    Raises
    ------
    DataError : the data set has no table, or one with a single feature
    """
    table = dataset.table
    if table is None:
        raise DataError(f"Data set {dataset.name!r} has no feature table.")
    if len(table.names) < 2:
        raise DataError(f"A plane of components needs two features; the table has {', '.join(table.names)} alone.")
    pca = fit_pca(table.values)
    scores = pca.transform(table.values)
    index = {genre: number for number, genre in enumerate(dataset.genres)}
    label = np.array([index[genre] for genre in table.genre])
    ids = [
        track if table.hop_s is None else f"{track}@{start:g}s"
        for track, start in zip(table.track_id, table.start_s.tolist(), strict=True)
    ]
    caption, noun = _caption(dataset, table, pca), "track" if table.hop_s is None else "excerpt"
    facts = pca_facts(pca)
    note = published_note(table, pca)
    return (
        draw_scatter(
            "pca_scatter", pca, scores, label, dataset.genres, ids, noun=noun, caption=caption, columns=columns
        ),
        draw_genre_panels(
            "pca_genres", scores, label, dataset.genres, facts=facts, noun=noun, caption=caption, columns=columns
        ),
        draw_spectrum("pca_spectrum", pca, caption=f"{caption} {note}".strip(), columns=columns),
    )


def published_note(table: FeatureTable, pca: Pca) -> str:
    """What report A prints of this very table, beside what the table gives; "" for any other table."""
    if (len(table), len(table.names), len(set(table.genre))) != (1000, 57, 10):
        return ""
    shares = 100 * np.cumsum(pca.explained_variance_ratio)
    needed = pca.n_components_for(0.95)
    return (
        f"Two components explain {shares[1]:.1f} % (report A prints 52 %; three explain {shares[2]:.1f} %), and "
        f'{needed} are needed for 95 % (report A: "more than 30").'
    )


def _caption(dataset: Dataset, table: FeatureTable, pca: Pca) -> str:
    n_tracks = len(table.rows)
    rows = f"n = {count(n_tracks, 'track')}"
    if table.hop_s is not None:
        rows += f", {count(len(table), 'excerpt')} of {table.window_s:g} s"
    constant = f" ({pca.n_constant} constant)" if pca.n_constant else ""
    return f"{dataset.name}; {rows}; PCA of {len(table.names)} standardised features{constant}, no split."
