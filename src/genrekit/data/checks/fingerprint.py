"""An audio fingerprint on the log-mel: finds one recording in two files, at another offset, gain or quality.

A fingerprint keeps how the spectrum's slope from band to band departs from its average over about a second. A factor
on the waveform cancels in the slope, a filter in the departure, and what remains are onsets and notes. Two fingerprints
are compared at every offset with one FFT; all pairs of a data set are one matrix product a frequency. Unlike
fingerprints for look-up among millions (J. Haitsma and T. Kalker, ISMIR 2002, from whose signs of band differences this
descends), it needs no exact alignment of frames, which 77 ms columns could not give.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from genrekit.data.archive import HOP_SAMPLES, SR, LogMelArchive
from genrekit.data.blas import one_thread_each
from genrekit.errors import DataError

__all__ = [
    "COLUMN_S",
    "MIN_OVERLAP_COLUMNS",
    "THRESHOLD",
    "Match",
    "archive_fingerprint",
    "find_matches",
    "fingerprint",
    "from_bytes",
    "rounded",
    "to_bytes",
]

# GTZAN's archive has one column every 1293 / 387.5 frames; all fingerprints are brought to this grid.
COLUMN_S = 1293 / 387.5 * HOP_SAMPLES / SR
N_BANDS = 32
FLOOR_DB = -60.0
# Half of the running mean that is taken off, and the departure at which a cell is clipped.
HALF_WINDOW_COLUMNS = 6
CLIP_DB = 6.0
# Steps from 0 to 1 of a fingerprint that is stored; far below the differences between two files of one recording.
STEPS = 127

# Tracks are compared in segments of 30 s that overlap by the shortest stretch that can match, 5 s.
SEGMENT_COLUMNS = 387
MIN_OVERLAP_COLUMNS = 65

# Over the 498 501 pairs of GTZAN's archive, the highest score of pairs of different artists is 2.2.
THRESHOLD = 3.0

# Two songs at one steady tempo agree equally well at every beat. One recording agrees at one offset much better than at
# all others, by this many deviations of the scores there, or it is a loop and agrees almost fully.
MIN_PROMINENCE = 6.0
LOOP_CORRELATION = 0.5
PEAK_HALF_WIDTH = 3
# Fewer other offsets than this tell nothing about chance.
MIN_OTHER_LAGS = 50

# Segments are compared block by block, each row of blocks with one spectrum a segment and the columns' made anew: the
# spectra of all would take 127 kB each. So many pairs at once bound the memory to some 200 MB beside the fingerprints.
ROWS_AT_ONCE = 256
COLUMNS_AT_ONCE = 32

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Match:
    """Two tracks that hold the same recording.

    Parameters
    ----------
    first, second : identifiers, in alphabetical order
    score : correlation times the square root of the columns compared; chance stays below about 2.2
    offset_s : where the second begins on the first's time axis, in seconds
    """

    first: str
    second: str
    score: float
    offset_s: float


def fingerprint(db: npt.ArrayLike, times_s: npt.ArrayLike) -> FloatArray:
    """Fingerprint of a log-mel.

    Parameters
    ----------
    db : log-mel in dB re its maximum [shape=(128, n_columns)]
    times_s : of the columns, in seconds, rising [shape=(n_columns,)]

    Returns
    -------
    float32 [shape=(31, n)], one column each ``COLUMN_S`` seconds, values between -1 and 1.

    Raises
    ------
    DataError
        If the shapes do not fit, or the number of mel bands is no multiple of 32.
    """
    levels, times = np.asarray(db, dtype=np.float32), np.asarray(times_s, dtype=np.float64)
    if levels.ndim != 2 or times.shape != levels.shape[1:] or not len(times) or len(levels) % N_BANDS:
        raise DataError(
            f"A fingerprint needs a log-mel of {N_BANDS} x n bands and a time for each column; found shapes "
            f"{levels.shape} and {times.shape}."
        )
    grid = np.arange(times[0], times[-1] + COLUMN_S / 2, COLUMN_S)
    last = len(times) - 1
    after = np.minimum(np.searchsorted(times, grid), last)
    before = np.maximum(after - 1, 0)
    columns = np.where(np.abs(grid - times[before]) <= np.abs(times[after] - grid), before, after)
    bands = np.maximum(levels[:, columns], FLOOR_DB).reshape(N_BANDS, -1, len(columns)).mean(axis=1)
    slope = np.diff(bands, axis=0)
    departure: FloatArray = np.clip((slope - _running_mean(slope)) / CLIP_DB, -1.0, 1.0).astype(np.float32)
    return departure


def archive_fingerprint(archive: LogMelArchive, index: int) -> FloatArray:
    """Fingerprint of a row of an archive."""
    return fingerprint(archive.db(index), archive.frame_index[index] * archive.hop_samples / archive.sr)


def rounded(fingerprint: FloatArray) -> FloatArray:
    """The fingerprint as it is stored: one that was stored and one made now are the same to the last bit."""
    return from_bytes(to_bytes(fingerprint))


def to_bytes(fingerprint: FloatArray) -> bytes:
    """A fingerprint as one byte a cell."""
    return np.round(fingerprint * STEPS).astype(np.int8).tobytes()


def from_bytes(data: bytes) -> FloatArray:
    """The fingerprint of `to_bytes`; ValueError if the bytes are not those of one."""
    cells = np.frombuffer(data, dtype=np.int8).reshape(N_BANDS - 1, -1)
    return cells.astype(np.float32) / np.float32(STEPS)


def find_matches(
    fingerprints: Mapping[str, FloatArray],
    *,
    threshold: float = THRESHOLD,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Match, ...]:
    """All pairs of tracks that hold one recording, best first.

    The cost grows with the square of the number of 30-second segments; 999 tracks of 30 s take about ten seconds on one
    core. Stretches shorter than 5 s are not found.

    Parameters
    ----------
    fingerprints : by track identifier, as ``fingerprint`` gives them
    threshold : lowest score that counts
    progress : called with the number of segments compared and their total
    """
    names, starts, segments = _segments(fingerprints)
    found: dict[tuple[str, str], Match] = {}
    with one_thread_each():
        scored = _scores(segments, threshold, progress)
    for row, column, score, lag in scored:
        first, second = names[row], names[column]
        if first == second:
            continue
        offset = (starts[row] - starts[column] + lag) * COLUMN_S
        if first > second:
            first, second, offset = second, first, -offset
        known = found.get((first, second))
        if known is None or score > known.score:
            found[first, second] = Match(first, second, round(score, 3), round(offset, 2))
    return tuple(sorted(found.values(), key=lambda match: (-match.score, match.first, match.second)))


def _running_mean(values: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    total = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1, dtype=np.float64)], axis=1)
    places = np.arange(values.shape[1])
    start = np.maximum(places - HALF_WINDOW_COLUMNS, 0)
    stop = np.minimum(places + HALF_WINDOW_COLUMNS + 1, values.shape[1])
    mean: npt.NDArray[np.float64] = (total[:, stop] - total[:, start]) / (stop - start)
    return mean


def _segments(fingerprints: Mapping[str, FloatArray]) -> tuple[list[str], list[int], list[FloatArray]]:
    names, starts, segments = [], [], []
    step = SEGMENT_COLUMNS - MIN_OVERLAP_COLUMNS
    for name in sorted(fingerprints):
        whole = fingerprints[name]
        for start in range(0, max(whole.shape[1] - MIN_OVERLAP_COLUMNS, 1), step):
            names.append(name)
            starts.append(start)
            segments.append(whole[:, start : start + SEGMENT_COLUMNS])
    return names, starts, segments


@dataclass(frozen=True)
class _Spectra:
    """Segments ready to be compared: spectra [n_frequencies, n, n_bands], energies and columns up to each column."""

    values: npt.NDArray[np.complex64]
    energy: npt.NDArray[np.float64]
    columns: npt.NDArray[np.float64]


def _scores(
    segments: list[FloatArray], threshold: float, progress: Callable[[int, int], None] | None
) -> list[tuple[int, int, float, int]]:
    if not segments:
        return []
    n = len(segments)
    most = SEGMENT_COLUMNS - MIN_OVERLAP_COLUMNS
    lags = np.arange(-most, most + 1)
    found = []
    n_pairs = sum(min(ROWS_AT_ONCE, n - start) * (n - start) for start in range(0, n, ROWS_AT_ONCE))
    n_compared = 0
    for row_start in range(0, n, ROWS_AT_ONCE):
        ours = _spectra(segments[row_start : row_start + ROWS_AT_ONCE])
        for column_start in range(row_start, n, COLUMNS_AT_ONCE):
            theirs = _spectra(segments[column_start : column_start + COLUMNS_AT_ONCE])
            scores = _block(ours, theirs, lags)
            best = scores.argmax(axis=2)
            peak = np.take_along_axis(scores, best[:, :, None], axis=2)[:, :, 0]
            for row, column in np.argwhere(peak >= threshold).tolist():
                first, second, place = row_start + row, column_start + column, int(best[row, column])
                lag = int(lags[place])
                n_columns = _columns_together(segments[first], segments[second], lag)
                if second > first and _is_single(scores[row, column], place, lags, n_columns):
                    found.append((first, second, float(peak[row, column]), lag))
            n_compared += peak.size
            if progress is not None:
                progress(n * n_compared // n_pairs, n)
    return found


def _columns_together(first: FloatArray, second: FloatArray, lag: int) -> int:
    """How many columns of two segments meet at a lag, as in `_block`."""
    stop: int = min(first.shape[1], second.shape[1] + lag)
    return max(0, stop - max(0, lag))


def _is_single(scores: FloatArray, peak: int, lags: npt.NDArray[np.int_], n_columns: int) -> bool:
    """Whether a pair's best offset, at which `n_columns` are compared, stands out from its others."""
    if scores[peak] >= LOOP_CORRELATION * np.sqrt(n_columns):
        return True
    # Offsets at which too little overlaps have the score 0.
    others = (np.abs(lags - lags[peak]) > PEAK_HALF_WIDTH) & (scores != 0)
    if others.sum() < MIN_OTHER_LAGS:
        return False
    rest = scores[others]
    return bool(scores[peak] - rest.mean() >= MIN_PROMINENCE * rest.std())


