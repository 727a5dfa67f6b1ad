from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.readings import load_readings

GENRES = ("blues", "jazz", "rock")


def write_run(folder: Path, *, protocol: str = "P2", fold: int = 0) -> Path:
    """Thirty tracks of two excerpts, of which four in five are right."""
    label = np.repeat(np.arange(30) % 3, 2)
    answer = np.where(np.repeat(np.arange(30) < 24, 2), label, (label + 1) % 3)
    probabilities = np.full((60, 3), 0.1)
    probabilities[np.arange(60), answer] = 0.8
    folder.mkdir(parents=True)
    Predictions(
        genres=GENRES,
        track=np.array([f"{GENRES[i % 3]}.{100 * fold + i:05d}" for i in np.repeat(np.arange(30), 2)]),
        start_s=np.tile([0.0, 5.0], 30),
        part=np.full(60, "test"),
        fold=np.full(60, fold),
        seed=np.zeros(60, dtype=int),
        label=label,
        probabilities=probabilities,
        protocol=protocol,
        contaminated=protocol == "P1",
        recipe="se_cnn",
        dataset="gtzan_archive",
    ).write_parquet(folder / "predictions.parquet")
    return folder


@pytest.mark.parametrize("verb", ["confusion", "reliability", "folds"])
def test_pictures_of_predictions(verb: str, tmp_path: Path, genrekit_cli) -> None:
    for fold in range(2):
        write_run(tmp_path / "runs" / str(fold), fold=fold)
    done = genrekit_cli("analyse", verb, tmp_path / "runs", "-o", tmp_path / "out", "--dpi", 72)
    assert done.code == 0, done.err
    names = [Path(line).name for line in done.out.splitlines()]
    assert names == [f"{verb}.{kind}" for kind in ("svg", "png", "csv", "json")]
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(names)
    facts = json.loads((tmp_path / "out" / f"{verb}.json").read_text())
    assert "n = 60 tracks; 2 folds; 1 seed" in facts["caption"] and not facts["contaminated"]
    assert [r.command for r in load_readings(tmp_path / "runs" / "0")] == [f"genrekit analyse {verb}"]


def test_fusion_and_kinds_are_choices(tmp_path: Path, genrekit_cli) -> None:
    run = write_run(tmp_path / "run")
    for fusion, n in (("none", 60), ("mean", 30), ("vote", 30)):
        done = genrekit_cli(
            "analyse", "confusion", run, "-o", tmp_path / fusion, "--fusion", fusion, "--kind", "pdf", "--columns", 2
        )
        assert done.code == 0, done.err
        assert {path.suffix for path in (tmp_path / fusion).iterdir()} == {".pdf", ".csv", ".json"}
        with (tmp_path / fusion / "confusion.csv").open() as file:
            assert sum(int(row["n"]) for row in csv.DictReader(file)) == n


def test_contamination_is_shouted(tmp_path: Path, genrekit_cli) -> None:
    run = write_run(tmp_path / "run", protocol="P1")
    done = genrekit_cli("analyse", "confusion", run, "-o", tmp_path / "out", "--kind", "svg")
    assert done.code == 0 and "CONTAMINATED" in done.err
    assert json.loads((tmp_path / "out" / "confusion.json").read_text())["contaminated"] is True


def test_curves_of_a_run_that_is_still_training(tmp_path: Path, genrekit_cli) -> None:
    run = tmp_path / "runs" / "se_cnn-1-fold0-seed0"
    run.mkdir(parents=True)
    (run / "metrics.csv").write_text(
        "epoch,train_loss,train_accuracy,valid_loss,valid_accuracy,valid_file_accuracy\n0,2.0,0.2,2.1,0.1,0.1\n"
    )
    (run / "recipe.yaml").write_text("name: se_cnn\nseed: 0\n")
    (run / "split.json").write_text('{"protocol": "P2", "unit": "track", "fold": 0}')
    done = genrekit_cli("analyse", "curves", tmp_path / "runs", "-o", tmp_path / "out", "--kind", "svg")
    assert done.code == 0, done.err
    (row,) = csv.DictReader((tmp_path / "out" / "curves.csv").read_text().splitlines())
    assert (row["configuration"], row["valid_loss"]) == ("se_cnn, P2", "2.1")


