from __future__ import annotations

from pathlib import Path

import pytest

from genrekit.data import Dataset, Fault, Track
from genrekit.data.splits.split_files import read_lists, read_table
from genrekit.data.text_file import write_new
from genrekit.errors import DataError
from genrekit.whole_file import partial_of


@pytest.fixture
def dataset() -> Dataset:
    ids = ("a/song.mp3", "b/song.mp3", "b/tune.v2.flac", "blues.00012", "blues.00013")
    return Dataset(
        "d",
        ("g",),
        tuple(Track(track_id, "g") for track_id in ids),
        (Fault("undecodable", "jazz.00054", "broken"), Fault("missing", None, "about no track")),
    )


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "name",
    ["blues.00012", "blues.00012.wav", "blues/blues.00012.au", "./blues_00012.wav", "C:\\gtzan\\blues-00012.wav"],
)
def test_names_of_one_track(name: str, dataset: Dataset, tmp_path: Path) -> None:
    split = read_lists(dataset, {"test": _write(tmp_path / "test.txt", f"# comment\n\n{name}\tblues\n")})
    assert split.parts["test"] == ("blues.00012",)
    assert (split.protocol, split.validation, split.missing) == ("custom", "none", 0)


@pytest.mark.parametrize("mark", ["\u2028", "\x85", "\x0b"])
def test_marks_that_some_programs_take_for_line_ends_stay_in_names(mark: str, tmp_path: Path) -> None:
    name = f"a/one{mark}two.mp3"
    dataset = Dataset("d", ("g",), (Track(name, "g"), Track("a/three.mp3", "g")))
    split = read_lists(dataset, {"test": _write(tmp_path / "test.txt", f"{name}\na/three.mp3\n")})
    assert split.parts["test"] == (name, "a/three.mp3")
    table = _write(tmp_path / "table.csv", f"track,part\n{name},train\na/three.mp3,test\n")
    assert read_table(dataset, table).parts["train"] == (name,)


def test_own_files_by_path_and_by_name(dataset: Dataset, tmp_path: Path) -> None:
    split = read_lists(
        dataset,
        {
            "train": _write(tmp_path / "train.txt", "a/song.mp3\ntune.v2.flac\n"),
            "valid": _write(tmp_path / "valid.txt", "b/song.mp3\n"),
        },
    )
    assert split.parts["train"] == ("a/song.mp3", "b/tune.v2.flac")
    assert split.validation == "published"
    with pytest.raises(DataError, match=r"'song\.mp3' is the name of 2 tracks"):
        read_lists(dataset, {"train": _write(tmp_path / "two.txt", "song.mp3\n")})


@pytest.mark.parametrize("name", ["b/song.mp3", "/home/me/music/b/song.mp3", "music\\b\\song.mp3", "b/song"])
def test_folders_tell_files_of_one_name_apart(name: str, dataset: Dataset, tmp_path: Path) -> None:
    split = read_lists(dataset, {"test": _write(tmp_path / "test.txt", f"{name}\n")})
    assert split.parts["test"] == ("b/song.mp3",)


def test_the_very_name_goes_before_the_end_of_another(tmp_path: Path) -> None:
    ids = ("metal/01.mp3", "rock/metal/01.mp3")
    dataset = Dataset("d", ("g",), tuple(Track(track_id, "g") for track_id in ids))
    listed = _write(tmp_path / "test.txt", "\n".join(reversed(ids)))
    assert sorted(read_lists(dataset, {"test": listed}).parts["test"]) == sorted(ids)


def test_a_file_that_is_gone_is_not_another_of_its_name(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"lacks 1 of the 1 tracks named, first 'a/tune\.v2\.flac'"):
        read_lists(dataset, {"test": _write(tmp_path / "test.txt", "a/tune.v2.flac\n")})


def test_known_faults_are_left_out_and_counted(dataset: Dataset, tmp_path: Path) -> None:
    split = read_lists(dataset, {"train": _write(tmp_path / "t.txt", "jazz/jazz.00054.wav\nblues.00012\n")})
    assert split.parts["train"] == ("blues.00012",)
    assert split.missing == 1
    assert split.notes == ("Tracks named that the data set lacks: 1.",)


def test_unknown_tracks_are_counted_and_the_nearest_is_named(dataset: Dataset, tmp_path: Path) -> None:
    path = _write(tmp_path / "t.txt", "blues.00012\nblues_00014.wav\nrock.00001.wav\n")
    with pytest.raises(
        DataError, match=r"lacks 2 of the 3 tracks named, first 'blues_00014\.wav' \(did you mean 'blues"
    ):
        read_lists(dataset, {"train": path})


def test_table(dataset: Dataset, tmp_path: Path) -> None:
    path = _write(tmp_path / "mine.csv", "track,part,fold\nblues.00012,train,1\nb/song.mp3,test,1\n")
    split = read_table(dataset, path)
    assert split.name == "mine"
    assert dict(split.parts) == {"train": ("blues.00012",), "valid": (), "test": ("b/song.mp3",)}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("track\na\n", "columns track and part; found track"),
        ("", "found none"),
        ("track,part\nblues.00012,trian\n", r"line 2: a part is train, valid or test; found 'trian'"),
        ("track,part\n", "names no track"),
        ("track,part\nblues.00012,test\nblues_00012,test\n", "names 'blues.00012' twice"),
    ],
)
def test_wrong_tables(text: str, problem: str, dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=problem):
        read_table(dataset, _write(tmp_path / "t.csv", text))


def test_unreadable(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for path, problem in (
        (tmp_path / "none", "There is no file"),
        (tmp_path, "Cannot read"),
        (tmp_path / "binary", "not a list"),
    ):
        with pytest.raises(DataError, match=problem):
            read_lists(dataset, {"train": path})


def test_new_files_are_written_once(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_new(path, "text\n")
    write_new(path, "text\n")
    with pytest.raises(DataError, match="exists already with other content"):
        write_new(path, "other\n")
    assert path.read_text() == "text\n"
    with pytest.raises(DataError, match="Cannot write"):
        write_new(tmp_path / "none" / "a.json", "text\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    partial_of(tmp_path / "a.json").symlink_to("/dev/full")
    with pytest.raises(DataError, match=r"Cannot write .*No space left"):
        write_new(tmp_path / "a.json", "text\n")
    assert not list(tmp_path.iterdir())
