"""Replacing a file's bytes: all of them or none, whatever happens in between.

The new bytes are written beside it, handed to the disk, and then take its name. So a kill or a full disk leaves the old
file; what a kill leaves besides is a hidden copy, which a later run finds (`library/copies.py`).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from genrekit.audio import display_name
from genrekit.library.copies import new_copy
from genrekit.library.errors import TagError
from genrekit.library.tag_journal import sync_folder

__all__ = ["ReplaceableFile", "changes_owner", "copy_beside", "keep_looks", "look_at", "replace_by"]


@dataclass(frozen=True)
class ReplaceableFile:
    """A file as it was seen, by which it is told whether it is still that one.

    Attributes
    ----------
    device, inode : the file itself
    size_bytes, mtime_ns : its content, as far as that can be told without reading it
    n_names : hard links
    """

    device: int
    inode: int
    size_bytes: int
    mtime_ns: int
    n_names: int


def look_at(path: Path, *, break_links: bool = False) -> ReplaceableFile:
    """What the file is now, if it may be replaced.

    Parameters
    ----------
    path : the file itself, links resolved
    break_links : whether a file of several names may become one of its own under this name

    Raises
    ------
    TagError : if it is missing, no regular file, cannot be read, read-only, in a folder that nothing can be put into,
        or of several names without `break_links`
    """
    name = display_name(path)
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise TagError(f"{name}: {getattr(error, 'strerror', None) or error}") from error
    if not stat.S_ISREG(status.st_mode):
        raise TagError(f"{name}: not a regular file")
    if not _may(path, os.R_OK):
        raise TagError(f"{name}: cannot be read: permission denied")
    # A new file could take its name all the same; but whoever made it read-only meant it.
    if not status.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not _may(path, os.W_OK):
        raise TagError(f"{name}: read-only; make it writable first, or leave it out")
    if not _may(path.parent, os.W_OK | os.X_OK):
        raise TagError(f"{name}: no new file can be put into its folder, as it takes to replace it; allow that first")
    if status.st_nlink > 1 and not break_links:
        raise TagError(
            f"{name}: has {status.st_nlink} names (hard links); tagging it would part it from the others, "
            "which would keep the old tags; --break-links does so"
        )
    return ReplaceableFile(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_nlink)


def _may(path: Path, mode: int) -> bool:
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def changes_owner(path: Path) -> bool:
    """Whether a copy in the place of a file would belong to whoever runs this, and not to the file's owner."""
    if not hasattr(os, "geteuid"):
        return False
    return os.geteuid() not in (0, path.stat().st_uid)


@contextlib.contextmanager
def copy_beside(path: Path, *, content: bool) -> Iterator[Path]:
    """A new file in the same folder with the same suffix, gone afterwards unless it has taken a name.

    Parameters
    ----------
    path : the file that it is to replace
    content : with its bytes, or empty

    Raises
    ------
    TagError : if it cannot be written
    """
    with contextlib.ExitStack() as held:
        try:
            copy = held.enter_context(new_copy(path.parent, path.suffix))
        except OSError as error:
            raise TagError(f"{display_name(path)}: cannot write in its folder: {error.strerror or error}") from error
        try:
            if content:
                try:
                    shutil.copyfile(path, copy)
                except OSError as error:
                    raise TagError(f"{display_name(path)}: cannot be copied: {error.strerror or error}") from error
            yield copy
        finally:
            copy.unlink(missing_ok=True)


def keep_looks(path: Path, copy: Path) -> None:
    """Give the copy the owner, permissions, times and extended attributes of the file, and hand it to the disk."""
    try:
        if hasattr(os, "chown"):
            status = path.stat()
            # Only the administrator may give files away (`changes_owner` tells); a group that one is in may have them.
            for owner in (status.st_uid, -1):
                with contextlib.suppress(PermissionError):
                    os.chown(copy, owner, status.st_gid)
                    break
        with copy.open("rb+") as file:
            os.fsync(file.fileno())
        shutil.copystat(path, copy)
    except OSError as error:
        raise TagError(f"{display_name(path)}: cannot be written: {error.strerror or error}") from error


def replace_by(path: Path, copy: Path, seen: ReplaceableFile) -> None:
    """Give the copy the file's name; TagError if the file is no longer the one that was seen."""
    try:
        now = path.stat()
        if (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns) != (
            seen.device,
            seen.inode,
            seen.size_bytes,
            seen.mtime_ns,
        ):
            raise TagError(f"{display_name(path)}: changed while it was being worked on; left as it is")
        copy.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise TagError(f"{display_name(path)}: cannot be replaced: {error.strerror or error}") from error
