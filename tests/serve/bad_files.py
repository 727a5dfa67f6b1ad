"""Files that cannot be classified, or only with a warning, as bytes."""

from __future__ import annotations

import io
import struct

import numpy as np
import soundfile

__all__ = ["REFUSED", "tone", "wav"]

SR = 8000


def tone(frequency_hz: float = 100.0, duration_s: float = 1.0) -> np.ndarray:
    """A sine [n] at 8 kHz."""
    t = np.arange(round(duration_s * SR)) / SR
    return (0.5 * np.sin(2 * np.pi * frequency_hz * t)).astype(np.float32)


def wav(samples: np.ndarray, *, subtype: str = "PCM_16", container: str = "WAV", sr: int = SR) -> bytes:
    """The bytes of a file with these samples, [n] or [n, channels]."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, sr, format=container, subtype=subtype)
    return buffer.getvalue()


REFUSED: dict[str, bytes] = {
    "empty.wav": b"",
    "header_only.wav": wav(np.zeros(0, np.float32)),
    "text.mp3": b"this is no music\n" * 100,
    "page.mp3": b"<!doctype html><title>Not found</title>" * 20,
    "zeros.mp3": bytes(50_000),
    "noise.flac": np.random.default_rng(0).bytes(50_000),
    "magic_only.flac": b"fLaC",
    "magic_only.ogg": b"OggS",
    "rate_of_4_GHz.wav": (lambda b: b[:24] + struct.pack("<I", 0xFFFFFFFF) + b[28:])(wav(tone())),
    "no_channels.wav": (lambda b: b[:22] + struct.pack("<H", 0) + b[24:])(wav(tone())),
}
"""Name -> bytes; each must be answered by 422."""
