"""From a source of any kind to the decoder that reads it."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from genrekit.audio.decoder import Decoder, NoAudioError, UndecodableError
from genrekit.audio.files import display_name
from genrekit.audio.sniff import HEAD_BYTES, describe_audio, describe_head, is_mpeg, prefers_libsndfile
from genrekit.audio.source import BinaryFile, ByteSource, open_file_object, open_path
from genrekit.errors import AudioError

__all__ = ["MAX_SR", "AudioSource", "check_rate", "open_decoder", "source_name"]

AudioSource = str | os.PathLike[str] | BinaryFile | npt.NDArray[Any]
"""A path, a binary file object, or samples [n] or [n, channels]."""

MAX_SR = 3_000_000  # above DSD; a larger number is a damaged header


def open_decoder(source: AudioSource, source_sr: int | None) -> tuple[str, Decoder, ByteSource | None]:
    """The name of a source for messages, what decodes it, and its bytes if it is not an array.

    Raises
    ------
    AudioError : as `genrekit.audio.stream.open_audio`
    """
    name = source_name(source)
    is_path = isinstance(source, str | os.PathLike)
    if not is_path and hasattr(source, "__array__"):
        if source_sr is None:
            raise AudioError(
                "The source is an array, which does not state its sample rate. Give it, in Hz, as in "
                "classify(array, sr=44100); in open_audio and load_audio it is source_sr."
            )
        check_rate("The sample rate of the array", source_sr)
        from genrekit.audio.array_decoder import ArrayDecoder

        try:
            array = np.asarray(source)
        # A tensor that is on another device, is part of a graph or has a type of its own says so in its own way.
        except (RuntimeError, TypeError, ValueError) as error:
            raise AudioError(f"The source is a {type(source).__name__} that NumPy cannot read: {error}") from error
        return name, ArrayDecoder(array, source_sr), None
    if not is_path and not hasattr(source, "read"):
        raise AudioError(
            f"The source is a {type(source).__name__}; expected a path, a binary file object or an array."
            f"{_how_to_give(source)}"
        )
    if source_sr is not None:
        raise AudioError(
            f"{name}: a sample rate of {source_sr} Hz was given, but a file states its own. Give one for arrays only."
        )
    byte_source = open_path(source) if is_path else open_file_object(source, name)  # type: ignore[arg-type]
    try:
        return name, _first_that_decodes(byte_source, name), byte_source
    except BaseException:
        byte_source.close()
        raise


def _how_to_give(source: object) -> str:
    if isinstance(source, bytes | bytearray):
        return " Wrap the bytes of a file in io.BytesIO."
    return " Make an array of samples by numpy.asarray." if isinstance(source, list | tuple) else ""


def _first_that_decodes(source: ByteSource, name: str) -> Decoder:
    head = source.peek(HEAD_BYTES)
    if source.error is not None:
        raise AudioError(f"{name}: cannot be read: {source.error.strerror}. Check the disk or the connection.")
    if not head:
        raise AudioError(f"{name}: is empty (0 bytes). Copy or download it again.")
    # An MPEG stream that FFmpeg refuses is none for libsndfile either, and its mpg123 would complain on standard error.
    order = (
        ["libsndfile", "ffmpeg"]
        if prefers_libsndfile(head)
        else ["ffmpeg"]
        if is_mpeg(head)
        else ["ffmpeg", "libsndfile"]
    )
    reasons: list[str] = []
    is_without_sound = False
    for which in order:
        source.seek(0)
        try:
            return _decoder(which, source)
        except UndecodableError as error:
            is_without_sound |= isinstance(error, NoAudioError)
            reasons.append(str(error))
    container = describe_audio(head)
    if container and is_without_sound:
        raise AudioError(f"{name}: has no sound: it is {container} with no sound track ({'; '.join(reasons)}).")
    begins = f"it begins as {container}, and is cut off or damaged" if container else describe_head(head)
    raise AudioError(
        f"{name}: is not audio that can be decoded; {begins}. "
        f"Expected a file such as wav, flac, mp3, ogg or m4a, whole and without copy protection ({'; '.join(reasons)})."
    )


def _decoder(which: str, source: ByteSource) -> Decoder:
    # Each import costs about 50 ms, and one of the two is enough for most files.
    if which == "libsndfile":
        from genrekit.audio.soundfile_decoder import SoundfileDecoder

        return SoundfileDecoder(source)
    from genrekit.audio.pyav_decoder import PyavDecoder

    return PyavDecoder(source)


def source_name(source: object) -> str:
    """What messages call the source."""
    if isinstance(source, str | os.PathLike):
        return display_name(source)
    if hasattr(source, "__array__"):
        return "The array"
    name = getattr(source, "name", None)
    return display_name(name) if isinstance(name, str | os.PathLike) else "The file object"


def check_rate(label: str, rate: int) -> None:
    """Raise AudioError unless `rate` is a possible sample rate in Hz; `label` says which."""
    if isinstance(rate, bool) or not isinstance(rate, int | np.integer) or not 1 <= rate <= MAX_SR:
        raise AudioError(f"{label} is {rate!r}; expected a sample rate in Hz, a whole number from 1 to {MAX_SR}.")
