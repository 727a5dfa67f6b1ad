"""Which tracks hold one recording, by ear: names and hashes do not tell that a wav and an mp3 are the same song."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from genrekit.audio import AudioWarning, display_name
from genrekit.audio.file_processes import MANY_FILES, FileProcesses
from genrekit.cores import usable_cores
from genrekit.data.blas import one_thread_each
from genrekit.data.checks.file_check import PASSING, FileCheck, FileLook, check_of, look_at
from genrekit.data.checks.fingerprint import COLUMN_S, MIN_OVERLAP_COLUMNS, archive_fingerprint, find_matches
from genrekit.data.checks.remembered_looks import RememberedLooks
from genrekit.data.dataset import Dataset, Track
from genrekit.data.feature_table import FeatureTable
from genrekit.errors import AudioError
from genrekit.file_identity import file_state
from genrekit.progress import Progress
from genrekit.whole_file import written_whole

__all__ = ["archive_fingerprints", "cache_folder", "check_files", "with_same_recordings"]

# Changes when the fingerprint does, so that what an older one found is not taken for what this one would find.
FORMAT = 3
# Faults of a file by which it is not compared, or not all of it.
NOT_WHOLE = frozenset({"unreadable", "undecodable", "truncated", "damaged"})
SHORTEST_S = MIN_OVERLAP_COLUMNS * COLUMN_S


class Compared(NamedTuple):
    """Pairs of tracks that are one recording, and tracks that were too short to tell."""

    pairs: tuple[tuple[str, str], ...]
    too_short: tuple[str, ...]


def with_same_recordings(
    dataset: Dataset,
    *,
    cache: Path | None = None,
    n_jobs: int | None = None,
    processes: bool = False,
    progress: Progress | None = None,
) -> Dataset:
    """The data set with its `same_recordings` known: as they are, remembered from before, or compared now.

    Each file that is decoded for it is remembered at once, so that a kill, or another song, costs that song alone.

    Parameters
    ----------
    dataset : with audio files or an archive; of a feature table, tracks of the very same numbers are one recording, and
        one with nothing to compare stays as it is
    cache : folder that remembers what was found in the very same files; None for `cache_folder()`
    n_jobs, processes : as of `check_files`
    progress : called with steps done, their total and what was done

    Warns
    -----
    AudioWarning : a file is compared in part or not at all, since it cannot be decoded to its end; tracks are too short
        to be compared, or there are numbers alone
    """
    if dataset.same_recordings is not None:
        return dataset
    if dataset.archive is None and all(track.path is None for track in dataset.tracks):
        return dataset if dataset.table is None else _compared_by_numbers(dataset, dataset.table)
    remembered = (cache or cache_folder()) / f"same-recordings-{_identity(dataset)[:32]}.json"
    compared = _recall(remembered)
    if compared is None:
        checks = check_files(dataset, cache=cache, n_jobs=n_jobs, processes=processes, progress=progress)
        compared, is_whole = _compare(dataset, checks, progress)
        # A file that could not be read now may be read next time.
        if is_whole:
            _remember(remembered, compared)
    if compared.too_short:
        warnings.warn(
            f"{len(compared.too_short)} of {len(dataset)} tracks last less than {SHORTEST_S:.0f} s, such as "
            f"{compared.too_short[0]}: too short to be compared by ear, so that a recording of theirs in another file "
            "goes unnoticed unless its name or its bytes tell",
            AudioWarning,
            stacklevel=2,
        )
    return replace(dataset, same_recordings=compared.pairs)


def _compared_by_numbers(dataset: Dataset, table: FeatureTable) -> Dataset:
    tracks_of: dict[bytes, list[str]] = {}
    for track_id, rows in table.rows.items():
        tracks_of.setdefault(table.values[rows].tobytes(), []).append(track_id)
    warnings.warn(
        f"{dataset.name} is a table of features: only tracks of the very same numbers can be told to be one recording, "
        "not those that were coded or cut anew; a table that 'genrekit data prepare features' makes knows them",
        AudioWarning,
        stacklevel=3,
    )
    return replace(dataset, same_recordings=tuple(pair for same in tracks_of.values() for pair in pairwise(same)))


def cache_folder() -> Path:
    """Where things are kept that can be made again: the system's folder for caches."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
    else:
        base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "genrekit"


