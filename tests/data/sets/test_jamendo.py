from __future__ import annotations

from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from genrekit.data import PARTS, Dataset, Track, load_dataset, make_split, prove
from genrekit.data.sets.jamendo import read_catalogue
from genrekit.data.sets.jamendo_gtzan_genres import INFO as GTZAN_GENRES_INFO
from genrekit.data.sets.label_maps import JAMENDO_TO_GTZAN
from genrekit.errors import DataError

REPOSITORY = Path(__file__).parents[3]
HEADER = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS\n"
TABLES = {
    "train": "track_0000214\tartist_000014\talbum_000031\t14/214.mp3\t124.6\tgenre---punkrock\tgenre---rock\n"
    "track_0000241\tartist_000005\talbum_000033\t41/241.mp3\t340.1\tgenre---rock\n",
    "validation": "track_0000300\tartist_000006\talbum_000034\t00/300.mp3\t60.0\tgenre---jazz\tgenre---rock\n",
    "test": "track_0000215\tartist_000014\talbum_000031\t15/215.mp3\t151.4\tgenre---heavymetal\tgenre---metal\n"
    "track_0000216\tartist_000015\talbum_000032\t16/216.mp3\t234.9\tgenre---techno\n",
}
# Songs of split-0 that carry exactly one of GTZAN's genres.
OF_GENRE = {
    "blues": 468,
    "classical": 5276,
    "country": 409,
    "disco": 361,
    "hiphop": 2126,
    "jazz": 1552,
    "metal": 831,
    "pop": 5343,
    "reggae": 985,
    "rock": 4000,
}


def _write(root: Path, tables: dict[str, str] = TABLES, *, folder: str = "", audio: str = "audio") -> Path:
    (root / folder).mkdir(parents=True, exist_ok=True)
    for part, text in tables.items():
        (root / folder / f"autotagging_genre-{part}.tsv").write_text(HEADER + text, encoding="utf-8")
    for name in ("14/214", "41/241", "00/300", "15/215", "16/216"):
        path = root / audio / f"{name}.mp3"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


@pytest.mark.parametrize("folder", ["", "data/splits/split-0"])
@pytest.mark.parametrize("audio", ["", "audio", "raw_30s/audio"])
def test_layouts(folder: str, audio: str, tmp_path: Path) -> None:
    root = _write(tmp_path, folder=folder, audio=audio)
    dataset = load_dataset("jamendo", root)
    assert dataset.genres == ("rock", "techno")
    assert [(t.track_id, t.genre, t.artist, t.title, t.duration_s) for t in dataset.tracks] == [
        ("track_0000216", "techno", "artist_000015", None, 234.9),
        ("track_0000241", "rock", "artist_000005", None, 340.1),
    ]
    assert dataset.tracks[0].path == root / audio / "16/216.mp3"
    assert not dataset.faults and dataset.numbered_artists


def test_gtzan_genres(tmp_path: Path) -> None:
    dataset = load_dataset("jamendo_gtzan_genres", _write(tmp_path))
    assert dataset.genres == ("metal", "rock")
    genres = {track.track_id: track.genre for track in dataset.tracks}
    assert genres == {"track_0000214": "rock", "track_0000215": "metal", "track_0000241": "rock"}
    split = make_split(dataset, "official")
    assert [len(split.parts[part]) for part in PARTS] == [2, 0, 1]
    # The same artist is in training and in test here: stated, and not refused of a published list.
    proof = prove(split, dataset)
    assert proof.between("train", "test", "artist").n_shared == 1 and not proof.refused


def test_audio_of_low_quality_and_missing_audio(tmp_path: Path) -> None:
    root = _write(tmp_path)
    (root / "audio/41/241.mp3").rename(root / "audio/41/241.low.mp3")
    (root / "audio/16/216.mp3").unlink()
    dataset = load_dataset("jamendo", root)
    assert [track.path for track in dataset.tracks] == [root / "audio/41/241.low.mp3"]
    assert [(fault.kind, fault.track_id) for fault in dataset.faults] == [("missing", "track_0000216")]
    assert dataset.genres == ("rock", "techno")


