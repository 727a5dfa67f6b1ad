"""The command as people and programs use it: real files in, text and exit codes out."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from tiny_model import GENRES, write_tiny_model


def _rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


# --- what it writes


def test_json_holds_what_the_contract_says(classify: Callable, good: Path) -> None:
    finished = classify(good, "--format", "json")
    assert finished.code == 0
    assert finished.err == ""
    (row,) = _rows(finished.out)
    assert list(row) == ["path", "genre", "confidence", "probabilities", "duration_s", "model"]
    assert row["path"] == str(good)
    assert row["genre"] == "bass"
    assert row["confidence"] == max(row["probabilities"].values())
    assert set(row["probabilities"]) == set(GENRES)
    assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-6)
    assert row["duration_s"] == pytest.approx(3.0, abs=0.01)
    assert row["model"] == "tiny"


def test_timeline_covers_the_file_and_names_the_change(classify: Callable, tmp_path: Path) -> None:
    t = np.arange(8000 * 10) / 8000
    y = np.concatenate([np.sin(2 * np.pi * 100 * t), np.sin(2 * np.pi * 2000 * t)])
    soundfile.write(tmp_path / "two.wav", 0.5 * y, 8000)
    (row,) = _rows(classify(tmp_path / "two.wav", "--format", "json", "--timeline").out)
    assert [segment["genre"] for segment in row["timeline"]] == ["bass", "mid"]
    first, second = row["timeline"]
    assert first["start_s"] == 0
    assert first["end_s"] == second["start_s"] == pytest.approx(10, abs=0.5)
    assert second["end_s"] == row["duration_s"] == 20.0
    assert set(first) == {"start_s", "end_s", "genre", "confidence"}


def test_csv_has_a_header_and_a_row_a_file(classify: Callable, good: Path, tmp_path: Path) -> None:
    finished = classify(good, tmp_path / "missing.wav", "--format", "csv")
    assert finished.code == 1
    first, second = csv.DictReader(io.StringIO(finished.out))
    assert list(first) == ["path", "genre", "confidence", "duration_s", "model", "error", "warnings", *GENRES]
    assert first["genre"] == "bass"
    assert first["error"] == ""
    assert sum(float(first[genre]) for genre in GENRES) == pytest.approx(1, abs=1e-6)
    assert second["path"].endswith("missing.wav")
    assert "no such file" in second["error"]
    assert second["genre"] == second["bass"] == ""


def test_table_shows_genre_confidence_next_best_and_whole_path(classify: Callable, good: Path) -> None:
    finished = classify(good)
    header, line = finished.out.splitlines()
    assert header.split() == ["genre", "confidence", "next", "best", "file"]
    assert line.startswith("bass")
    assert "100%" in line
    assert "mid 0%" in line
    assert line.endswith(str(good))


def test_top_says_how_many_genres_the_table_shows(classify: Callable, good: Path) -> None:
    assert "mid" not in classify(good, "--top", 1).out
    assert "treble" in classify(good, "--top", 3).out


def test_results_are_in_order_whatever_the_length(classify: Callable, write_tone: Callable[..., Path]) -> None:
    paths = [write_tone(f"{i:02}.wav", duration_s=30.0 if i % 5 == 0 else 1.0) for i in range(24)]
    finished = classify(*reversed(paths), "--format", "json", "--jobs", 4)
    assert [row["path"] for row in _rows(finished.out)] == [str(path) for path in reversed(paths)]


# --- what it takes


def test_a_folder_is_searched_and_what_is_no_audio_left_alone(
    classify: Callable, write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    write_tone("album/b.wav")
    write_tone("album/disc 2/a.flac")
    (tmp_path / "album" / "cover.jpg").write_bytes(b"no audio")
    finished = classify(tmp_path / "album", "--format", "json")
    assert finished.code == 0
    assert [Path(row["path"]).name for row in _rows(finished.out)] == ["b.wav", "a.flac"]


def test_hidden_files_of_a_folder_are_left_out_and_told(
    classify: Callable, write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    shown, hidden = write_tone("music/a.wav"), write_tone("music/.b.wav")
    write_tone("music/.c.flac")
    (tmp_path / "music" / "._a.wav").write_bytes(b"what macOS leaves on every stick")
    finished = classify(tmp_path / "music", "--format", "json")
    assert [row["path"] for row in _rows(finished.out)] == [str(shown)]
    assert finished.err == f"genrekit: left out 2 hidden files, such as {hidden}; name them to have them classified\n"
    hidden.unlink()
    assert "left out 1 hidden file, {}/.c.flac; name it".format(tmp_path / "music") in classify(tmp_path / "music").err
    finished = classify(tmp_path / "music", tmp_path / "music" / ".c.flac", "--format", "json")
    assert (len(_rows(finished.out)), finished.err) == (2, "")


@pytest.mark.parametrize("separator", [b"\n", b"\r\n", b"\0"])
def test_a_list_on_standard_input(separator: bytes, classify: Callable, write_tone: Callable[..., Path]) -> None:
    paths = [write_tone("one.wav"), write_tone("two words.wav")]
    stdin = separator.join(os.fsencode(path) for path in paths) + separator
    finished = classify("-", "--format", "json", stdin=stdin)
    assert finished.code == 0
    assert [row["path"] for row in _rows(finished.out)] == [str(path) for path in paths]


def test_a_name_with_a_newline_can_be_listed_with_nul(classify: Callable, write_tone: Callable[..., Path]) -> None:
    path = write_tone("a\nb.wav")
    finished = classify("-", "--format", "json", stdin=os.fsencode(path) + b"\0")
    assert _rows(finished.out)[0]["path"] == str(path)


def test_several_files_are_counted_by_genre(classify: Callable, write_tone: Callable[..., Path]) -> None:
    paths = [write_tone("a.wav"), write_tone("b.wav"), write_tone("c.wav", frequency_hz=3000)]
    assert "genrekit: 3 files: 2 bass, 1 treble" in classify(*paths).err
    assert "files:" not in classify(paths[0]).err


def test_a_file_named_twice_is_classified_once(classify: Callable, good: Path) -> None:
    assert len(_rows(classify(good, good.parent, good, "--format", "json").out)) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["x.wav", "--format", "xml"],
        ["x.wav", "--top", "0"],
        ["x.wav", "--jobs", "0"],
        ["x.wav", "--resume"],
        ["x.wav", "--resume", "--output", "x.txt"],
        ["x.wav", "--output", "x.xlsx"],
        ["x.wav", "--no-such-option"],
        ["-"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2_and_writes_nothing(
    arguments: list[str], classify: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    finished = classify(*arguments)
    assert finished.code == 2
    assert finished.out == ""
    assert finished.err
    assert list(tmp_path.iterdir()) == []


# --- models


@pytest.mark.parametrize("content", [None, b"", b"not a model", "folder"], ids=["missing", "empty", "text", "folder"])
def test_a_model_file_that_is_not_one(
    content: bytes | str | None, genrekit_cli: Callable, good: Path, tmp_path: Path
) -> None:
    model = tmp_path / "x.onnx"
    if content == "folder":
        model.mkdir()
    elif isinstance(content, bytes):
        model.write_bytes(content)
    finished = genrekit_cli("classify", good, "--model", model)
    assert finished.code == (1 if isinstance(content, bytes) else 2)
    assert finished.out == ""
    assert finished.err.startswith(f"genrekit: error: {model}: ")
    assert finished.err.count("\n") == 1


def test_an_onnx_file_of_somebody_else(genrekit_cli: Callable, good: Path, tmp_path: Path) -> None:
    model = write_tiny_model(tmp_path / "other.onnx", metadata={"author": "x"})
    finished = genrekit_cli("classify", good, "--model", model)
    assert finished.code == 1
    assert "without genrekit's metadata" in finished.err


def test_a_name_that_is_no_model(genrekit_cli: Callable, good: Path) -> None:
    finished = genrekit_cli("classify", good, "--model", "nosuch")
    assert finished.code == 2
    assert "no bundled model is named 'nosuch'" in finished.err