def check_files(
    dataset: Dataset,
    *,
    cache: Path | None = None,
    n_jobs: int | None = None,
    processes: bool = False,
    progress: Progress | None = None,
) -> Iterator[FileCheck]:
    """Each audio file of the data set looked at closely, in order; several at once, and none that is remembered.

    Parameters
    ----------
    dataset : whose tracks' files are looked at
    cache : folder that remembers what was found in the very same files; None for `cache_folder()`
    n_jobs : files that are read at once; None for one a processor
    processes : many files are read in spawned processes, so that one under which a decoder crashes is a fault of itself
        alone; a script of one's own then needs `if __name__ == "__main__":`
    progress : called with files done, their total and the track
    """
    looks = RememberedLooks((cache or cache_folder()) / "looks")

    files = [(track, track.path) for track in dataset.tracks if track.path is not None]
    n_jobs = n_jobs or usable_cores()
    spawned = FileProcesses(_make_look, n_processes=n_jobs) if processes and len(files) >= MANY_FILES else None

    def look(path: Path) -> FileLook:
        if spawned is None:
            return look_at(path)
        try:
            return spawned.ask(path)
        except AudioError as error:
            return FileLook(((PASSING, str(error)),))

    def checked(file: tuple[Track, Path]) -> FileCheck:
        track, path = file
        return check_of(track, path, looks.look(path, look))

    with one_thread_each(), ThreadPoolExecutor(n_jobs) as pool:
        try:
            for done, check in enumerate(pool.map(checked, files), start=1):
                if progress is not None:
                    progress(done, len(files), check.track_id)
                yield check
        finally:
            # Before the pool is waited for: nobody wants what it has not begun, and its threads wait for processes.
            pool.shutdown(wait=False, cancel_futures=True)
            if spawned is not None:
                spawned.stop()


def _make_look() -> Callable[[str], FileLook]:
    """In a process of its own: what looks at a path."""

    def look(path: str) -> FileLook:
        with one_thread_each():
            return look_at(Path(path))

    return look


def archive_fingerprints(dataset: Dataset) -> dict[str, npt.NDArray[np.float32]]:
    """Fingerprint of each track of an archive; empty for a data set of audio."""
    if dataset.archive is None:
        return {}
    return {track.track_id: archive_fingerprint(dataset.archive, row) for row, track in enumerate(dataset.tracks)}


def _compare(dataset: Dataset, checks: Iterable[FileCheck], progress: Progress | None) -> tuple[Compared, bool]:
    """What was found, and whether each file was read, or can never be as it is."""
    is_whole = True
    prints = archive_fingerprints(dataset)
    for check in checks:
        for fault in check.faults:
            is_whole = is_whole and fault.kind != PASSING
            if fault.kind in NOT_WHOLE:
                path = dataset.track(check.track_id).path
                # What could not be decoded says which file it was.
                detail = fault.detail if path is None else fault.detail.removeprefix(f"{display_name(path)}: ")
                warnings.warn(f"{check.track_id}: {detail}", AudioWarning, stacklevel=3)
        if check.fingerprint is not None:
            prints[check.track_id] = check.fingerprint
    matches = find_matches(
        prints, progress=None if progress is None else lambda done, total: progress(done, total, "comparing recordings")
    )
    too_short = sorted(name for name, print_ in prints.items() if print_.shape[1] < MIN_OVERLAP_COLUMNS)
    return Compared(tuple((match.first, match.second) for match in matches), tuple(too_short)), is_whole


def _identity(dataset: Dataset) -> str:
    """SHA-256 of what the fingerprints depend on: the archive's levels, or each file's place, size and time."""
    digest = hashlib.sha256(str(FORMAT).encode())
    if dataset.archive is not None:
        digest.update(dataset.archive.levels.tobytes())
    for track in dataset.tracks:
        state = None if track.path is None else file_state(track.path)
        path = None if track.path is None else os.fspath(track.path.absolute())
        digest.update(json.dumps([track.track_id, path, state]).encode())
    return digest.hexdigest()


def _recall(path: Path) -> Compared | None:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        pairs = tuple((str(first), str(second)) for first, second in told["pairs"])
        return Compared(pairs, tuple(str(name) for name in told["too_short"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _remember(path: Path, compared: Compared) -> None:
    # Without room for it the comparison is made again next time; nothing else is lost.
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as partial:
            partial.write_text(json.dumps(compared._asdict()), encoding="utf-8")
