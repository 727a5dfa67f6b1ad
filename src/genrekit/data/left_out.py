"""A data set without some of its genres: what a model is to find unknown must not be among what it learns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from genrekit.data.archive import LogMelArchive
from genrekit.data.dataset import Dataset
from genrekit.data.feature_table import FeatureTable
from genrekit.errors import NoSuchDataError
from genrekit.suggestion import did_you_mean

__all__ = ["without_genres"]


def without_genres(dataset: Dataset, genres: Iterable[str]) -> Dataset:
    """The tracks of all other genres; the label order stays, without the genres that are left out.

    Raises
    ------
    NoSuchDataError
        If a genre is unknown (the nearest is named), or fewer than two are left.
    """
    left_out = set(genres)
    for genre in sorted(left_out):
        if genre not in dataset.genres:
            raise NoSuchDataError(
                f"Data set {dataset.name!r} has no genre {genre!r}{did_you_mean(genre, dataset.genres)}."
            )
    if not left_out:
        return dataset
    kept_genres = tuple(genre for genre in dataset.genres if genre not in left_out)
    if len(kept_genres) < 2:
        raise NoSuchDataError(
            f"Of the genres {', '.join(dataset.genres)}, {len(kept_genres)} would be left; 2 are needed."
        )
    gone = {track.track_id for track in dataset.tracks if track.genre in left_out}
    absent = {fault.track_id for fault in dataset.absent(left_out)}
    rows = [row for row, track in enumerate(dataset.tracks) if track.genre not in left_out]
    tracks = tuple(dataset.tracks[row] for row in rows)
    ids = {track.track_id for track in tracks}
    pairs, parts = dataset.same_recordings, dataset.published_parts
    return replace(
        dataset,
        genres=kept_genres,
        tracks=tracks,
        # The fault of a track that is missing or broken stays: it tells a list of tracks why it is not there.
        faults=tuple(fault for fault in dataset.faults if fault.track_id not in gone),
        archive=None if dataset.archive is None else _rows_of_archive(dataset.archive, rows),
        table=None if dataset.table is None else _rows_of_table(dataset.table, ids),
        same_recordings=None if pairs is None else tuple(pair for pair in pairs if ids.issuperset(pair)),
        published_parts=None if parts is None else {t: part for t, part in parts.items() if t not in gone | absent},
    )


def _rows_of_archive(archive: LogMelArchive, rows: list[int]) -> LogMelArchive:
    return replace(
        archive,
        track_ids=tuple(archive.track_ids[row] for row in rows),
        levels=archive.levels[rows],
        lo_db=archive.lo_db[rows],
        ref_db=archive.ref_db[rows],
        frame_index=archive.frame_index[rows],
        n_frames=archive.n_frames[rows],
        calibrated=archive.calibrated[rows],
    )


def _rows_of_table(table: FeatureTable, ids: set[str]) -> FeatureTable:
    kept = np.array([row for row, track_id in enumerate(table.track_id) if track_id in ids])
    return replace(
        table,
        track_id=tuple(table.track_id[row] for row in kept),
        start_s=table.start_s[kept],
        values=table.values[kept],
        genre=tuple(table.genre[row] for row in kept),
    )
