"""Audio in: any file, file object or array as mono float32 blocks at one sample rate.

`open_audio` decodes and resamples as a stream, so that memory does not grow with the length of a recording;
`load_audio` gives one excerpt as an array; `iter_windows` cuts a stream into the windows that a model sees;
`find_audio` walks folders. Nothing here imports a decoder before it is needed.
"""

from __future__ import annotations

from genrekit.audio.files import AUDIO_SUFFIXES, display_name, find_audio
from genrekit.audio.opening import AudioSource
from genrekit.audio.stream import AudioStream, AudioWarning, load_audio, open_audio
from genrekit.audio.windows import Window, iter_windows

__all__ = [
    "AUDIO_SUFFIXES",
    "AudioSource",
    "AudioStream",
    "AudioWarning",
    "Window",
    "display_name",
    "find_audio",
    "iter_windows",
    "load_audio",
    "open_audio",
]
