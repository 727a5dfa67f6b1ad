"""The audit of a data set: what it holds, what is wrong with it, and what would leak."""

from __future__ import annotations

import hashlib
import json
import statistics
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from genrekit.data.checks.file_check import FileCheck
from genrekit.data.checks.fingerprint import Match, find_matches
from genrekit.data.checks.same_recordings import archive_fingerprints, check_files
from genrekit.data.dataset import Dataset, Fault
from genrekit.data.relations import groups, listed_artists
from genrekit.progress import Progress

__all__ = ["Audit", "Durations", "GenreSummary", "audit", "identity_of"]

# A set counts as clips of one length if nine in ten tracks are within 5 % of the median; then the others stand out.
CLIP_TOLERANCE = 0.05
CLIP_SHARE = 0.9


@dataclass(frozen=True)
class GenreSummary:
    """Counts of one genre.

    Parameters
    ----------
    genre : its name
    n_tracks : tracks
    n_artists : known artists
    n_unknown_artists : tracks whose artist is unknown
    top_artists : the three artists with most tracks, with their numbers of tracks
    """

    genre: str
    n_tracks: int
    n_artists: int
    n_unknown_artists: int
    top_artists: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Durations:
    """Durations of the tracks in seconds."""

    total_s: float
    shortest_s: float
    median_s: float
    longest_s: float


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Parameters
    ----------
    dataset : name of the data set
    identity : of its tracks and their files, as `identity_of` has it
    n_tracks, n_artists, n_unknown_artists : over all genres
    genres : one summary a genre, in label order
    durations : None where no duration is known
    faults : all of the data set and of its files
    copies : groups of bit-identical tracks
    recordings : groups of tracks with the same artist and title
    matches : pairs that the audio fingerprint found to hold one recording
    new_matches : those of them that neither copies nor recordings tell
    """

    dataset: str
    identity: str
    n_tracks: int
    n_artists: int
    n_unknown_artists: int
    genres: tuple[GenreSummary, ...]
    durations: Durations | None
    faults: tuple[Fault, ...]
    copies: tuple[tuple[str, ...], ...]
    recordings: tuple[tuple[str, ...], ...]
    matches: tuple[Match, ...]
    new_matches: tuple[Match, ...]

    @property
    def fault_counts(self) -> dict[str, int]:
        """Number of faults by kind, most frequent first."""
        return dict(Counter(fault.kind for fault in self.faults).most_common())

    @property
    def n_redundant(self) -> int:
        """Tracks that would go if one of each recording were kept."""
        return sum(len(group) - 1 for group in self.recordings)

    def to_dict(self) -> dict[str, Any]:
        """As JSON-ready values."""
        return asdict(self)

    def to_json(self) -> str:
        """As JSON text."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False) + "\n"


def audit(
    dataset: Dataset,
    *,
    cache: Path | None = None,
    n_jobs: int | None = None,
    processes: bool = False,
    progress: Progress | None = None,
) -> Audit:
    """Look at every track of a data set; audio files are hashed and decoded, archives are read.

    What was found in a file is remembered until its size or time changes, for splits and training too.

    One bad file is a fault, never an exception.

    Parameters
    ----------
    dataset : to look at
    cache : folder that remembers what was found in the very same files; None for the user's cache
    n_jobs, processes : as of `data.same_recordings.check_files`
    progress : called with the number of steps done, their total and what was done
    """
    checks = list(check_files(dataset, cache=cache, n_jobs=n_jobs, processes=processes, progress=progress))
    durations = _durations(dataset, checks)
    fingerprints = {check.track_id: check.fingerprint for check in checks if check.fingerprint is not None}
    fingerprints |= archive_fingerprints(dataset)
    matches = find_matches(
        fingerprints,
        progress=None if progress is None else lambda done, total: progress(done, total, "comparing fingerprints"),
    )
    hashes = {check.track_id: check.sha256 for check in checks}
    copies = _groups({t.track_id: t.sha256 or hashes.get(t.track_id) for t in dataset.tracks})
    numbers = groups(dataset, ["recording"])
    recordings = _groups(dict(zip(dataset.index, numbers, strict=True)))
    told = {pair for group in (*copies, *recordings) for pair in _pairs(group)}
    faults = [*dataset.faults, *(fault for check in checks for fault in check.faults)]
    return Audit(
        dataset=dataset.name,
        identity=identity_of(dataset),
        n_tracks=len(dataset),
        n_artists=len({key for track in dataset.tracks for key in listed_artists(track.artist)}),
        n_unknown_artists=sum(t.artist is None for t in dataset.tracks),
        genres=tuple(_summary(dataset, genre) for genre in dataset.genres),
        durations=_summarise(durations),
        faults=tuple(faults + _length_faults(durations)),
        copies=copies,
        recordings=recordings,
        matches=matches,
        new_matches=tuple(match for match in matches if (match.first, match.second) not in told),
    )


