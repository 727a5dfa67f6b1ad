"""What a close look at each audio file found, remembered file by file, so that no song is decoded twice for it."""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from genrekit.data.checks.file_check import PASSING, FileLook
from genrekit.data.checks.fingerprint import from_bytes, to_bytes
from genrekit.file_identity import FileState, file_state
from genrekit.whole_file import written_whole

__all__ = ["RememberedLooks"]

# Changes when a look finds something else, so that what an older one found is not taken for what this one would find.
FORMAT = 1


class RememberedLooks:
    """Looks in a folder, one file each, named by the place of the audio file; of one that has changed there is none.

    Its methods may be called from several threads at once.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def look(self, path: Path, look: Callable[[Path], FileLook]) -> FileLook:
        """What is remembered of a file, or what `look` finds now, which is remembered then."""
        # Of before the look: what is written meanwhile has to be looked at again.
        state = file_state(path)
        memory = self._folder / f"{hashlib.sha256(_place(path).encode()).hexdigest()[:32]}.json"
        found = _recall(memory, state)
        if found is not None:
            return found
        found = look(path)
        # A file that could not be read now may be read next time.
        if state is not None and all(kind != PASSING for kind, _ in found.faults):
            _remember(memory, state, found)
        return found


def _place(path: Path) -> str:
    return json.dumps(os.fspath(path.absolute()))


def _recall(memory: Path, state: FileState | None) -> FileLook | None:
    try:
        told = json.loads(memory.read_bytes())
        if state is None or told["format"] != FORMAT or told["file"] != list(state):
            return None
        return FileLook(
            faults=tuple((str(kind), str(detail)) for kind, detail in told["faults"]),
            sha256=told["sha256"],
            duration_s=told["duration_s"],
            fingerprint=_decoded(told["fingerprint"]),
        )
    # Not there, or damaged: looked at now.
    except (OSError, ValueError, KeyError, TypeError, zlib.error):
        return None


def _remember(memory: Path, state: FileState, found: FileLook) -> None:
    told: dict[str, Any] = {
        "format": FORMAT,
        "file": state,
        "sha256": found.sha256,
        "duration_s": found.duration_s,
        "faults": found.faults,
        "fingerprint": None if found.fingerprint is None else _encoded(found.fingerprint),
    }
    # Without room for it the file is looked at again next time; nothing else is lost.
    with suppress(OSError):
        memory.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(memory) as partial:
            partial.write_text(json.dumps(told), encoding="utf-8")


def _encoded(print_: npt.NDArray[np.float32]) -> str:
    return b64encode(zlib.compress(to_bytes(print_), level=1)).decode()


def _decoded(text: str | None) -> npt.NDArray[np.float32] | None:
    return None if text is None else from_bytes(zlib.decompress(b64decode(text)))