def _spectra(segments: list[FloatArray]) -> _Spectra:
    n, bands = len(segments), segments[0].shape[0]
    padded = np.zeros((n, bands, SEGMENT_COLUMNS), dtype=np.float32)
    for place, segment in enumerate(segments):
        padded[place, :, : segment.shape[1]] = segment
    energy = np.zeros((n, SEGMENT_COLUMNS + 1))
    energy[:, 1:] = np.cumsum((padded**2).sum(axis=1), axis=1)
    lengths = np.array([segment.shape[1] for segment in segments])
    columns = np.minimum(np.arange(SEGMENT_COLUMNS + 1), lengths[:, None]).astype(np.float64)
    values = np.fft.rfft(padded, _fft_size(), axis=2).astype(np.complex64)
    return _Spectra(np.ascontiguousarray(values.transpose(2, 0, 1)), energy, columns)


def _fft_size() -> int:
    return 1 << (2 * SEGMENT_COLUMNS - 1).bit_length()


def _block(ours: _Spectra, theirs: _Spectra, lags: npt.NDArray[np.int_]) -> FloatArray:
    """Scores of two blocks of segments at each lag: float32 [n_ours, n_theirs, n_lags].

    At lag L, column t + L of ours meets column t of theirs.
    """
    product = ours.values @ theirs.values.conj().transpose(0, 2, 1)
    correlation = np.fft.irfft(product.transpose(1, 2, 0), _fft_size(), axis=2)[:, :, lags]
    start = np.maximum(lags, 0)
    stop = np.minimum(SEGMENT_COLUMNS, SEGMENT_COLUMNS + lags)

    def overlap(values: npt.NDArray[np.float64], shift: npt.NDArray[np.int_]) -> FloatArray:
        return (values[:, stop - shift] - values[:, start - shift]).astype(np.float32)

    none = np.zeros_like(lags)
    energy = np.sqrt(overlap(ours.energy, none))[:, None] * np.sqrt(overlap(theirs.energy, lags))[None]
    columns = np.minimum(overlap(ours.columns, none)[:, None], overlap(theirs.columns, lags)[None])
    # Silence has no energy and matches nothing; the smallest energy that counts is one cell's.
    scores = correlation / np.maximum(energy, 1.0) * np.sqrt(columns)
    return np.where(columns >= MIN_OVERLAP_COLUMNS, scores, 0.0).astype(np.float32)
