"""The table of predictions: the one value that every score, interval and report card is computed from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genrekit.data.parts import PARTS, PROTOCOLS
from genrekit.data.relations import normalise
from genrekit.errors import DataError
from genrekit.evaluation.parquet import read_columns, write_columns

__all__ = ["Predictions"]

SUM_TOLERANCE = 1e-4


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model said about excerpts, with the truth beside it: one row per (track, excerpt, part, fold, seed).

    Checked when made; arrays are stored read-only. Rows keep the order that they were given in.

    Parameters
    ----------
    genres : the label order, unique names
    track : [n] str, track ids
    start_s : [n] float, start of the excerpt in its track in seconds, >= 0
    part : [n] str, each one of "train", "valid", "test"
    fold : [n] int, >= 0
    seed : [n] int, the seed that the model was trained with
    label : [n] int, index of the true genre in `genres`; the same in all rows of a track
    probabilities : [n, n_genres] float32, each 0..1, each row summing to 1 within 1e-4
    protocol : "P1" ... "P5", "published" or "custom", see `protocols.py`
    contaminated : whether the split let parts share tracks; always true under P1
    recipe : name of the recipe or model that spoke
    dataset : name of the data set
    artist : [n] str, "" where unknown; None if artists were not recorded. Intervals are clustered by it.

    Raises
    ------
    DataError : anything above does not hold; the message names the first row that breaks it
    """

    genres: tuple[str, ...]
    track: NDArray[np.str_]
    start_s: NDArray[np.float64]
    part: NDArray[np.str_]
    fold: NDArray[np.int64]
    seed: NDArray[np.int64]
    label: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    protocol: str
    contaminated: bool
    recipe: str
    dataset: str
    artist: NDArray[np.str_] | None = None

    def __post_init__(self) -> None:
        def keep(name: str, value: Any) -> None:
            if isinstance(value, np.ndarray):
                value = value.view()
                value.flags.writeable = False
            object.__setattr__(self, name, value)

        keep("genres", tuple(str(genre) for genre in self.genres))
        keep("protocol", str(self.protocol))
        keep("contaminated", bool(self.contaminated))
        for name in ("track", "part", "artist"):
            if getattr(self, name) is not None:
                keep(name, np.asarray(getattr(self, name), dtype=np.str_))
        for name in ("fold", "seed", "label"):
            keep(name, _as_integers(name, getattr(self, name)))
        keep("start_s", np.asarray(self.start_s, dtype=np.float64))
        keep("probabilities", np.asarray(self.probabilities, dtype=np.float32))
        self._check()

    def _check(self) -> None:
        if len(self.genres) < 2 or len(set(self.genres)) != len(self.genres) or not all(self.genres):
            raise DataError(f"Predictions need at least two different, named genres; given {list(self.genres)}.")
        if self.protocol not in PROTOCOLS:
            raise DataError(f"Unknown protocol {self.protocol!r}; expected one of {', '.join(PROTOCOLS)}.")
        if self.protocol == "P1" and not self.contaminated:
            raise DataError(
                "Protocol P1 splits excerpts of one track over parts; "
                "its predictions must be made with contaminated=True."
            )
        n, n_genres = len(self.track), len(self.genres)
        if self.probabilities.shape != (n, n_genres):
            raise DataError(
                f"probabilities has shape {self.probabilities.shape}; "
                f"with {n} rows and {n_genres} genres ({n}, {n_genres}) is expected."
            )
        for name in ("track", "start_s", "part", "fold", "seed", "label", "artist"):
            column = getattr(self, name)
            if column is not None and column.shape != (n,):
                raise DataError(f"Column {name!r} has shape {column.shape}; ({n},) is expected, one value per row.")
        self._check_rows("track is empty", np.char.str_len(self.track) == 0)
        self._check_rows("start_s is not a finite number >= 0", ~(np.isfinite(self.start_s) & (self.start_s >= 0)))
        self._check_rows(f"part is not one of {', '.join(PARTS)}", ~np.isin(self.part, PARTS))
        self._check_rows("fold is negative", self.fold < 0)
        self._check_rows(f"label is outside 0..{n_genres - 1}", (self.label < 0) | (self.label >= n_genres))
        p = self.probabilities.astype(np.float64)
        self._check_rows(
            "a probability is not within 0..1", ~((p >= -SUM_TOLERANCE) & (p <= 1 + SUM_TOLERANCE)).all(axis=1)
        )
        self._check_rows(
            f"probabilities do not sum to 1 within {SUM_TOLERANCE:g}", np.abs(p.sum(axis=1) - 1) > SUM_TOLERANCE
        )
        self._check_repeats()

    def _check_rows(self, what: str, bad: Any) -> None:
        if bad.any():
            row = int(np.argmax(bad))
            raise DataError(
                f"Predictions of {self.recipe!r}: {what} in {int(bad.sum())} of {len(bad)} rows, "
                f"first in row {row} ({self._name(row)})."
            )

    def _check_repeats(self) -> None:
        if not len(self):
            return
        _, track_index = np.unique(self.track, return_inverse=True)
        order = np.argsort(track_index, kind="stable")
        same_track = track_index[order][1:] == track_index[order][:-1]
        two_labels = np.zeros(len(self), dtype=bool)
        two_labels[order[1:]] = same_track & (self.label[order][1:] != self.label[order][:-1])
        self._check_rows("a track has another label than in the row of it before", two_labels)
        order = self.canonical_order
        repeated = np.zeros(len(self), dtype=bool)
        repeated[order[1:]] = np.logical_and.reduce(
            [c[order][1:] == c[order][:-1] for c in (self.track, self.start_s, self.part, self.fold, self.seed)]
        )
        self._check_rows("the same excerpt, part, fold and seed appear a second time", repeated)

    def _name(self, row: int) -> str:
        return (
            f"track {str(self.track[row])!r} at {self.start_s[row]:g} s, part {str(self.part[row])!r}, "
            f"fold {self.fold[row]}, seed {self.seed[row]}"
        )

    @cached_property
    def canonical_order(self) -> NDArray[np.intp]:
        """[n] indices that order the rows by part, fold, seed, track and start."""
        return np.asarray(np.lexsort((self.start_s, self.track, self.seed, self.fold, self.part)))

    def __len__(self) -> int:
        return len(self.track)

    def __repr__(self) -> str:
        mark = "CONTAMINATED: " if self.contaminated else ""
        held = [f"{len(self)} rows", f"{len(np.unique(self.track))} tracks", f"{self.n_genres} genres"]
        for name in ("part", "fold", "seed"):
            values = np.unique(getattr(self, name)).tolist()
            shown = [*values[:3], "..."] if len(values) > 4 else values
            held.append(f"{name} {' '.join(map(str, shown))}")
        return f"<Predictions {mark}{self.recipe} on {self.dataset}, {self.protocol}: {', '.join(held)}>"

    @property
    def n_genres(self) -> int:
        return len(self.genres)

    @cached_property
    def n_artists(self) -> int | None:
        """Different artists that are known, however they are spelt; None if artists were not recorded."""
        return None if self.artist is None else len({normalise(name) for name in np.unique(self.artist)} - {""})

    @cached_property
    def predicted(self) -> NDArray[np.int64]:
        """[n] index of the most probable genre; the first of equals."""
        return np.asarray(self.probabilities.argmax(axis=1), dtype=np.int64)

    @cached_property
    def correct(self) -> NDArray[np.bool_]:
        """[n] whether the most probable genre is the true one."""
        return np.asarray(self.predicted == self.label)

    @cached_property
    def confidence(self) -> NDArray[np.float32]:
        """[n] probability of the most probable genre."""
        return np.asarray(self.probabilities.max(axis=1), dtype=np.float32)

    @cached_property
    def sha256(self) -> str:
        """Digest of the content: independent of the order of rows, of the Parquet writer and of its compression."""
        digest = hashlib.sha256(json.dumps(self.metadata(), sort_keys=True).encode())
        order = self.canonical_order
        for column in (self.part, self.track, self.artist):
            values = [] if column is None else column[order].tolist()
            digest.update(json.dumps(values).encode())
        for numbers in (self.fold, self.seed, self.label):
            digest.update(numbers[order].astype("<i8").tobytes())
        digest.update(self.start_s[order].astype("<f8").tobytes())
        digest.update(self.probabilities[order].astype("<f4").tobytes())
        return digest.hexdigest()

    def metadata(self) -> dict[str, Any]:
        """What holds for the whole table, as it is stored in the file's schema."""
        return {
            "genres": list(self.genres),
            "protocol": self.protocol,
            "contaminated": self.contaminated,
            "recipe": self.recipe,
            "dataset": self.dataset,
        }

    def select(self, *, part: str | None = None, fold: int | None = None, seed: int | None = None) -> Predictions:
        """The rows of one part, fold and seed (None: all of them). The result may have no rows."""
        if part is not None and part not in PARTS:
            raise DataError(f"Unknown part {part!r}; expected one of {', '.join(PARTS)}.")
        mask = np.ones(len(self), dtype=bool)
        if part is not None:
            mask &= self.part == part
        if fold is not None:
            mask &= self.fold == fold
        if seed is not None:
            mask &= self.seed == seed
        return self.take(np.flatnonzero(mask))

    def take(self, rows: NDArray[np.intp]) -> Predictions:
        """The rows of these indices, in this order."""
        columns: dict[str, Any] = {
            name: getattr(self, name)[rows]
            for name in ("track", "start_s", "part", "fold", "seed", "label", "probabilities")
        }
        return replace(self, **columns, artist=None if self.artist is None else self.artist[rows])

    @staticmethod
    def concatenate(tables: Iterable[Predictions]) -> Predictions:
        """One table from several of the same recipe, data set, protocol and genres.

        Artists are kept if every table has them. The result is contaminated if any table is.

        Raises
        ------
        DataError : no table, tables that differ (the difference is named), or the same row in two of them
        """
        tables = list(tables)
        if not tables:
            raise DataError("Nothing to concatenate: at least one table of predictions is expected.")
        first = tables[0]
        for other in tables[1:]:
            for what in ("recipe", "dataset", "protocol", "genres"):
                if getattr(first, what) != getattr(other, what):
                    raise DataError(
                        f"Predictions of different {what.removesuffix('s')}s cannot be pooled: "
                        f"{getattr(first, what)!r} and {getattr(other, what)!r}. "
                        "Evaluate them one by one, or compare them with 'genrekit compare'."
                    )
        columns: dict[str, Any] = {
            name: np.concatenate([getattr(table, name) for table in tables])
            for name in ("track", "start_s", "part", "fold", "seed", "label", "probabilities")
        }
        artists = [table.artist for table in tables]
        known = [artist for artist in artists if artist is not None]
        artist = np.concatenate(known) if len(known) == len(tables) else None
        return replace(first, **columns, artist=artist, contaminated=any(table.contaminated for table in tables))

    def write_parquet(self, path: str | Path) -> None:
        """Write the table to `path`, whole or not at all; see `parquet.py` for the layout.

        Raises
        ------
        DataError : the file cannot be written
        """
        names = ("track", "start_s", "part", "fold", "seed", "label", "probabilities", "artist")
        write_columns({name: getattr(self, name) for name in names}, self.metadata(), Path(path))

    @classmethod
    def read_parquet(cls, path: str | Path) -> Predictions:
        """Read a table that `write_parquet` wrote.

        Raises
        ------
        DataError : no such file, not Parquet, not a table of predictions, of a newer format, or its content is wrong
        """
        path = Path(path)
        columns = read_columns(path)
        try:
            return cls(**columns)
        except (DataError, ValueError, TypeError) as error:
            raise DataError(f"{path}: {error}") from error


def _as_integers(name: str, values: Any) -> NDArray[np.int64]:
    array = np.asarray(values)
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise DataError(f"Column {name!r} has type {array.dtype}; integers are expected.")
    return array.astype(np.int64, copy=False)
