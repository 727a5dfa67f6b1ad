"""What a robustness run has computed, track by track, as it comes: JSON lines that a killed run goes on with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genrekit.errors import RunError
from genrekit.file_identity import FileState
from genrekit.line_files import append_line, cut_torn_end, whole_lines
from genrekit.output_places import require_folder
from genrekit.whole_file import written_whole

__all__ = ["TrackResult", "TrackStore"]

STORE_NAME = "tracks.jsonl"


@dataclass(frozen=True, eq=False)
class TrackResult:
    """One track under all conditions.

    Attributes
    ----------
    track_id : of the data set
    start_s : condition -> [k] starts of its windows
    probabilities : condition -> run -> [k, n_genres] float32
    error : why the track could not be used; it has no probabilities then
    file : state of the recording that was heard; None if that is not known
    """

    track_id: str
    start_s: Mapping[str, NDArray[np.float64]]
    probabilities: Mapping[str, Mapping[str, NDArray[np.float32]]]
    error: str = ""
    file: FileState | None = None

    def to_json(self) -> str:
        """One line; float32 values come back exactly."""
        values = {
            "track": self.track_id,
            "file": self.file,
            "start_s": {name: starts.tolist() for name, starts in self.start_s.items()},
            "probabilities": {
                condition: {run: [[float(str(x)) for x in row] for row in table] for run, table in runs.items()}
                for condition, runs in self.probabilities.items()
            },
        }
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, line: str) -> TrackResult:
        values = json.loads(line)
        file = values.get("file")
        return cls(
            track_id=values["track"],
            file=None if file is None else FileState(int(file[0]), int(file[1])),
            start_s={name: np.asarray(starts, np.float64) for name, starts in values["start_s"].items()},
            probabilities={
                condition: {run: np.asarray(table, np.float32) for run, table in runs.items()}
                for condition, runs in values["probabilities"].items()
            },
        )


class TrackStore:
    """The results in a folder, appended one by one.

    Parameters
    ----------
    folder : made if it does not exist
    identity : what the results depend on (weights, conditions, data set), as JSON values; a folder with results of
        anything else is refused

    Raises
    ------
    RunError : the folder holds other results, or cannot be read
    PlaceError : it cannot be written to
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any]) -> None:
        require_folder(folder, "the results")
        self.path = folder / STORE_NAME
        self.results: dict[str, TrackResult] = {}
        header = json.dumps({"format": 1, **identity}, sort_keys=True, ensure_ascii=False)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lines = whole_lines(self.path) if self.path.is_file() else []
            if not lines:
                with written_whole(self.path) as partial:
                    partial.write_text(f"{header}\n", encoding="utf-8")
                return
            if lines[0] != header:
                raise RunError(
                    f"{self.path} holds results of other runs, conditions or data; choose another --output, or delete "
                    "that file to begin anew."
                )
            # A run that was killed may have left half a line: that track is computed again.
            cut_torn_end(self.path)
            for line in lines[1:]:
                result = TrackResult.from_json(line)
                self.results[result.track_id] = result
        except OSError as error:
            raise RunError(f"Results cannot be kept in {folder}: {error.strerror or error}.") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RunError(f"{self.path} is damaged ({error!r}); delete it to begin anew.") from error

    def add(self, result: TrackResult) -> None:
        """Keep a result, on disk before this returns.

        Raises
        ------
        RunError : it cannot be written
        """
        try:
            append_line(self.path, result.to_json())
        except OSError as error:
            raise RunError(
                f"Cannot write to {self.path}: {error.strerror or error}. What is there is kept; make room, then start "
                "the same command again."
            ) from error
        self.results[result.track_id] = result
