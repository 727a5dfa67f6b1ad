"""Which audio formats this installation decodes: found out by decoding, not by reading a list."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from genrekit.errors import AudioError

__all__ = ["FormatCheck", "check_formats"]

SR = 48_000  # a rate that all of the encoders take
DURATION_S = 0.5
FREQUENCY_HZ = 1000.0
AMPLITUDE = 0.5
BIT_RATE = 128_000
DURATION_TOLERANCE_S = 0.15  # what lossy encoders add at both ends
LEVEL_TOLERANCE = 0.2


@dataclass(frozen=True)
class FormatCheck:
    """What is known of one format.

    Attributes
    ----------
    name : as people call it
    state : "decodes" (a sample was encoded and read back right), "listed" (there is a decoder, but no encoder here to
        try it with), "fails"
    detail : why, if it is not "decodes"
    """

    name: str
    state: Literal["decodes", "listed", "fails"]
    detail: str = ""


# name -> container and encoding of libsndfile, which encodes as well as it decodes
_SOUNDFILE = {
    "wav": ("WAV", "PCM_16"),
    "au": ("AU", "PCM_16"),
    "aiff": ("AIFF", "PCM_16"),
    "flac": ("FLAC", "PCM_16"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
}
# name -> container and codec of FFmpeg
_FFMPEG = {
    "m4a": ("ipod", "aac"),
    "aac": ("adts", "aac"),
    "alac": ("ipod", "alac"),
    "wma": ("asf", "wmav2"),
    "webm": ("webm", "libopus"),
    "mka": ("matroska", "ac3"),
    "wavpack": ("wv", "wavpack"),
}
_DECODER_ONLY = {"ape": "ape", "musepack": "mpc8"}


def check_formats() -> tuple[FormatCheck, ...]:
    """Encode half a second of a tone in each format, read it back as `classify` would, and compare."""
    tone = (AMPLITUDE * np.sin(2 * np.pi * FREQUENCY_HZ * np.arange(round(SR * DURATION_S)) / SR)).astype(np.float32)
    checks = [_round_trip(name, partial(_encode_soundfile, tone, *how)) for name, how in _SOUNDFILE.items()]
    checks += [_round_trip(name, partial(_encode_ffmpeg, tone, *how)) for name, how in _FFMPEG.items()]
    checks += [
        _listed(name, codec, "FFmpeg has the decoder, nothing to try it on") for name, codec in _DECODER_ONLY.items()
    ]
    return tuple(checks)


def _round_trip(name: str, encode: Callable[[], bytes]) -> FormatCheck:
    from genrekit.audio import load_audio

    try:
        data = encode()
    # Encoders fail in many ways, and none of them says anything about decoding.
    except Exception as error:
        return _listed(name, _FFMPEG.get(name, ("", name))[1], f"no encoder here to try it with ({error})")
    try:
        y = load_audio(io.BytesIO(data), sr=SR)
    except AudioError as error:
        return FormatCheck(name, "fails", str(error))
    middle = y[len(y) // 4 : -len(y) // 4]
    level = float(np.sqrt(2 * np.mean(middle**2)))
    if abs(len(y) / SR - DURATION_S) > DURATION_TOLERANCE_S or abs(level / AMPLITUDE - 1) > LEVEL_TOLERANCE:
        detail = f"{DURATION_S} s at level {AMPLITUDE} came back as {len(y) / SR:.2f} s at level {level:.2f}"
        return FormatCheck(name, "fails", detail)
    return FormatCheck(name, "decodes")


def _listed(name: str, codec: str, detail: str) -> FormatCheck:
    import av

    try:
        av.codec.Codec(codec.removeprefix("lib"), "r")
    except ValueError:
        return FormatCheck(name, "fails", f"neither an encoder nor FFmpeg's decoder {codec!r} is in this installation")
    return FormatCheck(name, "listed", detail)


def _encode_soundfile(tone: NDArray[np.float32], container: str, encoding: str) -> bytes:
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, tone, SR, format=container, subtype=encoding)
    return buffer.getvalue()


def _encode_ffmpeg(tone: NDArray[np.float32], container: str, codec: str) -> bytes:
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as output:
        stream: Any = output.add_stream(codec, rate=SR)
        stream.layout, stream.bit_rate = "mono", BIT_RATE
        frame = av.AudioFrame.from_ndarray(tone[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = SR, 0
        for packet in (*stream.encode(frame), *stream.encode(None)):
            output.mux(packet)
    return buffer.getvalue()
