"""A journal: one JSON object a line, only ever appended to, whole or cut off at its end by a kill."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from genrekit.errors import RunError
from genrekit.line_files import append_line, whole_lines

__all__ = ["Journal"]


class Journal:
    """Events in the order in which they happened, of all processes that work on one experiment."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, event: str, **values: Any) -> None:
        """Add an event with the present time; several processes may do so at once.

        Raises
        ------
        RunError
            If it cannot be written.
        """
        entry = {"time_utc": datetime.now(UTC).isoformat(timespec="seconds"), "event": event, **values}
        try:
            append_line(self._path, json.dumps(entry, ensure_ascii=False))
        except OSError as error:
            raise RunError(
                f"Cannot write {self._path}: {error.strerror or error}. Make room or choose another folder (--runs); "
                "finished runs are kept, and the same command goes on."
            ) from error

    def read(self) -> list[dict[str, Any]]:
        """All whole entries, oldest first; none if there is no journal yet."""
        try:
            lines = whole_lines(self._path, errors="replace")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise RunError(f"Cannot read {self._path}: {error.strerror or error}.") from error
        entries = []
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:
                # A line that a kill cut off; what it told is seen in the run folders too.
                continue
            if isinstance(entry, dict):
                entries.append(entry)
        return entries
