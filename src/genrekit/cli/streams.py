"""Standard streams that last as long as the program, whatever becomes of those who read them."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, cast

__all__ = ["ReaderGone", "lasting_streams", "require_reader"]


class ReaderGone(Exception):
    """Nobody reads standard output any more, where it is what a run is for."""


class LastingStream:
    """A text stream that leads nowhere once writing to it has failed, so that what is at work goes on.

    Attributes
    ----------
    is_gone : whether it has
    """

    def __init__(self, stream: TextIO, failure: type[OSError]) -> None:
        """Of all failures, only those of type `failure` are passed over."""
        self.is_gone = False
        self._stream, self._failure = stream, failure

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            self._stream.write(text)
        except self._failure:
            self._lead_nowhere()
        return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except self._failure:
            self._lead_nowhere()

    def _lead_nowhere(self) -> None:
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
    sys.stdout = cast(TextIO, LastingStream(sys.stdout, BrokenPipeError))
    sys.stderr = cast(TextIO, LastingStream(sys.stderr, OSError))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


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
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")
