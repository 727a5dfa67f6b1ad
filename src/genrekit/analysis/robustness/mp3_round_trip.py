"""A recording as it comes back from an mp3: encoded by LAME and decoded by FFmpeg, in memory."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from genrekit.errors import AudioError

__all__ = ["MP3_SR", "mp3_round_trip"]

# What nearly all mp3 files have. LAME low-passes at a corner that it chooses by rate and bit rate, so that a file of
# 22 050 Hz would lose its highest kilohertz at any bit rate, and one of 44 100 Hz at 128 kb/s nothing below 16 kHz.
MP3_SR = 44_100
BITRATES_KBPS = (32, 320)
BLOCK_SAMPLES = 1152


def mp3_round_trip(y: NDArray[np.float32], sr: int, *, bitrate_kbps: int) -> NDArray[np.float32]:
    """Make an mp3 of mono audio and decode it: float32 [n], each sample where it was before.

    The file is as people have them: 44.1 kHz, joint stereo (here with two equal channels), constant bit rate. The
    samples that encoder and decoder put before the first one are counted in the file's header by LAME, and left out by
    the decoder; nothing is shifted. LAME makes everything 0.45 dB softer.

    Parameters
    ----------
    bitrate_kbps : of the file, 32 to 320

    Raises
    ------
    AudioError : a bit rate that mp3 does not have
    """
    import soxr

    if not BITRATES_KBPS[0] <= bitrate_kbps <= BITRATES_KBPS[1]:
        raise AudioError(f"mp3 at {bitrate_kbps} kb/s; {BITRATES_KBPS[0]} to {BITRATES_KBPS[1]} kb/s are expected.")
    if not len(y):
        raise AudioError("There is no sample to make an mp3 of.")
    decoded = _decode(_encode(soxr.resample(y, sr, MP3_SR, quality="HQ"), bitrate_kbps))
    back = np.asarray(soxr.resample(decoded, MP3_SR, sr, quality="HQ"), dtype=np.float32)
    return back[: len(y)] if len(back) >= len(y) else np.pad(back, (0, len(y) - len(back)))


def _encode(y: NDArray[np.float32], bitrate_kbps: int) -> bytes:
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=MP3_SR, layout="stereo")
        stream.bit_rate = 1000 * bitrate_kbps
        stream.format = "fltp"
        for start in range(0, len(y), BLOCK_SAMPLES):
            block = np.repeat(y[None, start : start + BLOCK_SAMPLES], 2, axis=0)
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = MP3_SR, start, Fraction(1, MP3_SR)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def _decode(data: bytes) -> NDArray[np.float32]:
    import av

    with av.open(io.BytesIO(data), "r", format="mp3") as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return np.concatenate([frame.mean(axis=0, dtype=np.float32) for frame in frames])
