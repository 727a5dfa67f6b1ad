"""Own files: one folder a genre; artists from a table, or from the files' tags."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path

from genrekit.audio import find_audio
from genrekit.data.dataset import Dataset, Fault, Track
from genrekit.data.hashing import hash_possible_copies
from genrekit.data.info import DatasetInfo
from genrekit.data.relations import known_artist
from genrekit.data.sets.artist_tags import tagged_artist
from genrekit.data.text_file import read_text
from genrekit.errors import DataError
from genrekit.suggestion import did_you_mean

__all__ = ["ARTISTS_FILE", "INFO", "load_folder"]

ARTISTS_FILE = "artists.csv"
# Columns are separated by the first of these that the first line has: spreadsheets write what their country takes.
SEPARATORS = (",", ";", "\t")
# What file systems, network disks and archives put among a user's folders, in lower case.
SYSTEM_FOLDERS = frozenset(
    {"@eadir", "@recycle", "#recycle", "#snapshot", "$recycle.bin", "system volume information", "lost+found"}
    | {"__macosx"}
)

INFO = DatasetInfo(
    name="folder",
    summary="own files: one folder a genre, and if you have it a table of artists",
    contents=f"<genre>/ with audio files of any format, at any depth; optionally {ARTISTS_FILE} with the columns "
    "file, artist and, if known, title. Where it tells no artist, the files' tags do",
)


def load_folder(root: Path) -> Dataset:
    """Load ``root/<genre>/``, none of them without audio files; genres are in alphabetical order.

    Folders that systems make, such as ``@eaDir`` or ``$RECYCLE.BIN``, are no genres. A track is named by its
    path below ``root``, such as ``"rock/live/song.mp3"``. ``root/artists.csv``, if it is there, has the columns
    ``file`` (that name, or the file's name alone if it is there once), ``artist`` and optionally ``title``, separated
    by commas, semicolons or tabs; its names may have ``\\`` for ``/``, and accents in another form of Unicode; where it
    tells no artist, the file's tags do. A byte of a name that is not UTF-8 is written ``\\udcXX``, as in messages, so
    that every file of results can hold it. Only files that share their size with another are hashed, since the others
    can have no copy.

    Raises
    ------
    DataError
        If there are no genre folders, one of them has no audio file, or the table cannot be read.
    """
    if not root.is_dir():
        raise DataError(f"{root} is not a folder; the data set 'folder' needs one with a folder for each genre.")
    folders = [path for path in sorted(root.iterdir()) if path.is_dir() and not _is_no_genre(path.name)]
    faults: list[Fault] = []
    files: dict[str, tuple[str, Path]] = {}
    empty = []
    for folder in folders:
        found = _files(folder, root, faults)
        files |= {name: (_text(folder.name), path) for name, path in found.items()}
        if not found:
            empty.append(folder.name)
    if not folders:
        raise DataError(f"{root} has no folders; expected one folder for each genre, with its audio files inside.")
    if empty:
        listed = ", ".join(map(repr, empty))
        raise DataError(
            f"Each folder of {root} is a genre, and {listed} {'has' if len(empty) == 1 else 'have'} no audio file. Add "
            "files, or move the folder elsewhere."
        )
    artists = _read_artists(root, files, faults)
    hashes = hash_possible_copies(path for _, path in files.values())
    tracks = []
    for name in sorted(files):
        genre, path = files[name]
        artist, title = artists.get(name, (None, None))
        tracks.append(Track(name, genre, path, artist or tagged_artist(path), title, hashes.get(path)))
    genres = tuple(sorted(_text(folder.name) for folder in folders))
    return Dataset(_text(root.resolve().name), genres, tuple(tracks), tuple(faults))


def _is_no_genre(name: str) -> bool:
    return name.startswith(".") or name.lower() in SYSTEM_FOLDERS


def _text(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _files(folder: Path, root: Path, faults: list[Fault]) -> dict[str, Path]:
    found = {}
    for path in find_audio(folder):
        name = _text(path.relative_to(root).as_posix())
        if path.is_dir():
            if path != folder:
                faults.append(Fault("unreadable", name, "the folder may not be read"))
        elif not path.exists():
            faults.append(Fault("unreadable", name, "is a broken link or out of reach"))
        elif path.stat().st_size == 0:
            faults.append(Fault("empty", name, "the file is empty"))
        else:
            found[name] = path
    return found


def _read_artists(
    root: Path, files: dict[str, tuple[str, Path]], faults: list[Fault]
) -> dict[str, tuple[str | None, str | None]]:
    path = root / ARTISTS_FILE
    if not path.is_file():
        return {}
    as_written, spelt_alike = _by_name(files, str), _by_name(files, _one_spelling)
    artists: dict[str, tuple[str | None, str | None]] = {}
    for row in _rows_of_artists(path):
        given = (row["file"] or "").strip()
        names = as_written.get(given) or spelt_alike.get(_one_spelling(given)) or []
        if len(names) == 1:
            told = known_artist(row["artist"]), (row.get("title") or "").strip() or None
            if artists.setdefault(names[0], told) != told:
                faults.append(Fault("ambiguous", given, f"{ARTISTS_FILE} names it twice, and not alike"))
        elif names:
            faults.append(Fault("ambiguous", given, f"{ARTISTS_FILE} names it, and {len(names)} files are it"))
        else:
            detail = f"{ARTISTS_FILE} names it, but there is no such file{did_you_mean(given, files)}"
            faults.append(Fault("missing", given, detail))
    return artists


def _by_name(files: Iterable[str], spell: Callable[[str], str]) -> dict[str, list[str]]:
    """The files that a path below the root is, and those that a name alone is, which has no "/" as paths have."""
    found: dict[str, list[str]] = {}
    for name in files:
        spelt = spell(name)
        for key in {spelt, spelt.rpartition("/")[2]}:
            found.setdefault(key, []).append(name)
    return found


def _one_spelling(name: str) -> str:
    """Of what other systems write for one file: accents as characters of their own or not, folders in Windows' way."""
    return unicodedata.normalize("NFC", name).replace("\\", "/")


def _rows_of_artists(path: Path) -> list[dict[str, str | None]]:
    text = read_text(path, what="a CSV table of files and artists")
    header, _, rest = text.partition("\n")
    if header.startswith("sep="):
        # By which spreadsheets tell each other the separator.
        text, header = rest, rest.partition("\n")[0]
    separator = next((one for one in SEPARATORS if one in header), SEPARATORS[0])
    try:
        reader = csv.DictReader(io.StringIO(text), delimiter=separator)
        reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
        columns = set(reader.fieldnames) - {""}
        if not {"file", "artist"} <= columns <= {"file", "artist", "title"}:
            raise DataError(
                f"{path} must have the columns file, artist and optionally title, separated alike; found "
                f"{sorted(columns)}, separated by {separator!r}."
            )
        return list(reader)
    except csv.Error as error:
        raise DataError(f"Cannot read {path}: {error}. It must be a CSV table in UTF-8.") from None
