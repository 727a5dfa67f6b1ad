"""Splits that others wrote: lists of tracks, one file a part, or a table of tracks and parts."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from genrekit.data.dataset import Dataset
from genrekit.data.parts import PARTS, Part, Validation
from genrekit.data.splits.split import Split, read_split
from genrekit.data.text_file import read_text
from genrekit.errors import DataError
from genrekit.suggestion import did_you_mean

__all__ = ["read_lists", "read_split_file", "read_table", "resolve_tracks"]


def read_split_file(dataset: Dataset, path: Path) -> Split:
    """A split from a file: ours, in JSON, or a table (`read_table`) if its name ends in .csv.

    Raises
    ------
    DataError
        If it cannot be read or is not one.
    """
    return read_table(dataset, path) if path.suffix.lower() == ".csv" else read_split(path)


def read_lists(dataset: Dataset, lists: Mapping[Part, Path]) -> Split:
    """A split from text files, one a part, with one track a line.

    A line is a track's identifier, or the path or name of its file; what follows a tab is passed over, as are empty
    lines and lines that begin with ``#``. Tracks that the data set knows to be faulty, such as GTZAN's jazz.00054, are
    left out and counted.

    Raises
    ------
    DataError
        If a file cannot be read, or names tracks that the data set lacks.
    """
    named: dict[Part, list[str]] = {part: [] for part in PARTS}
    for part, path in lists.items():
        # Not splitlines: a name may hold one of Unicode's line separators.
        lines = read_text(path, what="a list of tracks").split("\n")
        named[part] = [name for line in lines if (name := line.split("\t")[0].strip()) and not name.startswith("#")]
    return _split(dataset, "lists", named)


def read_table(dataset: Dataset, path: Path) -> Split:
    """A split from a CSV table with the columns ``track`` and ``part`` (train, valid or test).

    Raises
    ------
    DataError
        If the file cannot be read, is not such a table, or names tracks that the data set lacks.
    """
    reader = csv.DictReader(io.StringIO(read_text(path, what="a table of tracks and parts")))
    columns = reader.fieldnames or []
    if not {"track", "part"} <= set(columns):
        raise DataError(f"{path} must have the columns track and part; found {', '.join(columns) or 'none'}.")
    named: dict[Part, list[str]] = {part: [] for part in PARTS}
    for number, row in enumerate(reader, start=2):
        part = (row["part"] or "").strip()
        if part not in PARTS:
            raise DataError(f"{path}, line {number}: a part is train, valid or test; found {part!r}.")
        named[part].append((row["track"] or "").strip())
    return _split(dataset, path.stem, named)


def resolve_tracks(dataset: Dataset, names: Iterable[str]) -> tuple[list[str], int]:
    """Identifiers of tracks that are named by identifier, path or file name, such as ``"./blues_00012.wav"``.

    Folders that a name and an identifier both tell must be the same: ``rock/01.mp3`` is never ``pop/01.mp3``.

    Returns
    -------
    The identifiers, and how many names are of tracks that the data set lacks by a fault that it knows.

    Raises
    ------
    DataError
        If a name is of no track, or of several; the message has the number of unknown names, the first of them, and the
        nearest known one.
    """
    places: dict[str, set[str]] = {}
    faulty = {fault.track_id for fault in dataset.faults if fault.track_id is not None} - set(dataset.index)
    for track_id in [*dataset.index, *faulty]:
        for form in _forms(track_id):
            places.setdefault(form, set()).add(track_id)
    found: list[str] = []
    unknown: list[str] = []
    missing = 0
    for name in names:
        exact, *loose = _forms(name)
        forms = (form for form in (exact, *_endings(name), *loose) if form in places)
        matches = ({track for track in places[form] if _same_folders(name, track)} for form in forms)
        candidates: set[str] = next(filter(None, matches), set())
        if len(candidates) > 1:
            raise DataError(
                f"{name!r} is the name of {len(candidates)} tracks, such as {min(candidates)!r}; add folders."
            )
        if not candidates:
            unknown.append(name)
        elif candidates <= faulty:
            missing += 1
        else:
            found += candidates
    if unknown:
        raise DataError(
            f"The data set {dataset.name!r} lacks {len(unknown)} of the {len(unknown) + len(found) + missing} tracks "
            f"named, first {unknown[0]!r}{did_you_mean(_forms(unknown[0])[-1], dataset.index)}."
        )
    return found, missing


def _forms(name: str) -> list[str]:
    """Forms of a name from the strictest to the loosest; two names are of one track if a form is equal."""
    path = PurePosixPath(name.replace("\\", "/"))
    # An identifier such as "blues.00012" has no suffix to take off.
    stem = path.name if re.fullmatch(r"\.\d+", path.suffix) else path.stem
    return [path.as_posix(), path.name, stem, re.sub(r"^([a-z]+)[_-](\d+)$", r"\1.\2", stem)]


def _endings(name: str) -> list[str]:
    """A path without its first folder, without its first two and so on: it may begin further up than identifiers do."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return ["/".join(parts[start:]) for start in range(1, len(parts) - 1)]


def _same_folders(name: str, track_id: str) -> bool:
    """Whether two names lie in the same folders, counted from the file as far up as both tell them."""
    ours, theirs = (PurePosixPath(path.replace("\\", "/")).parts[-2::-1] for path in (name, track_id))
    return all(mine == other for mine, other in zip(ours, theirs, strict=False))


def _split(dataset: Dataset, name: str, named: Mapping[Part, list[str]]) -> Split:
    if not any(named.values()):
        raise DataError("The split names no track.")
    parts: dict[Part, tuple[str, ...]] = {}
    missing = 0
    for part, names in named.items():
        found, lacking = resolve_tracks(dataset, names)
        parts[part] = tuple(found)
        missing += lacking
    validation: Validation = "published" if parts["valid"] else "none"
    notes = (f"Tracks named that the data set lacks: {missing}.",) if missing else ()
    return Split(name, "custom", "track", parts, validation=validation, missing=missing, notes=notes)
