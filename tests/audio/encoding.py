"""Real files for the tests: signals, and encoding them with soundfile or PyAV."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile

SR = 44_100


def music(duration_s: float = 2.0, *, sr: int = SR, n_channels: int = 2, seed: int = 0) -> np.ndarray:
    """Sums of decaying partials [n, channels], float32, peak 0.5; channels differ, so that a dropped one shows."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(duration_s * sr)) / sr
    channels = []
    for _ in range(n_channels):
        frequency_hz = rng.uniform(150, 600, 8)[:, None]
        envelope = np.exp(-((t * 4 + rng.uniform(0, 1, (8, 1))) % 1.0) * 3)
        tone = (np.sin(2 * np.pi * frequency_hz * t) * envelope).sum(axis=0)
        channels.append(0.5 * tone / np.abs(tone).max())
    return np.stack(channels, axis=1).astype(np.float32)


def write_soundfile(path: Path, samples: np.ndarray, sr: int = SR, *, format: str, subtype: str) -> Path:
    soundfile.write(path, samples, sr, format=format, subtype=subtype)
    return path


def write_pyav(
    path: Path,
    samples: np.ndarray,
    sr: int = SR,
    *,
    container: str,
    codec: str,
    sample_format: str,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
) -> Path:
    """Encode samples [n, channels] at full scale 1 with one of FFmpeg's encoders."""
    n_channels = samples.shape[1]
    layout = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}.get(n_channels, f"{n_channels} channels")
    with av.open(str(path), "w", format=container, container_options=container_options or {}) as output:
        stream = output.add_stream(codec, rate=sr, layout=layout, options=options or {})
        stream.format = sample_format
        stream.bit_rate = 192_000
        stream.codec_context.open()  # only then does it know the length of its frames
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="flt", layout=layout)
        frame.sample_rate = sr
        frame.time_base = Fraction(1, sr)
        resampler = av.AudioResampler(sample_format, layout, sr, frame_size=stream.codec_context.frame_size or 1024)
        for part in [*resampler.resample(frame), *resampler.resample(None), None]:
            # FLAC's encoder ends with an empty packet of side data, which PyAV cannot pass on.
            output.mux([packet for packet in stream.encode(part) if packet.size])
    return path


def damage_middle(path: Path, *, junk_bytes: int = 20_000, seed: int = 0) -> None:
    """Overwrite the middle of a file with random bytes."""
    data = bytearray(path.read_bytes())
    start = len(data) // 2
    data[start : start + junk_bytes] = np.random.default_rng(seed).bytes(junk_bytes)
    path.write_bytes(data)


def cut_end(path: Path, *, keep: float = 0.6) -> None:
    """Cut a file off, as an interrupted download does."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
