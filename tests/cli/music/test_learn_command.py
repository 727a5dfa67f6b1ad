"""Own genres the whole way by the real command line: learnt, then used by classify, tag and picture."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sklearn")
pytest.importorskip("onnx")

from learning.conftest import write_song

from genrekit.cli.help.extras import install_line
from genrekit.learning import own_genres

DEEP, BRIGHT = "Früh Dub", "Acid & Bleep"  # no letters of ASCII alone, and what HTML and shells mind


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    folder = tmp_path / "My Genres"
    for k in range(6):
        write_song(folder / DEEP / f"{k:02}.flac", k, 100, 700)
        write_song(folder / BRIGHT / f"{k:02}.flac", 1000 + k, 2200, 3500)
    return folder


@pytest.fixture
def new_songs(tmp_path: Path) -> dict[str, Path]:
    return {
        DEEP: write_song(tmp_path / "new" / "a.flac", 77, 100, 700),
        BRIGHT: write_song(tmp_path / "new" / "b.flac", 1077, 2200, 3500),
    }


def test_what_was_learnt_is_classified_tagged_taken_back_and_drawn(
    genrekit_cli: Callable[..., Any],
    tiny_model_path: Path,
    collection: Path,
    new_songs: dict[str, Path],
    tmp_path: Path,
) -> None:
    pytest.importorskip("mutagen")
    pytest.importorskip("matplotlib")
    from genrekit.library.tags import read_tags

    model, folder, journal = tmp_path / "mine.onnx", tmp_path / "new", tmp_path / "journal.jsonl"
    learnt = genrekit_cli("learn", collection, "--model", tiny_model_path, "--output", model)
    assert learnt.code == 0, learnt.err
    assert DEEP in learnt.out and "accuracy 100.0 % on songs held out" in learnt.out
    assert "fewer than 10 songs" in learnt.err and "as a rule" not in learnt.err
    assert f"use it by: genrekit classify --model {model}" in learnt.err

    heard = genrekit_cli("classify", folder, "--model", model, "--format", "json")
    assert heard.code == 0, heard.err
    rows = [json.loads(line) for line in heard.out.splitlines()]
    assert {row["genre"]: Path(row["path"]) for row in rows} == new_songs
    assert {row["model"] for row in rows} == {"mine"}
    assert all(set(row["probabilities"]) == set(new_songs) for row in rows)

    before = {path: path.read_bytes() for path in new_songs.values()}
    shown = genrekit_cli("tag", folder, "--model", model, "--name", f"{BRIGHT}=Acid")
    assert [re.sub(r"  \d+%", "", line) for line in shown.out.splitlines()] == [
        f"(none) -> {DEEP}  {new_songs[DEEP]}",
        f"(none) -> Acid  {new_songs[BRIGHT]}",
    ]
    assert {path: path.read_bytes() for path in new_songs.values()} == before
    written = genrekit_cli("tag", folder, "--model", model, "--write", "--journal", journal)
    assert written.code == 0, written.err
    assert {read_tags(path).genres: path for path in new_songs.values()} == {
        (genre,): path for genre, path in new_songs.items()
    }
    assert genrekit_cli("tag", "undo", journal).code == 0
    assert {path: path.read_bytes() for path in new_songs.values()} == before

    drawn = genrekit_cli("picture", new_songs[DEEP], "--model", model, "-o", tmp_path / "pictures", "-f", "svg")
    assert drawn.code == 0, drawn.err
    assert "Acid &amp; Bleep" in (tmp_path / "pictures" / "a.flac.svg").read_text(encoding="utf-8")


def test_results_of_one_model_are_not_gone_on_with_by_another(
    genrekit_cli: Callable[..., Any],
    tiny_model_path: Path,
    collection: Path,
    new_songs: dict[str, Path],
    tmp_path: Path,
) -> None:
    model, results = tmp_path / "mine.onnx", tmp_path / "results.json"
    assert genrekit_cli("learn", collection, "--model", tiny_model_path, "--output", model).code == 0
    assert genrekit_cli("classify", *new_songs.values(), "-m", tiny_model_path, "-o", results).code == 0
    finished = genrekit_cli("classify", *new_songs.values(), "-m", model, "-o", results, "--resume")
    assert finished.code == 1
    assert "tiny" in finished.err and "mine" in finished.err


def test_a_broken_song_is_named_and_the_others_are_learnt(
    genrekit_cli: Callable[..., Any], tiny_model_path: Path, collection: Path, tmp_path: Path
) -> None:
    (collection / DEEP / "broken.mp3").write_bytes(b"no music" * 100)
    cut = collection / DEEP / "05.flac"
    cut.write_bytes(cut.read_bytes()[:-2000])
    finished = genrekit_cli("learn", collection, "--model", tiny_model_path, "--output", tmp_path / "mine.onnx")
    assert finished.code == 1
    # Once, and without the path that repeats the name; what is learnt from in part is told all the same.
    (told,) = (line for line in finished.err.splitlines() if "broken.mp3" in line)
    assert told.startswith(f"genrekit: warning: left out {DEEP}/broken.mp3: is not audio that can be decoded")
    assert f"genrekit: warning: {DEEP}/05.flac: damaged after" in finished.err
    assert (tmp_path / "mine.onnx").is_file()


def test_a_song_beside_the_genres_is_told(
    genrekit_cli: Callable[..., Any], tiny_model_path: Path, collection: Path, tmp_path: Path
) -> None:
    write_song(collection / "loose.FLAC", 5, 100, 700)
    (collection / "cover.jpg").write_bytes(b"no song")
    (collection / "._loose.flac").write_bytes(b"of macOS")
    finished = genrekit_cli("learn", collection, "--model", tiny_model_path, "--output", tmp_path / "mine.onnx")
    assert finished.code == 0
    (told,) = (line for line in finished.err.splitlines() if "left out" in line)
    assert told == "genrekit: left out loose.FLAC: not in a genre's folder"


@pytest.mark.parametrize(
    ("name", "told"), [("", "an argument is empty"), (" ", "one line"), ("a\nb", "one line"), ("\x1b[31m", "one line")]
)
def test_a_name_is_one_line(
    name: str, told: str, genrekit_cli: Callable[..., Any], collection: Path, tmp_path: Path
) -> None:
    finished = genrekit_cli("learn", collection, "--output", tmp_path / "mine.onnx", "--name", name)
    assert finished.code == 2 and told in finished.err


@pytest.mark.parametrize("package", ["sklearn", "onnx"])
def test_a_missing_extra_is_told_before_anything_is_heard(
    package: str, genrekit_cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hear(*arguments: Any, **options: Any) -> None:
        raise AssertionError("a song was heard")

    monkeypatch.setattr(own_genres, "find_songs", hear)
    monkeypatch.setitem(sys.modules, package, None)
    finished = genrekit_cli("learn", tmp_path, "--output", tmp_path / "x.onnx")
    assert finished.code == 2
    assert finished.err == f"genrekit: error: genrekit learn needs scikit-learn and onnx: {install_line('learn')}\n"


def test_a_folder_that_is_not_there_is_told(
    genrekit_cli: Callable[..., Any], tiny_model_path: Path, tmp_path: Path
) -> None:
    song = write_song(tmp_path / "song.flac", 5, 100, 700)
    for given, problem in ((tmp_path / "nope", "there is no folder"), (song, "is a file, not a folder")):
        finished = genrekit_cli("learn", given, "--model", tiny_model_path, "--output", tmp_path / "mine.onnx")
        assert finished.code == 2
        assert problem in finished.err and str(given) in finished.err
        assert "FOLDER/<genre>/" in finished.err and "data set" not in finished.err


def test_a_model_by_an_unusual_name_is_told_and_works(
    genrekit_cli: Callable[..., Any],
    tiny_model_path: Path,
    collection: Path,
    new_songs: dict[str, Path],
    tmp_path: Path,
) -> None:
    model = tmp_path / "mine.txt"
    learnt = genrekit_cli("learn", collection, "--model", tiny_model_path, "--output", model)
    assert learnt.code == 0
    assert f"{model}: the name of a model file ends in .onnx as a rule" in learnt.err
    assert genrekit_cli("classify", *new_songs.values(), "--model", model).code == 0


@pytest.mark.parametrize("name", ["there.onnx", "bare"])
def test_wrong_usage(
    genrekit_cli: Callable[..., Any], tiny_model_path: Path, collection: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "there.onnx").write_text("mine")
    finished = genrekit_cli("learn", collection, "--model", tiny_model_path, "--output", tmp_path / name)
    assert finished.code == 2
    assert (tmp_path / "there.onnx").read_text() == "mine"
