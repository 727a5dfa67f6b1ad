"""GTZAN from audio: 1000 tracks of 30 s, 10 genres, in any of the folder layouts that people have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from genrekit.data.dataset import Dataset, Fault, Track
from genrekit.data.info import DatasetInfo
from genrekit.data.sets.gtzan_facts import GENRES, GtzanFacts, gtzan_facts, known_faults, known_recordings
from genrekit.errors import DataError

__all__ = ["INFO", "find_genre_folders", "load_gtzan", "load_gtzan_genres"]

CITATION = (
    "G. Tzanetakis and P. Cook, Musical genre classification of audio signals, IEEE Trans. Speech and Audio "
    "Processing 10(5), 293-302, 2002. Faults, artists and titles: B. L. Sturm, The state of the art ten years after "
    "a state of the art: Future research in music information retrieval, J. New Music Research 43(2), 147-172, 2014."
)
LICENCE = "It was published without a licence; the recordings are copyrighted. Research use only."

INFO = DatasetInfo(
    name="gtzan",
    summary="GTZAN from audio: 1000 tracks of 30 s, 10 genres of 100",
    contents="<genre>/blues.00000.wav and so on, in the root or in its genres/, genres_original/, "
    "Data/genres_original/ or audio/; .wav, .au, .flac, .ogg or .mp3",
    licence=LICENCE,
    citation=CITATION,
    source="https://www.kaggle.com/datasets/andradaolteanu/gtzan-dataset-music-genre-classification and others",
    download="https://huggingface.co/datasets/marsyas/gtzan/resolve/main/data/genres.tar.gz",
    genres=GENRES,
    n_tracks=1000,
)

# In order of preference where a track is there in several formats.
SUFFIXES = (".wav", ".au", ".flac", ".ogg", ".mp3")
LAYOUTS = ("", "genres", "genres_original", "Data/genres_original", "Data/genres", "audio")

# The common copy's files are 16-bit mono at this rate behind a header of 44 bytes.
WAV_SR = 22050
WAV_HEADER_BYTES = 44
N_SHOWN = 5


def load_gtzan(root: Path) -> Dataset:
    """Load GTZAN from audio files below ``root``.

    Tracks that are not there are faults of the kind "missing". The file of jazz.00054 that is broken in the common copy
    is left out and is a fault of the kind "undecodable"; a whole one, as other copies have, is a track.

    Raises
    ------
    DataError
        If no layout of GTZAN is found, or none of its tracks.
    """
    return load_gtzan_genres(root, "gtzan", GENRES)


def load_gtzan_genres(root: Path, name: str, genres: Sequence[str]) -> Dataset:
    """Load some of GTZAN's genres as a data set of this name."""
    base = find_genre_folders(root, genres)
    facts = {track_id: fact for track_id, fact in gtzan_facts().items() if track_id.split(".")[0] in genres}
    broken = {fault.track_id: fault for fault in known_faults() if fault.kind == "undecodable"}
    files, faults = _scan(base, genres, facts)
    tracks = []
    for track_id, fact in facts.items():
        path = files.get(track_id)
        if path is None:
            faults.append(Fault("missing", track_id, "there is no file of this track", track_id.split(".")[0]))
        elif track_id in broken and path.stat().st_size == fact.wav_bytes:
            faults.append(broken[track_id])
        else:
            tracks.append(_track(track_id, path, fact))
    if not files:
        found = ", ".join(sorted(path.name for path in base.iterdir())[:N_SHOWN])
        raise DataError(
            f"{base} holds no track of GTZAN, such as {genres[0]}/{genres[0]}.00000.wav; it has {found}. Give the "
            "folder above the genres."
        )
    return Dataset(name, tuple(genres), tuple(tracks), tuple(faults), same_recordings=known_recordings())


def find_genre_folders(root: Path, genres: Sequence[str] = GENRES) -> Path:
    """The folder that holds the genre folders.

    Raises
    ------
    DataError
        If there is none; the message lists the layouts.
    """
    best, most = root, 0
    for layout in LAYOUTS:
        base = root / layout
        found = sum((base / genre).is_dir() for genre in genres)
        if found > most:
            best, most = base, found
    if most == 0:
        if root.is_file():
            raise DataError(
                f"{root} is a file; GTZAN as audio is a folder of folders, one a genre. An archive of log-mels is the "
                "data set gtzan_archive, which other recipes of `genrekit recipes` are for."
            )
        layouts = ", ".join(f"{root / layout}/{genres[0]}/" for layout in LAYOUTS)
        raise DataError(f"{root} does not hold GTZAN: none of {layouts} exists. Give the folder above the genres.")
    return best


def _scan(base: Path, genres: Sequence[str], facts: dict[str, GtzanFacts]) -> tuple[dict[str, Path], list[Fault]]:
    files: dict[str, Path] = {}
    faults = []
    for genre in genres:
        for path in _audio_files(base / genre):
            track_id = _track_id(path, genre)
            place = f"{genre}/{path.name}"
            if track_id is None or track_id not in facts:
                faults.append(Fault("unrecognised", place, f"is not named like a track, such as {genre}.00000.wav"))
            elif not track_id.startswith(f"{genre}."):
                faults.append(Fault("misplaced", place, f"lies in the folder {genre}; it is not used from there"))
            elif track_id in files:
                faults.append(Fault("double", place, f"{files[track_id].name} is used for the same track"))
            else:
                files[track_id] = path
    return files, faults


def _audio_files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        return
    # The files "._blues.00000.wav" that macOS leaves beside others are no audio.
    found = [p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES and not p.name.startswith(".")]
    yield from sorted(found, key=lambda path: (SUFFIXES.index(path.suffix.lower()), path.name))


def _track_id(path: Path, genre: str) -> str | None:
    match = re.fullmatch(r"(?:([a-z]+)[._-])?(\d{5})", path.stem.lower())
    return f"{match[1] or genre}.{match[2]}" if match else None


def _track(track_id: str, path: Path, fact: GtzanFacts) -> Track:
    return Track(
        track_id=track_id,
        genre=track_id.split(".")[0],
        path=path,
        artist=fact.artist,
        title=fact.title,
        sha256=fact.wav_sha256,
        duration_s=(fact.wav_bytes - WAV_HEADER_BYTES) / 2 / WAV_SR,
    )
