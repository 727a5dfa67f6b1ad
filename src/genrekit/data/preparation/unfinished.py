"""What is done of a file that takes hours to make, kept beside it track by track, so that a kill costs the last one."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from genrekit.errors import DataError
from genrekit.file_identity import file_state
from genrekit.line_files import append_line, cut_torn_end

__all__ = ["Unfinished"]

Row = TypeVar("Row")


class Unfinished:
    """The tracks of an unfinished file: one line of JSON each, behind a line of the settings they are made with."""

    def __init__(self, output: Path, settings: Mapping[str, Any], *, shown: tuple[str, ...]) -> None:
        """Nothing is read or written yet.

        Parameters
        ----------
        output : file that is being made
        settings : JSON-ready; tracks made with others are not gone on with
        shown : which of them a message names
        """
        self._path = output.with_name(f".{output.name}.unfinished")
        self._header = json.dumps(settings)
        self._shown = shown

    def read(self, files: Mapping[str, Path], make: Callable[[dict[str, Any]], Row]) -> Iterator[tuple[str, Row]]:
        """Identifier of each track that is done and whose file is as it was then, and what `make` makes of its values.

        Half a line that a kill left at the end is cut off.

        Raises
        ------
        DataError
            If the tracks were made with other settings, or what was kept is damaged or cannot be read.
        """
        try:
            if not self._path.exists():
                return
            cut_torn_end(self._path)
            # One line after the other: together they may be larger than the memory.
            with self._path.open("rb") as lines:
                header = lines.readline()
                if header and json.loads(header) != json.loads(self._header):
                    raise DataError(
                        f"{self._path} is of an unfinished file with other settings: {self._told(header)}; now "
                        f"{self._told(self._header)}. Finish it with those, or remove that file."
                    )
                for line in lines:
                    values = json.loads(line)
                    file = files.get(values["track_id"])
                    state = None if file is None else file_state(file)
                    if state is not None and values.pop("file") == list(state):
                        yield values["track_id"], make(values)
        except OSError as error:
            raise DataError(f"Cannot go on with what is done in {self._path}: {error.strerror or error}.") from None
        except (ValueError, KeyError, TypeError, AttributeError, zlib.error):
            raise DataError(f"{self._path} is damaged; remove it, and start again.") from None

    def add(self, track_id: str, values: Mapping[str, Any], file: Path) -> None:
        """Keep a track, made of `file`; `values` are JSON-ready."""
        try:
            if not self._path.exists() or not self._path.stat().st_size:
                append_line(self._path, self._header)
            append_line(self._path, json.dumps({**values, "track_id": track_id, "file": file_state(file)}))
        except OSError as error:
            raise DataError(
                f"Cannot keep what is done in {self._path}: {error.strerror or error}. Make room, and start the same "
                "command again; it goes on."
            ) from None

    def remove(self) -> None:
        """The file is whole."""
        with suppress(OSError):
            self._path.unlink()

    def _told(self, header: str | bytes) -> str:
        values = json.loads(header)
        return ", ".join(f"{key} {values.get(key)}" for key in self._shown)
