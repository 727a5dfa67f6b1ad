"""Any log-mel archive, such as one that ``write_archive`` made from one's own files."""

from __future__ import annotations

from pathlib import Path

from genrekit.data.archive import read_archive
from genrekit.data.collection import with_collection
from genrekit.data.dataset import Dataset, Track
from genrekit.data.info import DatasetInfo
from genrekit.data.recording_names import pairs_of_names
from genrekit.errors import DataError

__all__ = ["INFO", "load_own_archive"]

INFO = DatasetInfo(
    name="archive",
    summary="any log-mel archive, as 'genrekit data prepare' writes it",
    contents="one .npz file",
)


def load_own_archive(root: Path) -> Dataset:
    """Load the archive file ``root``; genres are in alphabetical order.

    Raises
    ------
    DataError
        If it is not an archive.
    """
    if root.is_dir():
        raise DataError(f"{root} is a folder; the data set 'archive' needs the .npz file itself.")
    contents = read_archive(root)
    archive = contents.archive.sorted()
    tracks = []
    for row, track_id in enumerate(archive.track_ids):
        place = contents.archive.row(track_id)
        tracks.append(
            Track(
                track_id=track_id,
                genre=contents.genres[place],
                artist=contents.artists[place] or None,
                title=contents.titles[place] or None,
                sha256=contents.sha256[place] or None,
                duration_s=archive.duration_s(row),
            )
        )
    same = None
    if contents.recordings is not None:
        same = pairs_of_names(dict(zip(contents.archive.track_ids, contents.recordings, strict=True)))
    dataset = Dataset(contents.name, tuple(sorted(set(contents.genres))), tuple(tracks), (), archive, same)
    try:
        return with_collection(dataset, contents.collection, file_kind="archive")
    except DataError as error:
        raise DataError(f"{root}: {error}") from None
