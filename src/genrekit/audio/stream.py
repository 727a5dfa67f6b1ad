"""A recording as a stream of mono float32 blocks at the sample rate that the reader wants."""

from __future__ import annotations

import math
import warnings as python_warnings
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from genrekit.audio.decoder import Decoder
from genrekit.audio.opening import MAX_SR, AudioSource, check_rate, open_decoder, source_name
from genrekit.audio.samples import energy, mix_to_mono
from genrekit.audio.sniff import missing_end
from genrekit.audio.source import ByteSource
from genrekit.errors import AudioError

__all__ = ["AudioSource", "AudioStream", "AudioWarning", "load_audio", "open_audio"]

# Share of the channels' energy that their mean has left where one is the other upside down; of unlike channels, a part
# as great as one by their number.
CANCELLED = 1e-3
CHANNELS_CANCEL = (
    "its channels cancel each other out, and their mean, which is heard, is all but silent: one of them is inverted; "
    "give one channel alone"
)
END_TOLERANCE_S = 1.0  # containers state durations that are off by some frames


class AudioWarning(UserWarning):
    """`load_audio` gave less, or something else, than the source promised."""


class AudioStream:
    """A decoded recording: mono by the mean of the channels, resampled by soxr (HQ), block after block. Made by
    `open_audio`.

    It is a context manager and can be iterated over once. The result does not depend on the length of the blocks: it
    equals resampling the whole at once.

    Attributes
    ----------
    sr : int, Hz
    source_sr : int, Hz
        The sample rate of the recording itself.
    duration_s : float or None
        As the container states it, None if it does not.
    n_samples : int
        How many samples at `sr` have been given out so far.
    warnings : list of str
        Filled while reading: "ends early: ...", "3 samples were NaN or infinite and are set to 0". Complete when the
        iteration has ended.

    Raises
    ------
    AudioError : on iterating a second time
    """

    def __init__(self, decoder: Decoder, *, sr: int, name: str, source: ByteSource | None = None) -> None:
        self.sr = sr
        self.source_sr = decoder.sr
        self.duration_s = decoder.duration_s
        self.n_samples = 0
        self._own_warnings: list[str] = []
        self._decoder = decoder
        self._source = source
        self._name = name
        self._blocks: Iterator[npt.NDArray[np.float32]] | None = self._resampled(self._mono())
        try:
            self._first = next(self._blocks, None)
            if self._first is None:
                raise AudioError(
                    f"{name}: holds no audio: it has a header but not one sample. "
                    "Give a recording of at least one sample."
                )
        except BaseException:
            self.close()
            raise

    @property
    def warnings(self) -> list[str]:
        return self._decoder.warnings + self._own_warnings

    def __iter__(self) -> Iterator[npt.NDArray[np.float32]]:
        if self._blocks is None:
            raise AudioError(f"{self._name}: has been read already. A stream can be read once: open it again.")
        blocks, self._blocks = self._blocks, None
        first, self._first = self._first, None
        return self._counted(first, blocks)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close what was opened here; a file object that was given stays open."""
        self._decoder.close()
        if self._source is not None:
            self._source.close()

    def _counted(
        self, first: npt.NDArray[np.float32] | None, blocks: Iterator[npt.NDArray[np.float32]]
    ) -> Iterator[npt.NDArray[np.float32]]:
        if first is not None:
            self.n_samples += first.size
            yield first
            del first
        for block in blocks:
            self.n_samples += block.size
            yield block
        self.close()

    def _mono(self) -> Iterator[npt.NDArray[np.float32]]:
        n_frames = 0
        n_bad = 0
        of_mean = of_channels = 0.0
        for block in self._decoder.blocks():
            mono, n_bad_here = mix_to_mono(block)
            n_frames += mono.size
            n_bad += n_bad_here
            if block.shape[1] > 1 and not n_bad_here:
                of_mean, of_channels = of_mean + energy(mono), of_channels + energy(block) / block.shape[1]
            yield mono
        if of_mean < CANCELLED * of_channels:
            self._own_warnings.append(CHANNELS_CANCEL)
        if n_bad:
            self._own_warnings.append(
                f"{n_bad} {'sample was' if n_bad == 1 else 'samples were'} NaN or infinite and set to 0"
            )
        self._note_missing_end(n_frames / self.source_sr)

    def _note_missing_end(self, decoded_s: float) -> None:
        if any(warning.startswith("ends early") for warning in self.warnings):
            return
        if self._source is not None and self._source.error is not None:
            self._own_warnings.append(
                f"ends early: after {decoded_s:.1f} s the file could not be read ({self._source.error.strerror})"
            )
        elif self.duration_s is not None and decoded_s < self.duration_s - END_TOLERANCE_S:
            self._own_warnings.append(
                f"ends early: {decoded_s:.1f} s of the stated {self.duration_s:.1f} s could be decoded"
            )
        elif self._source is not None and (reason := missing_end(self._source)) is not None:
            self._own_warnings.append(f"ends early: {decoded_s:.1f} s could be decoded; {reason}")

    def _resampled(self, blocks: Iterator[npt.NDArray[np.float32]]) -> Iterator[npt.NDArray[np.float32]]:
        if self.source_sr == self.sr:
            yield from (block for block in blocks if block.size)
            return
        import soxr

        resampler = soxr.ResampleStream(self.source_sr, self.sr, 1, dtype="float32", quality="HQ")
        last = np.empty(0, np.float32)
        is_silent_so_far = True
        for block in blocks:
            last = block
            resampled = resampler.resample_chunk(block)
            if resampled.size:
                is_silent_so_far = False
                yield resampled
        resampled = resampler.resample_chunk(np.empty(0, np.float32), last=True)
        if resampled.size:
            yield resampled
        elif is_silent_so_far and last.size:
            # Less than one sample long at the new rate, but not nothing.
            yield last.mean(keepdims=True)


def open_audio(source: AudioSource, *, sr: int, source_sr: int | None = None) -> AudioStream:
    """Open a recording of any format as mono float32 blocks at `sr`.

    soundfile and PyAV are tried in the order that the first bytes suggest; the suffix of a name plays no part.

    Parameters
    ----------
    source : path, binary file object (read from its beginning, left open), or array
        Arrays are [n] or [n, channels], floating point at full scale 1 or integers at their own full scale.
    sr : int > 0, Hz
    source_sr : int > 0, Hz
        The sample rate of an array; not to be given for files, which state theirs.

    Returns
    -------
    AudioStream : a context manager, to be iterated over once; blocks [n], float32

    Raises
    ------
    AudioError : naming the source: it cannot be opened, no decoder reads it, it holds no sample, or the arguments do
    not fit
    """
    check_rate("sr", sr)
    name, decoder, byte_source = open_decoder(source, source_sr)
    if not 1 <= decoder.sr <= MAX_SR:
        decoder.close()
        if byte_source is not None:
            byte_source.close()
        raise AudioError(
            f"{name}: states a sample rate of {decoder.sr} Hz, which cannot be. "
            "Its header is damaged; export or download it again."
        )
    return AudioStream(decoder, sr=sr, name=name, source=byte_source)


def load_audio(
    source: AudioSource, *, sr: int, source_sr: int | None = None, start_s: float = 0.0, duration_s: float | None = None
) -> npt.NDArray[np.float32]:
    """Read a recording, or an excerpt of it, into one array; equal to that slice of the whole.

    What lies before the excerpt is decoded and dropped, which is exact in every format; what lies behind it is not
    read.

    Parameters
    ----------
    source, sr, source_sr : as in `open_audio`
    start_s : float >= 0, seconds
    duration_s : float > 0, seconds, or None for all the rest

    Returns
    -------
    np.ndarray [shape=(n,), float32] : n is round(duration_s * sr), or less where the recording ends before

    Raises
    ------
    AudioError : as `open_audio`; or the excerpt starts at or behind the end

    Warns
    -----
    AudioWarning : the stream had warnings, such as a missing end
    """
    if not (math.isfinite(start_s) and start_s >= 0):
        raise AudioError(f"start_s is {start_s}; expected a time in seconds, 0 or later.")
    if duration_s is not None and not (math.isfinite(duration_s) and duration_s > 0):
        raise AudioError(
            f"duration_s is {duration_s}; expected a duration in seconds above 0, or None for all the rest."
        )
    with open_audio(source, sr=sr, source_sr=source_sr) as stream:
        start = round(start_s * sr)
        stop = None if duration_s is None else start + round(duration_s * sr)
        parts = []
        position = 0
        for block in stream:
            parts.append(block[max(0, start - position) : None if stop is None else max(0, stop - position)])
            position += block.size
            if stop is not None and position >= stop:
                break
        if start >= position:
            raise AudioError(
                f"{source_name(source)}: start_s is {start_s}, but the recording is {position / sr:.3f} s long. "
                "Start before its end."
            )
        for warning in stream.warnings:
            python_warnings.warn(f"{source_name(source)}: {warning}", AudioWarning, stacklevel=2)
        return np.concatenate(parts)
