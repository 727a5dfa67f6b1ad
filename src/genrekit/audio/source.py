"""The bytes behind a source: a path or a file object, opened once and read by whichever decoder can."""

from __future__ import annotations

import errno
import io
import os
import shutil
import stat
import sys
import tempfile
import time
from pathlib import Path
from typing import Protocol

from genrekit.audio.files import display_name, find_audio
from genrekit.errors import AudioError

__all__ = ["BinaryFile", "ByteSource", "open_file_object", "open_path"]

SPOOL_BYTES = 2**26  # what cannot seek is copied; up to this size in memory, beyond it in a temporary file
WRITER_WAIT_S = 5.0  # a shell opens the writer of a pipe at once, and a loaded machine a little later
LOOK_EVERY_S = 0.02


class BinaryFile(Protocol):
    """What a file object must offer: `read` in binary mode."""

    def read(self, size: int = -1, /) -> bytes: ...


class ByteSource:
    """A seekable binary file without a name, in the form that both decoders read.

    It has no name on purpose: a decoder that sees one also goes by its suffix, and FFmpeg would take some names for
    addresses on the network. An operating-system error while reading ends the data and is kept in `error`, since
    neither decoder can pass an exception through its C code.
    """

    def __init__(self, file: io.IOBase, *, owned: bool) -> None:
        self._file = file
        self._owned = owned
        self.error: OSError | None = None
        self.size = file.seek(0, os.SEEK_END)
        file.seek(0)

    def read(self, size: int = -1) -> bytes:
        try:
            return self._file.read(size) or b""
        except OSError as error:
            self.error = error
            return b""

    def readinto(self, buffer: bytearray | memoryview) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        place = offset + {os.SEEK_CUR: self.tell(), os.SEEK_END: self.size}.get(whence, 0)
        # A damaged header leads a decoder to places that no file has, which is no fault of the disk.
        try:
            if place >= 0:
                return self._file.seek(place)
        except (OSError, ValueError, OverflowError) as error:
            if isinstance(error, OSError) and error.errno != errno.EINVAL:
                self.error = error
        return self.tell()

    def tell(self) -> int:
        return self._file.tell()

    def peek(self, size: int, *, offset: int = 0) -> bytes:
        """The bytes at `offset`, without moving the position."""
        position = self.tell()
        self.seek(offset)
        data = self.read(size)
        self.seek(position)
        return data

    def close(self) -> None:
        if self._owned:
            self._file.close()


def open_path(path: str | os.PathLike[str]) -> ByteSource:
    """Open a file, or a pipe that somebody writes to, by its path.

    Raises
    ------
    AudioError : naming the path, what is there, and what to do
    """
    name = display_name(path)
    try:
        mode = Path(path).stat().st_mode
        if stat.S_ISDIR(mode):
            raise AudioError(f"{name}: {_describe_folder(Path(path))}")
        if stat.S_ISFIFO(mode):
            return ByteSource(_spooled_pipe(path), owned=True)
        if not stat.S_ISREG(mode):
            raise AudioError(f"{name}: is a device or a socket. Give an audio file.")
        return ByteSource(Path(path).open("rb", buffering=0), owned=True)
    except (OSError, ValueError) as error:
        raise AudioError(f"{name}: {_describe_failure(os.fspath(path), error)}") from None


def open_file_object(file: BinaryFile, name: str) -> ByteSource:
    """Wrap an open binary file; it is read from its beginning, copied first if it cannot seek, and left open.

    Raises
    ------
    AudioError : the object is closed, or opened in text mode
    """
    if hasattr(file, "encoding"):
        raise AudioError(f"{name}: is open as text. Open it in binary mode, for instance open(path, 'rb').")
    try:
        if hasattr(file, "readable") and not file.readable():
            raise AudioError(f"{name}: is not open for reading. Open it with open(path, 'rb').")
        seekable = getattr(file, "seekable", None)
        if seekable is not None and seekable():
            return ByteSource(file, owned=False)  # type: ignore[arg-type]
        return ByteSource(_spooled(file), owned=True)
    except (OSError, ValueError) as error:
        raise AudioError(
            f"{name}: cannot be read: {error}. Give a file object that is open for reading in binary mode."
        ) from None


def _spooled(file: BinaryFile, beginning: bytes = b"") -> io.IOBase:
    spool = tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES)  # noqa: SIM115 - closed by ByteSource
    spool.write(beginning)
    shutil.copyfileobj(file, spool)
    return spool


def _spooled_pipe(path: str | os.PathLike[str]) -> io.IOBase:
    """All that is written to a pipe, to its end; AudioError if nobody writes to it.

    To open one that nobody writes to would wait for ever, and with it all files behind it in a list that `find` made,
    which names pipes as it names songs. Pipes that are in use stay what they are good for: decoded music of another
    program, which has the pipe open long before it writes.
    """
    if sys.platform == "win32":
        with Path(path).open("rb") as pipe:
            return _spooled(pipe)
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as pipe:
        beginning = _beginning(pipe, path)
        os.set_blocking(pipe.fileno(), True)
        return _spooled(pipe, beginning)


def _beginning(pipe: io.FileIO, path: str | os.PathLike[str]) -> bytes:
    """The first bytes of a pipe that does not block; none as soon as there is somebody who has not written yet."""
    # An open pipe of a shell (`<(...)`, /dev/stdin) has no name that somebody could still open: its end is the end.
    has_name = os.path.lexists(os.path.realpath(path))
    deadline_s = time.monotonic() + WRITER_WAIT_S
    while (data := pipe.read(io.DEFAULT_BUFFER_SIZE)) == b"" and has_name:
        if time.monotonic() > deadline_s:
            raise AudioError(
                f"{display_name(path)}: is a named pipe that nobody writes to. Start the program that does, or leave "
                "it out."
            )
        time.sleep(LOOK_EVERY_S)
    return data or b""


def _describe_failure(path: str, error: OSError | ValueError) -> str:
    if isinstance(error, PermissionError):
        return "permission denied. Allow yourself to read it."
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return "is a link that leads back to itself. Remove or mend the link."
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        if Path(path).is_symlink():
            target = display_name(Path(path).readlink())
            return f"is a broken link to {target}, which does not exist. Mend or remove the link."
        hint = " Only local files are read: download it first." if "://" in path else " Check the path."
        return f"no such file.{hint}"
    return f"cannot be opened: {error.strerror if isinstance(error, OSError) else error}. Check the path."


def _describe_folder(folder: Path) -> str:
    try:
        next(folder.iterdir(), None)
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        return f"is a folder that cannot be read: {reason}. Allow yourself to list it."
    if next(find_audio(folder)) == folder:
        return (
            "is a folder without any audio file. Give a folder with files such as .wav, .flac, .mp3, .ogg or .m4a, "
            "or name the files."
        )
    return "is a folder, not a file. Name its files, or list them with genrekit.audio.find_audio."
