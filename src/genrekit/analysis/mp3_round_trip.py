"""A recording as it comes back from an mp3: encoded by LAME and decoded by FFmpeg, in memory."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from genrekit.errors import AudioError

__all__ = ["mp3_round_trip"]

# ISO 11172-3 and 13818-3: rates of MPEG-1, 2 and 2.5, and the highest bit rate of each.
SAMPLE_RATES = {48_000: 320, 44_100: 320, 32_000: 320, 24_000: 160, 22_050: 160, 16_000: 160}
BLOCK_SAMPLES = 1152


def mp3_round_trip(y: NDArray[np.float32], sr: int, *, bitrate_kbps: int) -> NDArray[np.float32]:
    """Encode mono audio to mp3 at a constant bit rate and decode it: float32 [n], sample n where it was before.

    The samples that encoder and decoder put before the first one are written into the file by LAME, and left out by the
    decoder; nothing is shifted.

    Parameters
    ----------
    sr : one of 16 000, 22 050, 24 000, 32 000, 44 100 and 48 000 Hz
    bitrate_kbps : of the mono stream, as LAME takes it: 32 to 160 below 32 kHz, to 320 from there

    Raises
    ------
    AudioError : a rate that mp3 does not have
    """
    import av

    if sr not in SAMPLE_RATES:
        raise AudioError(f"mp3 at {sr} Hz is not to be had; one of {sorted(SAMPLE_RATES)} Hz is expected.")
    if not 32 <= bitrate_kbps <= SAMPLE_RATES[sr]:
        raise AudioError(f"{bitrate_kbps} kb/s at {sr} Hz; 32 to {SAMPLE_RATES[sr]} kb/s are expected.")
    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=sr, layout="mono")
        stream.bit_rate = 1000 * bitrate_kbps
        stream.format = "fltp"
        for start in range(0, len(y), BLOCK_SAMPLES):
            block = np.ascontiguousarray(y[None, start : start + BLOCK_SAMPLES], dtype=np.float32)
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = sr, start, Fraction(1, sr)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    file.seek(0)
    with av.open(file, format="mp3") as container:
        pieces = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    decoded = np.concatenate(pieces).astype(np.float32) if pieces else np.zeros(0, dtype=np.float32)
    return decoded[: len(y)] if len(decoded) >= len(y) else np.pad(decoded, (0, len(y) - len(decoded)))
