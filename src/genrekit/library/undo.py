"""Taking written tags back: the exact bytes that were there, or nothing."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from genrekit.audio import display_name
from genrekit.file_identity import file_sha256
from genrekit.library.errors import TagError
from genrekit.library.patch import apply_patch
from genrekit.library.replacing import copy_beside, keep_looks, look_at, replace_by
from genrekit.library.tag_journal import JournalEntry

__all__ = ["Undone", "undo_entry"]


@dataclass(frozen=True)
class Undone:
    """What became of one entry.

    Attributes
    ----------
    path : the file
    state : "restored", or "as it was" if it has its old bytes already, or those before them
    """

    path: str
    state: Literal["restored", "as it was"]


def undo_entry(
    entry: JournalEntry,
    *,
    write: bool = True,
    break_links: bool = False,
    assumed_sha256: str | None = None,
    earlier_sha256: Collection[str] = (),
) -> Undone:
    """Give a file the bytes and the time that it had, byte for byte. Entries of one file are undone last first.

    Parameters
    ----------
    entry : of a journal
    write : False says only what would be done
    break_links : as in `look_at`
    assumed_sha256 : of the bytes that the file would have by now, where nothing is written and a later entry would
        have been undone; None: those that it has
    earlier_sha256 : of the bytes that earlier entries of the file lead back to; with these it was undone before

    Raises
    ------
    TagError : if the file was changed since, is missing, or cannot be written; it is then as it was
    """
    path = Path(entry.path)
    name = display_name(path)
    seen = look_at(path, break_links=break_links)
    try:
        now = assumed_sha256 or file_sha256(path)
    except OSError as error:
        raise TagError(f"{name}: cannot be read: {error.strerror or error}") from error
    if now == entry.old_sha256 or now in earlier_sha256:
        return Undone(entry.path, "as it was")
    if now != entry.new_sha256:
        raise TagError(f"{name}: was changed after genrekit wrote it; left as it is")
    if not write:
        return Undone(entry.path, "restored")
    with copy_beside(path, content=False) as copy:
        digest = hashlib.sha256()
        try:
            with path.open("rb") as new, copy.open("wb") as old:
                for block in apply_patch(entry.patch, new):
                    digest.update(block)
                    old.write(block)
        except OSError as error:
            raise TagError(f"{name}: cannot be restored: {error.strerror or error}") from error
        if digest.hexdigest() != entry.old_sha256:
            raise TagError(f"{name}: the journal does not lead back to the old bytes; left as it is")
        keep_looks(path, copy)
        os.utime(copy, ns=(path.stat().st_atime_ns, entry.mtime_ns))
        replace_by(path, copy, seen)
    return Undone(entry.path, "restored")
