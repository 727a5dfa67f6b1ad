"""A journal: one JSON object a line, only ever appended to, whole or cut off at its end by a kill."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from genrekit.errors import RunError

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
        line = json.dumps(entry, ensure_ascii=False) + "\n"
        try:
            # One write to a file opened for appending: lines of two processes cannot mix.
            with self._path.open("ab", buffering=0) as file:
                file.write((line if self._ends_whole() else "\n" + line).encode())
                os.fsync(file.fileno())
        except OSError as error:
            raise RunError(
                f"Cannot write {self._path}: {error.strerror or error}. Make room or choose another folder (--runs); "
                "finished runs are kept, and the same command goes on."
            ) from error

    def read(self) -> list[dict[str, Any]]:
        """All whole entries, oldest first; none if there is no journal yet."""
        try:
            text = self._path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise RunError(f"Cannot read {self._path}: {error.strerror or error}.") from error
        entries = []
        # Not splitlines: what is told may hold one of Unicode's line separators.
        for line in text.split("\n"):
            try:
                entry = json.loads(line)
            except ValueError:
                # A line that a kill cut off; what it told is seen in the run folders too.
                continue
            if isinstance(entry, dict):
                entries.append(entry)
        return entries

    def _ends_whole(self) -> bool:
        with self._path.open("rb") as file:
            if file.seek(0, os.SEEK_END) == 0:
                return True
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"
