from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from genrekit.analysis.doubted_labels import doubted_labels, doubted_labels_csv, doubted_labels_table
from genrekit.errors import DataError
from genrekit.evaluation.fusion import fuse
from genrekit.evaluation.predictions import Predictions

from .conftest import write_run


def table(folder: Path, **options) -> Predictions:
    return fuse(Predictions.read_parquet(write_run(folder, **options) / "predictions.parquet"), "mean")


def test_tracks_that_most_are_sure_of_come_first_and_right_ones_not_at_all(tmp_path: Path) -> None:
    tables = [table(tmp_path / "a", n_right=24), table(tmp_path / "b", seed=1, n_right=27)]
    doubted = doubted_labels(tables)
    # The last three are wrong in both; three more are wrong in one and right as surely in the other: no doubt.
    assert [one.track for one in doubted] == ["blues.00027", "jazz.00028", "rock.00029"]
    first = doubted[0]
    assert (first.label, first.answer, first.n_wrong, first.n_decisions) == ("blues", "jazz", 2, 2)
    assert (first.p_label, first.p_answer) == pytest.approx((0.1, 0.8))
    assert first.artist == "artist 13" and first.title


def test_surer_doubts_come_first(tmp_path: Path) -> None:
    one = table(tmp_path / "a", n_right=28)
    p = one.probabilities.copy()
    p[one.track == "rock.00029"] = [0.95, 0.04, 0.01]
    doubted = doubted_labels([replace(one, probabilities=p)])
    assert [doubt.track for doubt in doubted] == ["rock.00029", "jazz.00028"]


def test_csv_has_all_and_the_table_the_first(tmp_path: Path) -> None:
    doubted = doubted_labels([table(tmp_path / "a", n_right=20)])
    rows = list(csv.DictReader(io.StringIO(doubted_labels_csv(doubted))))
    assert len(rows) == len(doubted) == 10 and rows[0]["p_answer"] == "0.8000"
    assert len(doubted_labels_table(doubted, most=4).splitlines()) == 6


def test_what_cannot_judge_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no predictions"):
        doubted_labels([])
    with pytest.raises(DataError, match="CONTAMINATED"):
        doubted_labels([table(tmp_path / "a", protocol="P1")])


def test_from_the_command_line(tmp_path: Path, genrekit_cli) -> None:
    write_run(tmp_path / "runs" / "a", n_right=24)
    (tmp_path / "out").mkdir()
    done = genrekit_cli("analyse", "labels", tmp_path / "runs", "-o", tmp_path / "out" / "labels.csv", "--most", 2)
    assert done.code == 0, done.err
    assert len(done.out.splitlines()) == 4 and "6 of 30 tracks" in done.err
    assert len((tmp_path / "out" / "labels.csv").read_text().splitlines()) == 7
    (tmp_path / "file").write_text("")
    wrong = genrekit_cli("analyse", "labels", tmp_path / "runs", "-o", tmp_path / "file" / "labels.csv")
    assert wrong.code == 2 and "is no folder" in wrong.err
    missing = genrekit_cli("analyse", "labels", tmp_path / "runs", "-o", tmp_path / "none" / "labels.csv")
    assert missing.code == 2 and "there is no folder" in missing.err and not (tmp_path / "none").exists()


def test_the_table_replaces_an_earlier_one_and_nothing_else(tmp_path: Path, genrekit_cli) -> None:
    run, output, notes = write_run(tmp_path / "run"), tmp_path / "labels.csv", tmp_path / "notes.csv"
    for _ in range(2):
        assert genrekit_cli("analyse", "labels", run, "-o", output).code == 0
    notes.write_text("track,genre\na,jazz\n")
    readings = (run / "readings.jsonl").read_bytes()
    done = genrekit_cli("analyse", "labels", run, "-o", notes)
    assert done.code == 2 and "is something else" in done.err
    assert notes.read_text() == "track,genre\na,jazz\n"
    assert (run / "readings.jsonl").read_bytes() == readings
