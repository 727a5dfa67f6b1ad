"""A file as FFmpeg opens it: no other file or address with it, and its texts whatever bytes they have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import av

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.stream import Stream

__all__ = ["open_with_ffmpeg", "texts_of"]

# From version 19 on PyAV does this by itself, and refuses to be told.
METADATA_ERRORS: dict[str, Any] = (
    {"metadata_errors": "surrogateescape"} if int(av.__version__.partition(".")[0]) < 19 else {}
)


def open_with_ffmpeg(file: Any, **options: str) -> InputContainer:
    """Open a file to read.

    Parameters
    ----------
    file : an open binary file, or what reads, seeks and tells like one
    options : of FFmpeg's demuxer

    Raises
    ------
    av.error.FFmpegError, ValueError : it is nothing that FFmpeg knows
    """
    # No protocol: a playlist must not make FFmpeg open other files or addresses.
    container_options = {"protocol_whitelist": "", **options}
    container: InputContainer = av.open(file, mode="r", container_options=container_options, **METADATA_ERRORS)
    return container


def texts_of(what: InputContainer | Stream) -> dict[str, str]:
    """Its metadata; bytes that are no UTF-8 become U+FFFD."""
    return {_readable(name): _readable(text) for name, text in what.metadata.items()}


def _readable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
