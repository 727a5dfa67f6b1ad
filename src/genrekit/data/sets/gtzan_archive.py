"""GTZAN as a log-mel archive: 999 tracks without their audio (all but jazz.00054)."""

from __future__ import annotations

from pathlib import Path

from genrekit.data.archive import read_archive
from genrekit.data.dataset import Dataset, Fault, Track
from genrekit.data.info import DatasetInfo
from genrekit.data.sets.gtzan import CITATION, LICENCE
from genrekit.data.sets.gtzan_facts import GENRES, gtzan_facts, known_faults, known_recordings
from genrekit.errors import DataError, NoSuchDataError

__all__ = ["INFO", "load_gtzan_archive"]

FILE_NAME = "logmel.npz"

INFO = DatasetInfo(
    name="gtzan_archive",
    summary="GTZAN as a log-mel archive: 999 tracks without their audio, 10 genres",
    contents=f"{FILE_NAME}, or the file itself; 'genrekit data prepare gtzan' makes one from audio",
    licence=LICENCE,
    citation=CITATION,
    genres=GENRES,
    n_tracks=999,
    recordings="gtzan",
)


def load_gtzan_archive(root: Path) -> Dataset:
    """Load GTZAN's archive from ``root/logmel.npz``, or from ``root`` itself if that is a file.

    Artists, titles and hashes come with the package, so the archive needs none.

    Raises
    ------
    DataError
        If there is no such file, it is not an archive, or its tracks are not GTZAN's.
    """
    path = root / FILE_NAME if root.is_dir() else root
    if not path.is_file() and root.is_dir() and any(folder.name in GENRES for folder in root.iterdir()):
        raise NoSuchDataError(
            f"There is no {path}, and {root} looks like GTZAN as audio, which is the data set gtzan: other recipes are "
            "for it (those without _archive in their name). 'genrekit data prepare gtzan' makes an archive of it."
        )
    contents = read_archive(path)
    archive = contents.archive.sorted()
    facts = gtzan_facts()
    strangers = [track_id for track_id in archive.track_ids if track_id not in facts]
    if strangers:
        raise DataError(
            f"{path} is not GTZAN's archive: {len(strangers)} of its {len(archive)} tracks are unknown, first "
            f"{strangers[0]!r}. For an archive of your own files use the data set 'archive'."
        )
    for track_id, genre in zip(contents.archive.track_ids, contents.genres, strict=True):
        if track_id.split(".")[0] != genre:
            raise DataError(f"{path}: track {track_id!r} is filed under the genre {genre!r}.")
    tracks = []
    for row, track_id in enumerate(archive.track_ids):
        fact = facts[track_id]
        tracks.append(
            Track(
                track_id=track_id,
                genre=track_id.split(".")[0],
                artist=fact.artist,
                title=fact.title,
                sha256=fact.wav_sha256,
                duration_s=archive.duration_s(row),
            )
        )
    present = set(archive.track_ids)
    faults = [fault for fault in known_faults() if fault.track_id not in present]
    known = {fault.track_id for fault in faults}
    faults += [
        Fault("missing", name, "not in the archive", name.split(".")[0])
        for name in sorted(facts)
        if name not in present | known
    ]
    return Dataset("gtzan_archive", GENRES, tuple(tracks), tuple(faults), archive, known_recordings())
