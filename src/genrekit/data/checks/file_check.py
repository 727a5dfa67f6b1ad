"""A close look at one audio file: does it decode, what is wrong with it, what does it hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from genrekit.audio import display_name, open_audio
from genrekit.audio.stream import CHANNELS_CANCEL
from genrekit.data.archive import HOP_SAMPLES, SR
from genrekit.data.checks.fingerprint import fingerprint, rounded
from genrekit.data.dataset import Fault, Track
from genrekit.errors import AudioError
from genrekit.features import ARCHIVE_LOG_MEL, compute
from genrekit.file_identity import file_sha256

__all__ = ["PASSING", "FileCheck", "FileLook", "check_file", "check_of", "look_at"]

# Kind of the faults of a file which may be read next time without having changed.
PASSING = "unreadable"

# -80 dB re full scale: below the noise of any recording.
SILENT_PEAK = 1e-4
# A file counts as clipped if so much of it lies at its own peak near full scale.
CLIPPED_SHARE = 1e-3
FULL_SCALE = 0.99
AT_PEAK = 0.999
# Below, no sample can be so near to a peak at full scale.
NEARLY_FULL_SCALE = 0.98
# A longer file is fingerprinted by its beginning.
FINGERPRINT_S = 120.0


@dataclass(frozen=True)
class FileLook:
    """What was found in a file, whatever track it is of.

    Parameters
    ----------
    faults : kind and detail of each, as of a `FileCheck`
    sha256, duration_s, fingerprint : as of a `FileCheck`
    """

    faults: tuple[tuple[str, str], ...] = ()
    sha256: str | None = None
    duration_s: float | None = None
    fingerprint: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True)
class FileCheck:
    """What was found in one track's file.

    Parameters
    ----------
    track_id : of the track
    faults : of the kinds "unreadable", "undecodable", "truncated" and "damaged" (the rest can be used), "cancelled",
        "silent", "clipped", "other_copy"
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
    return check_of(track, path, look_at(path))


def check_of(track: Track, path: Path, look: FileLook) -> FileCheck:
    """What was found in a track's file, and whether it is the file that the track should have."""
    faults = [Fault(kind, track.track_id, detail) for kind, detail in look.faults]
    is_known = look.sha256 is not None and track.sha256 is not None and path.suffix.lower() == ".wav"
    if is_known and look.sha256 != track.sha256:
        faults.insert(0, Fault("other_copy", track.track_id, "the file is not the one of the common .wav copy"))
    return FileCheck(track.track_id, tuple(faults), look.sha256, look.duration_s, look.fingerprint)


def look_at(path: Path) -> FileLook:
    """Hash, decode and fingerprint a file; whatever is wrong becomes a fault."""
    try:
        digest = file_sha256(path)
    except OSError as error:
        return FileLook(((PASSING, str(error)),))
    try:
        heard = _hear(path)
        print_ = None if heard.peak < SILENT_PEAK else _fingerprint(np.concatenate(heard.start))
    except AudioError as error:
        return FileLook((("undecodable", str(error)),), digest)
    # Decoders meet whatever bytes the file has, and memory may be short; the other files are looked at all the same.
    except Exception as error:
        detail = f"{display_name(path)}: {type(error).__name__}: {error}"
        kind = PASSING if isinstance(error, MemoryError | OSError) else "undecodable"
        return FileLook(((kind, detail),), digest)
    faults = []
    of_bytes = [warning for warning in heard.warnings if warning != CHANNELS_CANCEL]
    if of_bytes:
        ends_early = any(warning.startswith("ends early") for warning in of_bytes)
        faults.append(("truncated" if ends_early else "damaged", "; ".join(of_bytes)))
    if CHANNELS_CANCEL in heard.warnings:
        faults.append(("cancelled", CHANNELS_CANCEL))
    share = heard.n_at_peak / heard.n_samples
    if heard.peak < SILENT_PEAK:
        faults.append(("silent", f"its peak is {heard.peak:.1g} of full scale"))
    elif heard.peak >= FULL_SCALE and share >= CLIPPED_SHARE:
        faults.append(("clipped", f"{100 * share:.2g} % of its samples are at full scale"))
    return FileLook(tuple(faults), digest, heard.n_samples / SR, print_)


@dataclass
class _Heard:
    """What is kept of a file while it is decoded.

    Attributes
    ----------
    n_samples : so far
    start : blocks of the first `FINGERPRINT_S`
    peak : of all samples
    near_peak : how often each value near the peak came; float32 has some 17 000 values there at most
    warnings : of the stream, once it has ended
    """

    n_samples: int = 0
    start: list[npt.NDArray[np.float32]] = field(default_factory=list)
    peak: float = 0.0
    near_peak: Counter[float] = field(default_factory=Counter)
    warnings: tuple[str, ...] = ()

    def add(self, block: npt.NDArray[np.float32]) -> None:
        room = round(FINGERPRINT_S * SR) - self.n_samples
        if room > 0:
            self.start.append(block[:room])
        self.n_samples += len(block)
        level = np.abs(block)
        highest = float(level.max())
        if highest > self.peak:
            self.peak = highest
            self.near_peak = Counter({value: n for value, n in self.near_peak.items() if value >= self._least})
        if self.peak >= NEARLY_FULL_SCALE:
            values, counts = np.unique(level[level >= self._least], return_counts=True)
            self.near_peak.update(dict(zip(values.tolist(), counts.tolist(), strict=True)))

    @property
    def n_at_peak(self) -> int:
        """Samples that are at the peak, or as good as."""
        return self.near_peak.total()

    @property
    def _least(self) -> float:
        return float(np.float32(AT_PEAK * self.peak))


def _hear(path: Path) -> _Heard:
    """Decode a file block by block: a mix of two hours takes no more memory than its beginning."""
    heard = _Heard()
    with open_audio(path, sr=SR) as stream:
        for block in stream:
            heard.add(block)
        heard.warnings = tuple(stream.warnings)
    return heard


def _fingerprint(start: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    times_s = ARCHIVE_LOG_MEL.frame_index(len(start)) * HOP_SAMPLES / SR
    return rounded(fingerprint(compute(ARCHIVE_LOG_MEL, start), times_s))
