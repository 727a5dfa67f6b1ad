"""Making a feature table of a data set's audio: on all processors, and from where a killed run stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from genrekit.data.dataset import Dataset, Fault, Track
from genrekit.data.feature_table import FeatureTable
from genrekit.data.table_file import require_suffix, write_table_file
from genrekit.data.table_rows import TrackRows, Windows, compute_rows
from genrekit.errors import DataError
from genrekit.features import HANDCRAFTED_NAMES
from genrekit.file_identity import file_state
from genrekit.line_files import append_line, cut_torn_end, whole_lines

__all__ = ["WrittenTable", "write_table"]

FORMAT = 1

Progress = Callable[[int, int, str], None]


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
    require_suffix(path)
    if path.exists():
        raise DataError(f"{path} exists already; choose another name, or move it away.")
    if not path.parent.is_dir():
        raise DataError(f"The folder {path.parent} to write {path.name} in does not exist; make it first.")
    files = {track.track_id: track.path for track in dataset.tracks if track.path is not None}
    if not files:
        raise DataError(f"Data set {dataset.name!r} has no audio to compute features from.")
    _require_librosa()
    kept = _Kept(path.with_name(f".{path.name}.unfinished"), {"dataset": dataset.name, **asdict(windows)})
    done = {track_id: rows for track_id, rows in kept.read(files).items() if track_id in files}
    n_resumed = len(done)
    faults: list[Fault] = []
    todo = [(track_id, file) for track_id, file in files.items() if track_id not in done]
    for rows in compute_rows(todo, windows, n_processes=n_processes):
        if rows.error:
            faults.append(Fault("undecodable", rows.track_id, rows.error, dataset.track(rows.track_id).genre))
        else:
            kept.add(rows, files[rows.track_id])
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


class _Kept:
    """The tracks of an unfinished table: one line of JSON each, behind a line of the settings that they are of."""

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        self._path = path
        self._header = json.dumps({"format": FORMAT, "features": HANDCRAFTED_NAMES, **settings})

    def read(self, files: dict[str, Path]) -> dict[str, TrackRows]:
        """What is done, of files that are as they were then; half a line that a kill left at the end is cut off."""
        try:
            lines = whole_lines(self._path) if self._path.exists() else []
            if not lines:
                self._path.write_text(self._header + "\n", encoding="utf-8")
                return {}
            header = lines.pop(0)
            if json.loads(header) != json.loads(self._header):
                raise DataError(
                    f"{self._path} is of an unfinished table with other settings: {_settings(header)}; now "
                    f"{_settings(self._header)}. Finish it with those, or remove that file."
                )
            cut_torn_end(self._path)
            return {rows.track_id: rows for line in lines for rows in _read(line, files)}
        except OSError as error:
            raise DataError(f"Cannot keep what is done in {self._path}: {error.strerror or error}.") from None
        except (ValueError, KeyError, TypeError):
            raise DataError(f"{self._path} is damaged; remove it, and start again.") from None

    def add(self, rows: TrackRows, file: Path) -> None:
        """Keep a track."""
        try:
            append_line(self._path, json.dumps({**asdict(rows), "file": file_state(file)}))
        except OSError as error:
            raise DataError(
                f"Cannot keep what is done in {self._path}: {error.strerror or error}. Make room, and start the same "
                "command again; it goes on."
            ) from None

    def remove(self) -> None:
        """The table is whole."""
        with suppress(OSError):
            self._path.unlink()


def _read(line: str, files: dict[str, Path]) -> list[TrackRows]:
    values = json.loads(line)
    file = files.get(values["track_id"])
    state = None if file is None else file_state(file)
    if state is None or values.pop("file") != list(state):
        return []
    rows = TrackRows(
        values["track_id"],
        tuple(values["start_s"]),
        tuple(tuple(row) for row in values["values"]),
        tuple(values["warnings"]),
    )
    return [rows]


def _settings(header: str) -> str:
    values = json.loads(header)
    return ", ".join(f"{key} {values.get(key)}" for key in ("dataset", "window_s", "hop_s", "span_s"))


def _require_librosa() -> None:
    """Raise ModuleNotFoundError here rather than in a process of its own, if the extra is not installed."""
    import librosa  # noqa: F401