def test_pca_of_a_table(tmp_path: Path, genrekit_cli) -> None:
    rng = np.random.default_rng(0)
    lines = ["track,genre,start_s,window_s,a,b,c"]
    lines += [f"{g}.{k},{g},0,30,{','.join(map(str, rng.standard_normal(3)))}" for g in GENRES for k in range(5)]
    (tmp_path / "own.csv").write_text("\n".join(lines) + "\n")
    done = genrekit_cli("analyse", "pca", tmp_path / "own.csv", "-o", tmp_path / "out", "--kind", "svg")
    assert done.code == 0, done.err
    rows = list(csv.DictReader((tmp_path / "out" / "pca_spectrum.csv").read_text().splitlines()))
    assert float(rows[-1]["cumulated"]) == pytest.approx(1)
    assert sum(float(row["singular_value"]) ** 2 for row in rows) == pytest.approx(15 * 3)
    assert "n = 15 tracks; PCA of 3 standardised features" in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["confusion", "nowhere"], 2, "No run at"),
        (["curves", "nowhere"], 2, "No run folder"),
        (["pca", "nowhere.csv"], 2, "There is no feature table"),
        (["embedding", "nowhere"], 2, "nowhere"),
        (["confusion"], 2, "RUN"),
        (["confusion", "nowhere", "--columns", "3"], 2, "--columns"),
        (["folds", "nowhere", "--fusion", "max"], 2, "--fusion"),
        (["pca", "nowhere.csv", "--dpi", "10"], 2, "--dpi"),
    ],
)
def test_what_is_wrong_is_one_line(arguments, code, words, tmp_path, monkeypatch, genrekit_cli) -> None:
    if arguments[0] == "embedding":
        pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    done = genrekit_cli("analyse", *arguments)
    assert done.code == code and words in done.err and "Traceback" not in done.err
    assert not (tmp_path / "figures").exists()


@pytest.mark.parametrize("name", ["confusion.csv", "confusion.json", "confusion.svg", "confusion.png"])
def test_no_file_but_an_earlier_picture_is_replaced(name: str, tmp_path: Path, genrekit_cli) -> None:
    run, mine = write_run(tmp_path / "run"), tmp_path / "mine"
    mine.mkdir()
    (mine / name).write_text("a,b\n1,2\n")
    done = genrekit_cli("analyse", "confusion", run, "-o", mine, "--dpi", 72)
    assert done.code == 2 and name in done.err
    assert [path.read_text() for path in mine.iterdir()] == ["a,b\n1,2\n"]
    assert not (run / "readings.jsonl").exists()
    (mine / name).unlink()
    for _ in range(2):
        done = genrekit_cli("analyse", "confusion", run, "-o", mine, "--dpi", 72, "--kind", "svg", "--kind", "pdf")
        assert done.code == 0 and "replaced" not in done.err


def test_what_is_replaced_of_other_runs_is_told(tmp_path: Path, genrekit_cli) -> None:
    runs, options = [write_run(tmp_path / str(fold), fold=fold) for fold in range(2)], ("--kind", "svg")
    for verb in ("confusion", "folds"):
        told = [genrekit_cli("analyse", verb, run, "-o", tmp_path / "out", *options).err for run in runs]
        assert "replaced" not in told[0]
        assert f"{verb}.*" in told[1] and "replaced" in told[1] and "se_cnn on gtzan_archive" in told[1]


@pytest.mark.parametrize("verb", ["confusion", "reliability", "folds"])
def test_a_place_that_cannot_be_written_is_told_before_a_reading_is_recorded(
    verb: str, tmp_path: Path, genrekit_cli
) -> None:
    run, song = write_run(tmp_path / "run"), tmp_path / "a.ogg"
    song.write_bytes(b"OggS")
    for output in (song, "/proc/x"):
        done = genrekit_cli("analyse", verb, run, "-o", output)
        assert done.code == 2 and "cannot write the pictures into" in done.err and "Errno" not in done.err
    assert not (run / "readings.jsonl").exists()


def test_the_reports_page_replaces_nothing_but_itself(tmp_path: Path, genrekit_cli) -> None:
    run = write_run(tmp_path / "runs" / "one")
    for name in ("replication.md", "replication.html", "replication.csv"):
        (tmp_path / name).write_text("mine")
        done = genrekit_cli("analyse", "replication", tmp_path / "runs", "-o", tmp_path)
        assert done.code == 2 and f"{name} exists, and is something else" in done.err
        assert (tmp_path / name).read_text() == "mine"
        (tmp_path / name).unlink()
    done = genrekit_cli("analyse", "replication", tmp_path / "runs", "-o", run / "predictions.parquet")
    assert done.code == 2 and "is no folder" in done.err
    assert not (run / "readings.jsonl").exists()


def test_a_song_is_no_feature_table(tmp_path: Path, genrekit_cli) -> None:
    (tmp_path / "song.csv").write_bytes(b"OggS\x00\x02\x00\x00\xff\xfe" * 20)
    done = genrekit_cli("analyse", "pca", tmp_path / "song.csv", "-o", tmp_path / "out")
    assert done.code == 1 and "is no feature table: it is an Ogg" in done.err and "codec" not in done.err
