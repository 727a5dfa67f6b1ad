"""Files that grow by whole lines: each is on the disk when it is written, and a kill cuts off the last one at most."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

if sys.platform != "win32":
    import fcntl

__all__ = ["append_line", "cut_torn_end", "whole_lines"]

BLOCK_BYTES = 1 << 16


def append_line(path: Path, line: str) -> None:
    """Add a line, in UTF-8, and wait until the disk has it; several processes may do so at once.

    A torn line before it is ended first, so that it costs itself alone.

    Raises
    ------
    OSError : if the line does not get there whole; the file is then as it was
    """
    # Unbuffered and for appending: the line is one write, into which no other process can write.
    with path.open("ab+", buffering=0) as file:
        _keep_others_off(file)
        end = file.seek(0, os.SEEK_END)
        is_torn = False
        if end:
            file.seek(-1, os.SEEK_END)
            is_torn = file.read(1) != b"\n"
        data = (b"\n" if is_torn else b"") + f"{line}\n".encode()
        written = 0
        try:
            written = file.write(data) or 0
            if written != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                if file.seek(0, os.SEEK_END) == end + written:  # nobody else has written meanwhile
                    file.truncate(end)
            raise


def whole_lines(path: Path, *, errors: str = "strict") -> list[str]:
    """The lines without their ends; half a line that a kill left at the end is none.

    Parameters
    ----------
    errors : as of `bytes.decode`; half a line that another line was written behind may end inside a letter

    Raises
    ------
    OSError, UnicodeDecodeError : if it cannot be read
    """
    # Not splitlines: a name may hold one of Unicode's line separators.
    data = path.read_bytes()
    return data[: data.rfind(b"\n") + 1].decode(errors=errors).split("\n")[:-1]


def cut_torn_end(path: Path) -> None:
    """Take away half a line that a kill left at the end, for those who read every line; OSError if that fails."""
    with path.open("rb+") as file:
        _keep_others_off(file)
        size = file.seek(0, os.SEEK_END)
        end = size
        while end > 0:
            start = max(0, end - BLOCK_BYTES)
            file.seek(start)
            found = file.read(end - start).rfind(b"\n")
            end = start + found + 1
            if found >= 0:
                break
        if end < size:
            file.truncate(end)


def _keep_others_off(file: IO[bytes]) -> None:
    """Wait for, then keep waiting, who else asks for a file, until it is closed: what one half wrote looks torn."""
    if sys.platform != "win32":
        # Some network disks know no locks.
        with suppress(OSError):
            fcntl.flock(file.fileno(), fcntl.LOCK_EX)
