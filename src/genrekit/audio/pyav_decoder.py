"""Decoding with FFmpeg, through PyAV: mp3, ogg, opus, m4a, aac, alac, wma, webm, mka, wavpack, ape and all the rest."""

from __future__ import annotations

from collections.abc import Iterator

import av
import av.error
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

from genrekit.audio.decoder import NoAudioError, UndecodableError, block_frames
from genrekit.audio.ffmpeg_file import open_with_ffmpeg
from genrekit.audio.samples import to_float32
from genrekit.audio.sniff import states_mpeg_length
from genrekit.audio.source import ByteSource

__all__ = ["PyavDecoder"]

PROBE_S = 1.0  # how much is decoded before the source is taken for audio

# With more, PyAV reads on behind a frame's planes, and crashes or not; samples that lie side by side are one plane.
MAX_PLANES = 7

# Streams of bare frames: FFmpeg derives their duration from size and bit rate.
_WITHOUT_LENGTH = frozenset({"aac", "ac3", "eac3", "dts", "truehd", "loas", "amr", "mpeg"})


class PyavDecoder:
    """A source as FFmpeg reads it; see `genrekit.audio.decoder.Decoder`.

    Damaged packets are left out and counted. Opening decodes the first second: only then is the sample rate certain
    (HE-AAC states half of it), and only then does noise that looks like a frame header show that it is none.

    Raises
    ------
    UndecodableError : FFmpeg does not know the format or the codec, there is no audio stream, or most packets at the
    start are damaged
    """

    def __init__(self, source: ByteSource) -> None:
        try:
            self._container: InputContainer = open_with_ffmpeg(source)
        except (av.error.FFmpegError, ValueError) as error:
            raise UndecodableError(f"FFmpeg: {_reason(error)}") from None
        self.warnings: list[str] = []
        self._n_good = 0
        self._n_damaged = 0
        self._last_error = ""
        try:
            if not self._container.streams.audio:
                kinds = ", ".join(sorted({stream.type for stream in self._container.streams})) or "no stream"
                raise NoAudioError(f"FFmpeg: no audio in it ({self._container.format.name}: {kinds})")
            stream = self._container.streams.audio[0]
            self._frames = self._decoded(stream)
            self._probed = self._probe()
            self.sr = self._probed[0].sample_rate
            self.duration_s = self._stated_duration_s(stream, source)
        except UndecodableError:
            self._container.close()
            raise

    def blocks(self) -> Iterator[npt.NDArray[np.float32]]:
        fifo = av.AudioFifo()
        resampler: av.AudioResampler | None = None
        shape: tuple[str, str, int] | None = None
        n_block = 1
        n_frames = 0
        for frame in self._all_frames():
            if frame.sample_rate != self.sr:
                self.warnings.append(
                    f"ends early: the sample rate changes from {self.sr} to {frame.sample_rate} Hz "
                    f"after {n_frames / self.sr:.1f} s; the rest is left out"
                )
                break
            # The number of channels may change within a stream, which the FIFO does not check.
            frame_shape = (frame.format.name, frame.layout.name, frame.layout.nb_channels)
            if frame_shape != shape:
                if fifo.samples:
                    yield _block(fifo)
                fifo, shape, n_block = av.AudioFifo(), frame_shape, block_frames(self.sr, frame_shape[-1])
                too_many = frame.format.is_planar and frame_shape[-1] > MAX_PLANES
                resampler = av.AudioResampler(frame.format.packed) if too_many else None
            frame.pts = None  # the FIFO would refuse a gap in time
            for part in [frame] if resampler is None else resampler.resample(frame):
                fifo.write(part)
            n_frames += frame.samples
            if fifo.samples >= n_block:
                yield _block(fifo)
        if fifo.samples:
            yield _block(fifo)
        if self._n_damaged:
            self.warnings.append(
                f"{self._n_damaged} of {self._n_damaged + self._n_good} packets "
                f"are damaged and left out ({self._last_error})"
            )

    def close(self) -> None:
        self._container.close()

    def _decoded(self, stream: AudioStream) -> Iterator[AudioFrame]:
        packets = self._container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError as error:
                self.warnings.append(f"ends early: {_reason(error)}")
                return
            if packet is None:
                return
            try:
                frames = packet.decode()
            except (av.error.FFmpegError, ValueError) as error:  # the latter from PyAV 19 on, where no decoder opens
                self._n_damaged += 1
                self._last_error = f"FFmpeg: {_reason(error)}"
                continue
            self._n_good += 1
            yield from (frame for frame in frames if frame.samples)

    def _probe(self) -> list[AudioFrame]:
        frames: list[AudioFrame] = []
        n_samples = 0
        for frame in self._frames:
            frames.append(frame)
            n_samples += frame.samples
            if n_samples >= PROBE_S * frame.sample_rate:
                break
        if not frames and not self._n_damaged:
            raise UndecodableError("FFmpeg: not one sample in it")
        if self._n_damaged > self._n_good or not frames:
            raise UndecodableError(
                f"{self._last_error} in {self._n_damaged} of the first {self._n_damaged + self._n_good} packets"
            )
        return frames

    def _all_frames(self) -> Iterator[AudioFrame]:
        probed, self._probed = self._probed, []
        yield from probed
        yield from self._frames

    def _stated_duration_s(self, stream: AudioStream, source: ByteSource) -> float | None:
        name = self._container.format.name
        if name in _WITHOUT_LENGTH or (name == "mp3" and not states_mpeg_length(source)):
            return None
        if stream.duration is not None and stream.time_base is not None:
            return float(stream.duration * stream.time_base)
        # The container's duration is that of its longest stream, which with pictures need not be the sound.
        only_audio = all(other.type == "audio" for other in self._container.streams)
        return self._container.duration / av.time_base if only_audio and self._container.duration else None


def _block(fifo: av.AudioFifo) -> npt.NDArray[np.float32]:
    """All that the FIFO holds, as [n, channels]."""
    frame = fifo.read()
    assert frame is not None  # asked only when it holds samples
    values = frame.to_ndarray()
    if frame.format.is_planar:
        return to_float32(values).T
    return to_float32(values).reshape(-1, frame.layout.nb_channels)


def _reason(error: Exception) -> str:
    strerror = getattr(error, "strerror", None)
    return str(strerror or error).rstrip(".")
