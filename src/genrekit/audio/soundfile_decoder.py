"""Decoding with libsndfile, through soundfile: wav, au, aiff, flac, caf, w64 and other uncompressed formats."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import soundfile

from genrekit.audio.decoder import UndecodableError, block_frames
from genrekit.audio.source import ByteSource

__all__ = ["SoundfileDecoder"]

_UNKNOWN_LENGTH_FRAMES = 2**62


class SoundfileDecoder:
    """A source as libsndfile reads it; see `genrekit.audio.decoder.Decoder`.

    Raises
    ------
    UndecodableError : libsndfile does not know the format, or the stream does not state its length
    """

    def __init__(self, source: ByteSource) -> None:
        try:
            self._file = soundfile.SoundFile(source)
        except soundfile.LibsndfileError as error:
            raise UndecodableError(f"libsndfile: {_reason(error)}") from None
        self.warnings: list[str] = []
        self.sr = int(self._file.samplerate)
        n_frames = int(self._file.frames)
        if n_frames >= _UNKNOWN_LENGTH_FRAMES:
            # soundfile seeks after every read, which fails at the end of such a stream and loses its last block.
            self._file.close()
            raise UndecodableError("libsndfile: the length is not stated")
        if self._file.subtype.startswith("MPEG"):
            self._file.close()
            raise UndecodableError(
                "libsndfile: MPEG audio is left to FFmpeg"
            )  # for the reasons in genrekit.audio.sniff
        self.duration_s: float | None = n_frames / self.sr

    def blocks(self) -> Iterator[npt.NDArray[np.float32]]:
        n_channels = self._file.channels
        buffer = np.empty((block_frames(self.sr, n_channels), n_channels), np.float32)
        while True:
            start = self._file.tell()
            try:
                block = self._file.read(out=buffer)
            except soundfile.LibsndfileError as error:
                # What was decoded before the damage is in the buffer, and the position says how much.
                self.warnings.append(
                    f"damaged after {self._file.tell() / self.sr:.1f} s (libsndfile: {_reason(error)})"
                )
                block = buffer[: max(0, self._file.tell() - start)]
                if len(block):
                    yield block
                return
            if not len(block):
                return
            yield block

    def close(self) -> None:
        self._file.close()


def _reason(error: soundfile.LibsndfileError) -> str:
    return str(error.error_string).removeprefix("Error : ").rstrip(".")
