"""A close look at one audio file: does it decode, what is wrong with it, what does it hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from genrekit.audio import load_audio
from genrekit.data.archive import HOP_SAMPLES, SR
from genrekit.data.dataset import Fault, Track
from genrekit.data.fingerprint import fingerprint
from genrekit.data.hashing import file_sha256
from genrekit.errors import AudioError
from genrekit.features import ARCHIVE_LOG_MEL, compute

__all__ = ["FileCheck", "check_file"]

# -80 dB re full scale: below the noise of any recording.
SILENT_PEAK = 1e-4
# A file counts as clipped if so much of it lies at its own peak near full scale.
CLIPPED_SHARE = 1e-3
FULL_SCALE = 0.99
# A longer file is fingerprinted by its beginning.
FINGERPRINT_S = 120.0


@dataclass(frozen=True)
class FileCheck:
    """What was found in one track's file.

    Parameters
    ----------
    track_id : of the track
    faults : of the kinds "unreadable", "undecodable", "silent", "clipped", "other_copy"
    sha256 : of the file; None if it cannot be read
    duration_s : as decoded; None if it cannot be decoded
    fingerprint : None if it cannot be decoded or is silent
    """

    track_id: str
    faults: tuple[Fault, ...] = ()
    sha256: str | None = None
    duration_s: float | None = None
    fingerprint: npt.NDArray[np.float32] | None = None


def check_file(track: Track, path: Path) -> FileCheck:
    """Hash, decode and fingerprint a track's file; whatever is wrong becomes a fault."""
    try:
        digest = file_sha256(path)
    except OSError as error:
        return FileCheck(track.track_id, (Fault("unreadable", track.track_id, str(error)),))
    faults = []
    if track.sha256 is not None and path.suffix.lower() == ".wav" and digest != track.sha256:
        faults.append(Fault("other_copy", track.track_id, "the file is not the one of the common .wav copy"))
    try:
        y = load_audio(path, sr=SR)
    except AudioError as error:
        return FileCheck(track.track_id, (*faults, Fault("undecodable", track.track_id, str(error))), digest)
    duration_s = len(y) / SR
    peak = float(np.abs(y).max())
    if peak < SILENT_PEAK:
        faults.append(Fault("silent", track.track_id, f"its peak is {peak:.1g} of full scale"))
        return FileCheck(track.track_id, tuple(faults), digest, duration_s)
    share = float((np.abs(y) >= 0.999 * peak).mean())
    if peak >= FULL_SCALE and share >= CLIPPED_SHARE:
        faults.append(Fault("clipped", track.track_id, f"{100 * share:.2g} % of its samples are at full scale"))
    start = y[: round(FINGERPRINT_S * SR)]
    times_s = ARCHIVE_LOG_MEL.frame_index(len(start)) * HOP_SAMPLES / SR
    print_ = fingerprint(compute(ARCHIVE_LOG_MEL, start), times_s)
    return FileCheck(track.track_id, tuple(faults), digest, duration_s, print_)
