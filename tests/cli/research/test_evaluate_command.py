from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from genrekit.cli.main import main
from genrekit.evaluation.predictions import Predictions

GENRES = ("blues", "jazz", "rock")


def write_run(
    folder: Path,
    *,
    seed: int = 0,
    recipe: str = "se_cnn",
    protocol: str = "P2",
    n_right: int = 24,
    parts: tuple[str, ...] = ("test",),
) -> Path:
    """Thirty tracks of two excerpts, of which the first `n_right` are right."""
    label = np.repeat(np.arange(30) % 3, 2)
    answer = np.where(np.repeat(np.arange(30) < n_right, 2), label, (label + 1) % 3)
    probabilities = np.full((60, 3), 0.1)
    probabilities[np.arange(60), answer] = 0.8
    folder.mkdir(parents=True)
    table = Predictions(
        genres=GENRES,
        track=np.array([f"{GENRES[i % 3]}.{i:05d}" for i in np.repeat(np.arange(30), 2)]),
        start_s=np.tile([0.0, 5.0], 30),
        part=np.full(60, "test"),
        fold=np.zeros(60, dtype=int),
        seed=np.full(60, seed),
        label=label,
        probabilities=probabilities,
        protocol=protocol,
        contaminated=protocol == "P1",
        recipe=recipe,
        dataset="gtzan_archive",
    )
    tables = [replace(table, part=np.full(60, part)) for part in parts]
    Predictions.concatenate(tables).write_parquet(folder / "predictions.parquet")
    return folder


def test_one_run_gets_its_card_in_its_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_run(tmp_path / "run")
    assert main(["evaluate", str(run)]) == 0
    out, err = capsys.readouterr()
    assert "file-wise, mean" in out and "80.0" in out
    assert "wrote" in err and "report.html" in err
    assert {path.name for path in run.iterdir()} == {
        "predictions.parquet",
        "readings.jsonl",
        "report.html",
        "report.md",
        "scores.json",
    }


def test_the_widest_figures_fit_on_80_columns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["evaluate", str(write_run(tmp_path / "run", n_right=30))]) == 0
    rows = [line.split()[-8:] for line in capsys.readouterr().out.splitlines() if "-wise" in line]
    assert [(row[0], row[2:]) for row in rows] == [
        ("100.0", ["to", "100.0", "100.0", "100.0", "100.0", n]) for n in ("60", "30", "30")
    ]


def test_a_card_of_validation_does_not_take_the_place_of_the_test_parts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = write_run(tmp_path / "run", parts=("valid", "test"))
    assert main(["evaluate", str(run)]) == 0
    before = {name: (run / name).read_bytes() for name in ("report.md", "report.html", "scores.json")}
    assert main(["evaluate", str(run), "--part", "valid"]) == 0
    assert {name: (run / name).read_bytes() for name in before} == before
    assert json.loads((run / "scores_valid.json").read_text())["part"] == "valid"
    assert (run / "report_valid.html").is_file()


def test_json_is_one_object_on_standard_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_run(tmp_path / "run")
    assert main(["evaluate", str(run), "--format", "json", "--fusion", "vote"]) == 0
    out = capsys.readouterr().out
    scores = json.loads(out)
    assert out.count("\n") == 1
    assert scores["fusion"] == "vote"
    assert scores == json.loads((run / "scores.json").read_text(encoding="utf-8"))


def test_a_second_card_is_no_second_reading(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_run(tmp_path / "run")
    for _ in range(2):
        assert main(["evaluate", str(run), "-f", "json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["n_readings"] == [1]


def test_several_runs_are_pooled_into_the_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed, right in enumerate((21, 24, 27)):
        write_run(tmp_path / "runs" / str(seed), seed=seed, n_right=right)
    assert main(["evaluate", str(tmp_path / "runs"), "--output", str(tmp_path / "card")]) == 0
    assert "3 runs, accuracy 80.00 ± 8.16" in capsys.readouterr().out
    assert (tmp_path / "card" / "report.html").is_file()
    assert not (tmp_path / "runs" / "0" / "report.md").exists()


def test_several_runs_without_output_are_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [str(write_run(tmp_path / str(seed), seed=seed)) for seed in range(2)]
    assert main(["evaluate", *runs]) == 2
    assert "--output" in capsys.readouterr().err
    assert not (tmp_path / "0" / "readings.jsonl").exists()


def test_mixed_runs_are_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [str(write_run(tmp_path / name, recipe=name, seed=i)) for i, name in enumerate(("mlp", "rglu"))]
    assert main(["evaluate", *runs, "-o", str(tmp_path / "card")]) == 1
    err = capsys.readouterr().err
    assert "different recipe" in err and "'mlp' and 'rglu'" in err
    assert not (tmp_path / "card").exists()


def test_contamination_is_shouted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(write_run(tmp_path / "run", protocol="P1"))]) == 0
    out, err = capsys.readouterr()
    assert "CONTAMINATED" in out and "CONTAMINATED" in err


def test_errors_are_one_line_without_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(tmp_path / "missing")]) == 2
    (tmp_path / "predictions.parquet").write_text("no")
    assert main(["evaluate", str(tmp_path)]) == 1
    err = capsys.readouterr().err
    assert "No run at" in err and "cannot be read as Parquet" in err
    assert "Traceback" not in err
    assert main(["evaluate"]) == 2
    assert main(["evaluate", str(tmp_path), "--part", "dev"]) == 2


def test_no_file_but_an_earlier_card_is_replaced(tmp_path: Path, genrekit_cli) -> None:
    run, mine = write_run(tmp_path / "run"), tmp_path / "mine"
    mine.mkdir()
    for name in ("report.md", "report.html", "scores.json"):
        (mine / name).write_text("my report\n")
        done = genrekit_cli("evaluate", run, "-o", mine)
        assert done.code == 2 and f"{name} exists, and is something else" in done.err
        assert [path.read_text() for path in mine.iterdir()] == ["my report\n"]
        (mine / name).unlink()
    assert not (run / "readings.jsonl").exists()
    for _ in range(2):
        assert genrekit_cli("evaluate", run, "-o", mine).code == 0


def test_a_foreign_file_where_a_protocols_card_goes_is_told_first(tmp_path: Path, genrekit_cli) -> None:
    runs = [write_run(tmp_path / protocol, protocol=protocol) for protocol in ("P2", "P4")]
    report = tmp_path / "card" / "p4" / "report.md"
    report.parent.mkdir(parents=True)
    report.write_text("my report\n")
    done = genrekit_cli("evaluate", *runs, "-o", tmp_path / "card")
    assert done.code == 2 and "is something else" in done.err
    assert report.read_text() == "my report\n" and not (runs[0] / "readings.jsonl").exists()
    report.unlink()
    for _ in range(2):
        assert genrekit_cli("evaluate", *runs, "-o", tmp_path / "card").code == 0


def test_a_place_that_cannot_be_written_is_told_before_a_reading_is_recorded(tmp_path: Path, genrekit_cli) -> None:
    run, song = write_run(tmp_path / "run"), tmp_path / "a.ogg"
    song.write_bytes(b"OggS")
    for output in (song, "/proc/x"):
        done = genrekit_cli("evaluate", run, "-o", output)
        assert done.code == 2 and "cannot write the report into" in done.err and "Errno" not in done.err
    assert not (run / "readings.jsonl").exists() and song.read_bytes() == b"OggS"