def test_a_missing_table(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"does not hold the metadata of MTG-Jamendo: none of .*-train\.tsv"):
        load_dataset("jamendo", tmp_path)
    (_write(tmp_path) / "autotagging_genre-test.tsv").unlink()
    with pytest.raises(DataError, match=r"There is no file .*autotagging_genre-test\.tsv"):
        load_dataset("jamendo", tmp_path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("track_1\tartist_1\talbum_1\t01/1.mp3\t60.0\n", "line 2: 5 cells; expected at least 6"),
        ("track_1\tartist_1\talbum_1\t01/1.mp3\tlong\tgenre---pop\n", "duration is a number of seconds; found 'long'"),
        ("track_1\tartist_1\talbum_1\t01/1.mp3\tnan\tgenre---pop\n", "duration is a number of seconds; found 'nan'"),
        ("track_1\tartist_1\talbum_1\t01/1.mp3\t6.0\tmood/theme---sad\n", "a tag begins with 'genre---'; found 'mood"),
        (TABLES["train"].splitlines(keepends=True)[0], r"track_0000214 is there twice, in .*-train.* and in .*-test"),
    ],
)
def test_odd_lines(line: str, message: str, tmp_path: Path) -> None:
    root = _write(tmp_path, {**TABLES, "test": line})
    with pytest.raises(DataError, match=message):
        load_dataset("jamendo", root)


def test_a_wrong_header(tmp_path: Path) -> None:
    root = _write(tmp_path)
    (root / "autotagging_genre-test.tsv").write_text("TRACK_ID,PATH\n")
    with pytest.raises(DataError, match=r"must have the columns TRACK_ID, .*found TRACK_ID,PATH"):
        load_dataset("jamendo", root)


def test_lines_that_end_as_on_windows(tmp_path: Path) -> None:
    root = _write(tmp_path)
    path = root / "autotagging_genre-train.tsv"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert load_dataset("jamendo", root).genres == ("rock", "techno")


@pytest.fixture(scope="module")
def real_root() -> Path:
    root = REPOSITORY.parent / "shared" / "jamendo"
    if not (root / "autotagging_genre-train.tsv").is_file():
        pytest.skip(f"The metadata of MTG-Jamendo's split-0 are not at {root}")
    return root


def test_the_real_metadata(real_root: Path) -> None:
    entries = read_catalogue(real_root).entries
    assert Counter(entry.part for entry in entries) == {"train": 32_572, "valid": 11_043, "test": 11_479}
    assert len({tag for entry in entries for tag in entry.tags}) == 87
    alone = [entry for entry in entries if entry.genre is not None]
    assert (len(alone), len({entry.genre for entry in alone})) == (11_946, 83)
    labelled = [(entry, genre) for entry in entries if (genre := JAMENDO_TO_GTZAN.genre_of(entry.tags)) is not None]
    counts = Counter(genre for _, genre in labelled)
    assert counts == OF_GENRE
    assert counts.total() == GTZAN_GENRES_INFO.n_tracks
    # No artist is on two sides, neither of all songs nor of those under GTZAN's genres.
    tracks = (Track(entry.track_id, genre, artist=entry.artist) for entry, genre in labelled)
    dataset = Dataset(
        "jamendo_gtzan_genres",
        tuple(JAMENDO_TO_GTZAN.tags),
        tuple(sorted(tracks, key=lambda track: track.track_id)),
        published_parts={entry.track_id: entry.part for entry in entries},
    )
    split = make_split(dataset, "official")
    assert [len(split.parts[part]) for part in PARTS] == [12_490, 4_575, 4_286]
    proof = prove(split, dataset)
    assert proof.crossing == {"track": 0, "copy": 0, "recording": 0, "artist": 0}
    assert (proof.n_test_touched, proof.n_unknown_artists) == (0, 0)
    artists = {part: {entry.artist for entry in entries if entry.part == part} for part in PARTS}
    assert all(artists[one].isdisjoint(other_artists) for one, other_artists in _others(artists))
    assert sum(map(len, artists.values())) == 3546


def _others(artists: dict) -> list:
    return [(first, artists[second]) for first, second in combinations(artists, 2)]


def test_without_audio_all_of_it_is_missing(real_root: Path, tmp_path: Path) -> None:
    for table in real_root.glob("*.tsv"):
        (tmp_path / table.name).symlink_to(table)
    dataset = load_dataset("jamendo_gtzan_genres", tmp_path)
    assert not dataset.tracks and {fault.kind for fault in dataset.faults} == {"missing"}
    assert Counter(fault.genre for fault in dataset.absent()) == OF_GENRE
    assert len(dataset.published_parts or ()) == 21_351
