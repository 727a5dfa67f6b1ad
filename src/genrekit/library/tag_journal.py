"""The journal of written tags: JSON lines, on the disk before a file changes, with all that takes the change back.

Each run begins with a line that says what the file is, of which version, and how the run was set up. Then comes a line
a file. Only whole lines count: the last may have been cut by a kill, and its file has then not been changed.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import genrekit
from genrekit.audio import display_name
from genrekit.library.errors import TagError, as_tag_error
from genrekit.library.patch import Patch
from genrekit.line_files import append_line, cut_torn_end

__all__ = ["JOURNAL_VERSION", "JournalEntry", "TagJournal", "locked", "read_folders", "read_journal"]

JOURNAL_FORMAT = "genrekit tag journal"
JOURNAL_VERSION = 1
HEADER_START = json.dumps({"format": JOURNAL_FORMAT}).encode().rstrip(b"}")


@dataclass(frozen=True)
class JournalEntry:
    """One file that was written.

    Attributes
    ----------
    path : of the file itself, absolute, links resolved
    old, new : its genres before and after, for people
    old_sha256, new_sha256 : of the whole file before and after
    mtime_ns : its time of change before, in nanoseconds, which the write kept
    patch : leads from the new bytes to the old ones
    """

    path: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    old_sha256: str
    new_sha256: str
    mtime_ns: int
    patch: Patch

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {**vars(self), "old": list(self.old), "new": list(self.new), "patch": self.patch.to_json()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> JournalEntry:
        """From `to_json`; KeyError, TypeError or ValueError if it is something else."""
        return cls(
            path=str(values["path"]),
            old=tuple(map(str, values["old"])),
            new=tuple(map(str, values["new"])),
            old_sha256=str(values["old_sha256"]),
            new_sha256=str(values["new_sha256"]),
            mtime_ns=int(values["mtime_ns"]),
            patch=Patch.from_json(values["patch"]),
        )


class TagJournal:
    """A journal being written; made by `TagJournal.opened`. `n_entries` counts those of this run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.n_entries = 0

    @classmethod
    @contextlib.contextmanager
    def opened(cls, path: Path, settings: Mapping[str, Any]) -> Iterator[TagJournal]:
        """Begin a run, in a new file or behind the runs that a journal has, and keep other processes out.

        Parameters
        ----------
        path : of the journal
        settings : of the run, as JSON values; "folders" lists those in which it may write

        Raises
        ------
        TagError : if another run writes it, it is something else or of another version, or it cannot be written
        """
        with locked(path):
            with as_tag_error(path):
                if path.exists():
                    for _ in read_journal(path):
                        pass
                    cut_torn_end(path)
                journal = cls(path)
                journal._append(
                    {
                        "format": JOURNAL_FORMAT,
                        "version": JOURNAL_VERSION,
                        "genrekit": genrekit.__version__,
                        "started": datetime.now(UTC).isoformat(timespec="seconds"),
                        **settings,
                    }
                )
                sync_folder(path.parent)
            # What goes wrong in the run itself is not the journal's.
            yield journal

    def append(self, entry: JournalEntry) -> None:
        """Write a line and wait until the disk has it; TagError if it does not get there."""
        # A new file of that name would have no header, and undo would refuse it.
        if not self.path.is_file():
            raise TagError(f"{display_name(self.path)}: the journal is gone; the file is left as it is")
        with as_tag_error(self.path):
            self._append(entry.to_json())
        self.n_entries += 1

    def _append(self, values: Mapping[str, Any]) -> None:
        # ASCII alone: a byte of a path that is not UTF-8 is an escape, which comes back as that byte.
        append_line(self.path, json.dumps(values))


def read_journal(path: Path) -> Iterator[JournalEntry]:
    """The files that were written, in that order.

    Raises
    ------
    TagError : if it cannot be read, is no journal, or one of another version
    """
    for line in _lines(path):
        if isinstance(line, JournalEntry):
            yield line


def read_folders(path: Path) -> frozenset[Path]:
    """The folders in which its runs wrote, or were about to when they ended; raises as `read_journal`."""
    folders: set[Path] = set()
    for line in _lines(path):
        if isinstance(line, JournalEntry):
            folders.add(Path(line.path).parent)
        else:
            folders.update(map(Path, line.get("folders", ())))
    return frozenset(folders)


def _lines(path: Path) -> Iterator[JournalEntry | dict[str, Any]]:
    """Each entry, and each beginning of a run as its values."""
    with as_tag_error(path), path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                if number == 1 and not (line.startswith(HEADER_START) or HEADER_START.startswith(line)):
                    raise TagError(f"{display_name(path)}: not a journal of genrekit tag")
                return
            try:
                values = json.loads(line)
                read: JournalEntry | dict[str, Any]
                if "format" in values or number == 1:
                    _check_header(values)
                    read = values
                else:
                    read = JournalEntry.from_json(values)
            except TagError as error:
                where = "" if number == 1 else f"line {number} is broken: "
                raise TagError(f"{display_name(path)}: {where}{error}") from error
            except (ValueError, TypeError, KeyError) as error:
                what = "not a journal of genrekit tag" if number == 1 else f"line {number} is broken"
                raise TagError(f"{display_name(path)}: {what} ({error})") from error
            yield read


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep every other process from writing or undoing a journal; TagError if one does.

    The lock is the operating system's and ends with its process, so that none is ever stale.
    """
    from filelock import FileLock, Timeout

    beside = path.with_name(f".{path.name}.lock")
    lock = FileLock(beside)
    with as_tag_error(path):
        try:
            lock.acquire(blocking=False)
        except Timeout:
            raise TagError(
                f"{display_name(path)}: another genrekit works with this journal; wait for it, or use another"
            ) from None
    try:
        yield
    finally:
        # Removed while it is held, so that nobody waits on a name that is gone.
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        lock.release()


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder last through a power cut, where the system can."""
    if os.name != "posix":
        return
    # Some network file systems refuse it, and a folder that may be written need not be one that may be listed.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _check_header(values: Any) -> None:
    if not isinstance(values, dict) or values.get("format") != JOURNAL_FORMAT:
        raise TagError("not a journal of genrekit tag")
    if values.get("version") != JOURNAL_VERSION:
        raise TagError(
            f"a journal of version {values.get('version')!r}; this genrekit knows only {JOURNAL_VERSION}; it was "
            f"written by genrekit {values.get('genrekit', '?')}"
        )
    folders = values.get("folders", [])
    if not isinstance(folders, list) or not all(isinstance(folder, str) for folder in folders):
        raise TagError(f"folders is {folders!r}; expected a list of paths")