def identity_of(dataset: Dataset) -> str:
    """SHA-256 of the tracks' names, and of their files' sizes and times of change, the archive's levels or the table's
    numbers: an audit of others says nothing."""
    digest = hashlib.sha256()
    if dataset.archive is not None:
        digest.update(dataset.archive.levels.tobytes())
    if dataset.table is not None:
        digest.update(dataset.table.values.tobytes())
    for track in dataset.tracks:
        state = None
        if track.path is not None:
            with suppress(OSError):  # a file that is gone is a fault, which the audit tells
                status = track.path.stat()
                state = (status.st_size, status.st_mtime_ns)
        digest.update(json.dumps([track.track_id, state]).encode())
    return digest.hexdigest()


def _durations(dataset: Dataset, checks: list[FileCheck]) -> dict[str, float]:
    known = {t.track_id: t.duration_s for t in dataset.tracks if t.path is None}
    known |= {check.track_id: check.duration_s for check in checks}
    return {track_id: duration for track_id, duration in known.items() if duration is not None}


def _summarise(durations: Mapping[str, float]) -> Durations | None:
    if not durations:
        return None
    values = list(durations.values())
    rounded = (sum(values), min(values), statistics.median(values), max(values))
    return Durations(*(round(value, 3) for value in rounded))


def _length_faults(durations: Mapping[str, float]) -> list[Fault]:
    if not durations:
        return []
    median = statistics.median(durations.values())
    odd = {t: d for t, d in durations.items() if abs(d - median) > CLIP_TOLERANCE * median}
    if len(odd) > (1 - CLIP_SHARE) * len(durations):
        return []
    return [
        Fault("length", track_id, f"lasts {duration:.1f} s where {median:.1f} s is usual")
        for track_id, duration in odd.items()
    ]


def _summary(dataset: Dataset, genre: str) -> GenreSummary:
    tracks = [track for track in dataset.tracks if track.genre == genre]
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for track in tracks:
        for key, spelt in listed_artists(track.artist).items():
            spellings[key][spelt] += 1
    # The commonest spelling is shown; of equally common ones the first in alphabetical order.
    counts = Counter({max(sorted(names), key=names.__getitem__): names.total() for names in spellings.values()})
    return GenreSummary(
        genre=genre,
        n_tracks=len(tracks),
        n_artists=len(counts),
        n_unknown_artists=sum(track.artist is None for track in tracks),
        top_artists=tuple(counts.most_common(3)),
    )


def _groups(key_of: Mapping[str, Hashable | None]) -> tuple[tuple[str, ...], ...]:
    members: dict[Hashable, list[str]] = defaultdict(list)
    for track_id, key in key_of.items():
        if key is not None:
            members[key].append(track_id)
    return tuple(tuple(sorted(group)) for group in members.values() if len(group) > 1)


def _pairs(group: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for place, first in enumerate(group):
        for second in group[place + 1 :]:
            yield first, second
