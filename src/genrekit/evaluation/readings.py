"""How often a test part was read: an append-only record in the run folder.

A reading is the scoring of predictions that a model newly made for a part. Scoring the same stored predictions again,
to redraw a report card, is not a new reading, since nothing can be learnt from it that was not known; the content's
SHA-256 tells the two apart. A reading is recorded before the scores are computed, so a crash does not hide it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from genrekit.errors import DataError
from genrekit.evaluation.predictions import Predictions
from genrekit.line_files import append_line, cut_torn_end, whole_lines

__all__ = ["READINGS_NAME", "Reading", "load_readings", "record_digest", "record_reading"]

READINGS_NAME = "readings.jsonl"


@dataclass(frozen=True)
class Reading:
    """One reading of a part: when (ISO 8601, UTC), by which command, and the digest of that part's predictions."""

    time_utc: str
    command: str
    part: str
    predictions_sha256: str


def load_readings(folder: str | Path, *, part: str | None = None) -> tuple[Reading, ...]:
    """The readings recorded in a run folder, oldest first; none if there is no record.

    Raises
    ------
    DataError : the record cannot be read or a line of it is not a reading
    """
    path = Path(folder) / READINGS_NAME
    try:
        lines = [*whole_lines(path), *_unended(path)]
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"The record of readings {path} cannot be read: {error}.") from error
    readings = []
    for number, line in enumerate(lines, start=1):
        try:
            readings.append(Reading(**json.loads(line)))
        except (ValueError, TypeError) as error:
            raise DataError(
                f"{path}, line {number} is not a reading: {error}. The record is append-only; restore it from a copy."
            ) from error
    return tuple(reading for reading in readings if part is None or reading.part == part)


def record_reading(
    folder: str | Path,
    *,
    command: str,
    predictions: Predictions,
    part: str = "test",
    now: datetime | None = None,
) -> bool:
    """Record that `part` of these predictions is about to be scored; call it before scoring.

    Parameters
    ----------
    folder : the run folder
    command : what is run, such as "genrekit train recipe.yaml"
    predictions : of one run; only the rows of `part` count
    now : the time to record; the present if None

    Returns
    -------
    True if this is a new reading, False if the same predictions were read before (nothing is written then)

    Raises
    ------
    DataError : there are no such rows, or the record cannot be read or written
    """
    rows = predictions.select(part=part)
    if not len(rows):
        raise DataError(f"{predictions.recipe!r} has no predictions of the {part} part, so there is nothing to read.")
    return record_digest(folder, command=command, sha256=rows.sha256, part=part, now=now)


def record_digest(
    folder: str | Path, *, command: str, sha256: str, part: str = "test", now: datetime | None = None
) -> bool:
    """Record that something else than predictions is about to be learnt of a part, such as its embedding.

    Parameters
    ----------
    sha256 : of what is looked at; looking at the same again is no new reading
    folder, command, part, now : as `record_reading`

    Returns
    -------
    True if this is a new reading

    Raises
    ------
    DataError : the record cannot be read or written
    """
    if any(reading.predictions_sha256 == sha256 for reading in load_readings(folder, part=part)):
        return False
    time = (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds")
    reading = Reading(time_utc=time, command=command, part=part, predictions_sha256=sha256)
    path = Path(folder) / READINGS_NAME
    try:
        if path.is_file() and not _unended(path):
            # Half a line is of a reading that did not come about.
            cut_torn_end(path)
        append_line(path, json.dumps(asdict(reading), ensure_ascii=False))
    except OSError as error:
        raise DataError(
            f"The reading cannot be recorded in {path}: {error}. A test part is not scored without a record; make the "
            "folder writable, or copy the run to where you may write."
        ) from error
    return True


def _unended(path: Path) -> list[str]:
    """The last line, if it is a reading but has no end, as an editor may leave it."""
    try:
        line = path.read_bytes().rpartition(b"\n")[2].decode()
        Reading(**json.loads(line))
    except (ValueError, TypeError):
        return []
    return [line]
