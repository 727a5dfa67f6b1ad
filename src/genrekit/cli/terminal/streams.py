"""Standard streams that last as long as the program, whatever becomes of those who read them."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, cast

__all__ = ["ReaderGone", "lasting_streams", "nobody_reads", "require_reader"]


class ReaderGone(Exception):
    """Nobody reads standard output any more, where it is what a run is for."""


class LastingStream:
    """A text stream that leads nowhere once writing to it has failed, so that what is at work goes on.

    Attributes
    ----------
    is_gone : whether it has
    """

    def __init__(self, stream: TextIO, passed_over: Callable[[OSError], bool]) -> None:
        """Of all failures, only those are passed over for which `passed_over` is true."""
        self.is_gone = False
        self._stream, self._passed_over = stream, passed_over

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            self._stream.write(text)
        except OSError as error:
            self._lead_nowhere(error)
        return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self._lead_nowhere(error)

    def _lead_nowhere(self, error: OSError) -> None:
        if not self._passed_over(error):
            raise error
        self.is_gone = True
        # What is left in the buffer must not fail once more at exit.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)


@contextmanager
def lasting_streams() -> Iterator[None]:
    """Standard output and standard error as the program needs them.

    Messages that cannot be written are lost, and so is standard output once its reader, such as `head`, has enough.
    That a disk is full is still an error of standard output.
    """
    _open_what_is_closed()
    before = sys.stdout, sys.stderr
    _make_encodable(sys.stdout)
    sys.stdout = cast(TextIO, LastingStream(sys.stdout, nobody_reads))
    sys.stderr = cast(TextIO, LastingStream(sys.stderr, lambda error: True))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def nobody_reads(error: OSError, platform: str = sys.platform) -> bool:
    """Whether that is why a pipe cannot be written, which Windows calls an invalid argument."""
    return isinstance(error, BrokenPipeError) or (platform == "win32" and error.errno == errno.EINVAL)


def require_reader() -> None:
    """Raise ReaderGone if nobody reads standard output any more."""
    if getattr(sys.stdout, "is_gone", False):
        raise ReaderGone


def _open_what_is_closed() -> None:
    """Standard streams that a caller has closed lead nowhere; files of ours must not take their place."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open as long as the program runs
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - likewise


def _make_encodable(stream: object) -> None:
    # Programs that read a pipe expect UTF-8 whatever the locale; a terminal has its own encoding, and must not fail.
    if not isinstance(stream, io.TextIOWrapper):
        return
    if stream.isatty():
        stream.reconfigure(errors="backslashreplace")
    else:
        # On Windows, too, lines end as in the files that `--output` writes.
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="")
