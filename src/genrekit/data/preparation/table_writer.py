"""Making a feature table of a data set's audio: on all processors, and from where a killed run stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from genrekit.data.dataset import Dataset, Fault, Track
from genrekit.data.feature_table import FeatureTable
from genrekit.data.preparation.table_rows import TrackRows, Windows, compute_rows
from genrekit.data.preparation.unfinished import Unfinished
from genrekit.data.table_file import require_suffix, write_table_file
from genrekit.errors import DataError
from genrekit.features import HANDCRAFTED_NAMES
from genrekit.output_places import require_new
from genrekit.progress import Progress

__all__ = ["WrittenTable", "require_table_place", "write_table"]

FORMAT = 1


@dataclass(frozen=True)
class WrittenTable:
    """What became of the tracks.

    Attributes
    ----------
    n_tracks, n_rows : in the table
    n_resumed : tracks that an earlier, unfinished run had done
    faults : a fault for each track that could not be used and is not in the table
    warnings : what was noticed in tracks that are
    """

    n_tracks: int
    n_rows: int
    n_resumed: int
    faults: tuple[Fault, ...]
    warnings: tuple[str, ...]


def write_table(
    dataset: Dataset,
    path: Path,
    windows: Windows | None = None,
    *,
    n_processes: int | None = None,
    progress: Progress | None = None,
) -> WrittenTable:
    """Write the 57 handcrafted features of a data set's audio to a new table.

    Each track is kept in a file beside `path` as soon as it is done, from which the same call goes on after a kill;
    that file goes when the table is whole.

    Parameters
    ----------
    dataset : with audio
    path : to write; ends in .parquet or .csv, and an existing file is not overwritten
    windows : None for one of 30 s a track
    n_processes : that decode and compute; None for one a processor. More than one are spawned, so that a script of
        one's own needs `if __name__ == "__main__":`
    progress : called with the number of tracks done, their total, and the last track's identifier

    Raises
    ------
    DataError
        If the file exists or cannot be written, an unfinished run had other settings, the data set has no audio, or no
        track can be used.
    """
    windows = windows or Windows()
    require_table_place(path)
    files = {track.track_id: track.path for track in dataset.tracks if track.path is not None}
    if not files:
        raise DataError(f"Data set {dataset.name!r} has no audio to compute features from.")
    settings = {"format": FORMAT, "features": HANDCRAFTED_NAMES, "dataset": dataset.name, **asdict(windows)}
    kept = Unfinished(path, settings, shown=("dataset", "window_s", "hop_s", "span_s"))
    done = dict(kept.read(files, _rows))
    n_resumed = len(done)
    faults: list[Fault] = []
    todo = [(track_id, file) for track_id, file in files.items() if track_id not in done]
    for rows in compute_rows(todo, windows, n_processes=n_processes):
        if rows.error:
            faults.append(Fault("undecodable", rows.track_id, rows.error, dataset.track(rows.track_id).genre))
        else:
            kept.add(rows.track_id, asdict(rows), files[rows.track_id])
            done[rows.track_id] = rows
        if progress is not None:
            progress(len(done) + len(faults), len(files), rows.track_id)
    if not done:
        raise DataError(f"None of the {len(files)} tracks of {dataset.name!r} can be used; first: {faults[0].detail}")
    absent = (track for track in dataset.tracks if track.path is None)
    faults += [Fault("missing", one.track_id, "there is no audio of this track", one.genre) for one in absent]
    # To whoever reads the table, what could not be used is missing like what was not there.
    lacking = (*dataset.absent(), *(replace(fault, kind="missing") for fault in faults))
    made = _dataset(dataset, [done[track_id] for track_id in sorted(done)], windows.window_s, lacking)
    write_table_file(made, path)
    kept.remove()
    noticed = tuple(warning for rows in done.values() for warning in rows.warnings)
    n_rows = 0 if made.table is None else len(made.table)
    return WrittenTable(
        len(made), n_rows, n_resumed, tuple(sorted(faults, key=lambda fault: str(fault.track_id))), noticed
    )


def _dataset(dataset: Dataset, done: list[TrackRows], window_s: float, faults: tuple[Fault, ...]) -> Dataset:
    tracks: list[Track] = [dataset.track(rows.track_id) for rows in done]
    table = FeatureTable(
        HANDCRAFTED_NAMES,
        tuple(rows.track_id for rows in done for _ in rows.start_s),
        np.array([start_s for rows in done for start_s in rows.start_s], dtype=np.float64),
        window_s,
        np.array([values for rows in done for values in rows.values], dtype=np.float64),
        tuple(track.genre for track, rows in zip(tracks, done, strict=True) for _ in rows.start_s),
    )
    return replace(dataset, tracks=tuple(tracks), faults=faults, archive=None, table=table)


def _rows(values: Mapping[str, Any]) -> TrackRows:
    return TrackRows(
        values["track_id"],
        tuple(values["start_s"]),
        tuple(tuple(row) for row in values["values"]),
        tuple(values["warnings"]),
    )


def require_table_place(path: Path) -> None:
    """Raise PlaceError unless a new table can be written there by its name, before anything that takes long.

    ModuleNotFoundError is raised here rather than in a process of its own, if the extra is not installed.
    """
    require_suffix(path)
    require_new(path, "the table")
    import librosa  # noqa: F401
