"""The value of a data set that comes as a table: one row of numbers an excerpt, without its audio."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from genrekit.errors import DataError

__all__ = ["FeatureTable"]


@dataclass(frozen=True)
class FeatureTable:
    """Features of excerpts: a row holds one, rows are sorted by track and start.

    Parameters
    ----------
    names : of the columns, unique
    track_id : of each row [n]
    start_s : where the excerpt starts in its track, float64 [n]
    window_s : how long each excerpt is; the nominal length where whole tracks differ by a little
    values : float64 [n, n_features], finite
    genre : of each row [n]; one a track

    Raises
    ------
    DataError
        If shapes do not fit, names or rows repeat, rows are not sorted, a value is not finite, or a track has two
        genres.
    """

    names: tuple[str, ...]
    track_id: tuple[str, ...]
    start_s: npt.NDArray[np.float64]
    window_s: float
    values: npt.NDArray[np.float64]
    genre: tuple[str, ...]

    def __post_init__(self) -> None:
        n = len(self.track_id)
        if not n or not self.names:
            raise DataError(f"A feature table needs rows and features; it has {n} rows and {len(self.names)} features.")
        shapes = {"start_s": ((n,), self.start_s.shape), "values": ((n, len(self.names)), self.values.shape)}
        shapes["genre"] = ((n,), (len(self.genre),))
        for field, (expected, found) in shapes.items():
            if expected != found:
                raise DataError(f"A feature table of {n} rows has {field} of shape {expected}; found {found}.")
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            raise DataError(f"A feature table has each feature once; it has {', '.join(twice)} several times.")
        if not self.window_s > 0:
            raise DataError(f"window_s is a positive number of seconds; found {self.window_s}.")
        self._require_finite()
        self._require_order()

    def __len__(self) -> int:
        return len(self.track_id)

    def __repr__(self) -> str:
        rows = f"{len(self)} rows of {len(self.names)} features"
        return f"<FeatureTable: {rows}, {len(self.rows)} tracks, excerpts of {self.window_s:g} s>"

    @cached_property
    def rows(self) -> Mapping[str, slice]:
        """The rows of each track, tracks in their order."""
        starts = [place for place in range(len(self)) if place == 0 or self.track_id[place] != self.track_id[place - 1]]
        stops = [*starts[1:], len(self)]
        return MappingProxyType(
            {self.track_id[start]: slice(start, stop) for start, stop in zip(starts, stops, strict=True)}
        )

    @property
    def hop_s(self) -> float | None:
        """Seconds from one excerpt of a track to the next, the shortest there is; None if each track has one."""
        steps = [step for rows in self.rows.values() for step in np.diff(self.start_s[rows]).tolist()]
        return min(steps, default=None)

    @classmethod
    def sorted(
        cls,
        names: tuple[str, ...],
        track_id: tuple[str, ...],
        start_s: npt.NDArray[np.float64],
        window_s: float,
        values: npt.NDArray[np.float64],
        genre: tuple[str, ...],
    ) -> FeatureTable:
        """A table of these rows, sorted by track and start."""
        order = sorted(range(len(track_id)), key=lambda row: (track_id[row], float(start_s[row])))
        return cls(
            names,
            tuple(track_id[row] for row in order),
            start_s[order],
            window_s,
            values[order],
            tuple(genre[row] for row in order),
        )

    def _require_finite(self) -> None:
        for field, array in (("start_s", self.start_s[:, None]), ("values", self.values)):
            row, column = np.unravel_index(np.isfinite(array).argmin(), array.shape)
            if not np.isfinite(array[row, column]):
                name = field if field == "start_s" else self.names[column]
                raise DataError(
                    f"A feature table has finite numbers only; {name} of {self.track_id[row]!r} is "
                    f"{array[row, column]}. Leave the row out, or compute it again."
                )

    def _require_order(self) -> None:
        genres: dict[str, str] = {}
        previous = ("", -np.inf)
        for track_id, start_s, genre in zip(self.track_id, self.start_s.tolist(), self.genre, strict=True):
            if (track_id, start_s) <= previous:
                raise DataError(
                    f"Rows of a feature table are unique and sorted by track and start; {track_id!r} at {start_s:g} s "
                    f"comes after {previous[0]!r} at {previous[1]:g} s."
                )
            previous = (track_id, start_s)
            if genres.setdefault(track_id, genre) != genre:
                raise DataError(f"Track {track_id!r} of a feature table is both {genres[track_id]!r} and {genre!r}.")
