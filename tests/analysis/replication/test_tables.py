"""The reports' tables beside ours: each run in its column, leaks in points, and what was not run is said."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from stored_splits import write_split

from genrekit.analysis.replication.content import replication_content
from genrekit.analysis.replication.tables import COLUMNS, replicate, report_rows
from genrekit.evaluation.card.parts import Table
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.runs import load_run
from tests.analysis.conftest import write_run

RECIPES = Path(__file__).parents[3] / "recipes"


GTZAN6 = "gtzan6 (6 genres of 10)"


def cells(content, title: str) -> list[list[str]]:
    """Text of the table of a section."""
    section = next(section for section in content.sections if section.title == title)
    table = next(block for block in section.blocks if isinstance(block, Table))
    return [[cell.text for cell in row] for row in table.rows]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Right of 30: 27 mixed, 24 and 21 by tracks, 24 where the scored fold stopped it, 15 artist-disjoint.

    Mixed has tracks of both folds by tracks, the others those of fold 0.
    """
    runs = (("P1", 27, 0, 15), ("P2", 24, 0, 0), ("P2", 21, 1, 30), ("P4", 15, 0, 0))
    for protocol, n_right, fold, first in runs:
        folder = tmp_path / "any" / f"{protocol}-{fold}"
        write_run(folder, recipe="a_se_cnn_archive", protocol=protocol, n_right=n_right, fold=fold, first_track=first)
    stopped = write_run(tmp_path / "stopped", recipe="a_se_cnn_archive", n_right=24)
    write_split(stopped, validation="test", n_folds=5)
    write_run(tmp_path / "another", recipe="something_else")
    return tmp_path


def content_of(results: Path):
    folders = sorted(table.parent for table in results.rglob("predictions.parquet"))
    return replication_content(replicate([load_run(folder) for folder in folders], n_resamples=2000))


def test_what_the_reports_print_is_what_their_tables_say() -> None:
    rows = report_rows()
    assert {(row.place, row.system): row.accuracy for row in rows if row.report == "B" and row.accuracy} == {
        ("table 2", "RGLUformer"): 88.7,
        ("table 3", "RGLU-LSTM"): 90.37,
        ("table 4", "RGLUformer"): 79.18,
        ("table 4", "RGLUformer on drawn spectrograms"): 79.18,
        ("table 4", "RGLUformer, attention over channels"): 79.18,
    }
    for row in rows:
        if row.folds:
            mean = sum(row.folds) / len(row.folds)
            deviation = (sum((fold - mean) ** 2 for fold in row.folds) / len(row.folds)) ** 0.5
            assert mean == pytest.approx(row.accuracy, abs=0.08)
            # Where a fold was run several times the report's deviation is over all runs, so at least that of the folds.
            assert (row.deviation or 0) >= deviation - 0.15
        assert row.column in COLUMNS


def test_each_run_stands_in_its_column(results: Path) -> None:
    printed, excerpts, tracks = cells(content_of(results), "Report A, table 2")[:3]
    assert printed[3:] == ["", "76.34 ± 1.32", "", ""]
    assert excerpts[:3] == ["SE-CNN, flatten", "gtzan_archive", "excerpts"]
    assert tracks[2] == "tracks, mean"
    assert [cell.split("\n")[0] for cell in tracks[3:]] == ["90.00", "80.00", "75.00 ± 5.00", "50.00"]
    assert "not run" not in " ".join(tracks)


def test_the_leak_is_counted_in_points(results: Path) -> None:
    """Where a fold has the same tracks on both sides, of that fold: the other one was run on one side only."""
    (line,) = cells(content_of(results), "How much of it is leak")
    assert line[:4] == ["SE-CNN, flatten", "gtzan_archive", "+15.0", "+0.0 [+0.0 to +0.0]\np = 1.000 (fold 0)"]
    assert line[4].startswith("+30.0 [+1") and line[4].endswith(" (fold 0)")
    by_excerpts, by_tracks = line[5].split(";\n")
    stopping = "stopping on the scored fold +0.0 [+0.0 to +0.0] p = 1.000 (fold 0), artists in two parts +30.0 [+1"
    assert by_excerpts.startswith(f"76.3 (table 2): {stopping}")
    assert by_tracks.startswith(f"81.0 (table 5): {stopping}")


def test_where_no_fold_has_the_same_tracks_the_folds_that_were_run_are_compared(results: Path) -> None:
    shutil.rmtree(results / "any" / "P4-0")
    write_run(results / "any" / "P4-0", recipe="a_se_cnn_archive", protocol="P4", n_right=15, first_track=15)
    (line,) = cells(content_of(results), "How much of it is leak")
    assert line[4] == "+25.0"


def test_leaks_that_were_not_measured_are_said_to_be(tmp_path: Path) -> None:
    for protocol, n_right in (("P1", 27), ("P2", 24)):
        write_run(tmp_path / protocol, recipe="b_rgluformer_archive", protocol=protocol, n_right=n_right)
    (line,) = cells(content_of(tmp_path), "How much of it is leak")
    by_excerpt = "+10.0 [+0.0 to +26.7]"
    assert line[2].startswith(by_excerpt)
    assert line[3:5] == ["does not apply", "not run"]
    mixed, whole = line[5].split(";\n")
    assert mixed.startswith(f"88.7 (table 2): tracks in two parts {by_excerpt} p = 0.")
    assert mixed.endswith(", artists in two parts not run")
    assert whole == "79.2 (table 4): artists in two parts not run"


def test_leaks_of_the_same_tracks_are_tested(results: Path) -> None:
    """Without fold 1 of P2 all sides have the same thirty tracks."""
    (results / "any" / "P2-1" / "predictions.parquet").unlink()
    (line,) = cells(content_of(results), "How much of it is leak")
    assert line[3] == "+0.0 [+0.0 to +0.0]\np = 1.000"
    assert line[4].startswith("+30.0 [+10.0 to +5") and "\np = 0.00" in line[4]
    assert "stopping on the scored fold +0.0 [+0.0 to +0.0] p = 1.000, artists in two parts +30.0 [+1" in line[5]


def test_what_makes_runs_unlike_is_said(results: Path) -> None:
    """Number formats, excerpts that training has under P1, and readings of a test part that stops the training."""
    members = {"excerpt": [f"blues.{i:05d}@0" for i in range(40)], "track": [f"blues.{i:05d}" for i in range(24)]}
    for name, protocol, unit in (("any/P1-0", "P1", "excerpt"), ("any/P2-0", "P2", "track")):
        write_split(results / name, protocol=protocol, unit=unit, parts={"train": members[unit]}, n_folds=5)
    for name, environment in (("any/P1-0", {"cpu_bfloat16": True}), ("stopped", {"cpu_bfloat16": False})):
        (results / name / "environment.json").write_text(json.dumps({"device": "cpu", **environment}))
    (results / "any" / "P4-0" / "recipe.yaml").write_text("optimisation: {precision: float32}\n")
    content = content_of(results)
    leak, run = (
        next(section for section in content.sections if section.title == title)
        for title in ("How much of it is leak", "What was run")
    )
    assert leak.paragraphs[-1].endswith("SE-CNN, flatten (gtzan_archive) on 40 excerpts against 48.")
    assert run.paragraphs[-1].endswith("can tip a few decisions: SE-CNN, flatten (gtzan_archive).")
    found = {row[2]: row[6:] for row in cells(content, "What was run")}
    assert found == {
        "P1": ["bfloat16", "1"],
        "P2": ["not recorded", "2"],
        "P2 stopped on test": ["float32", "every epoch"],
        "P4": ["float32", "1"],
    }


def test_folds_stand_beside_those_that_report_a_prints(results: Path) -> None:
    printed, stopped, by_tracks = cells(content_of(results), "Report A, fold by fold")[:3]
    assert printed == [
        "SE-CNN, flatten",
        "as printed",
        "excerpts",
        "P2 stopped on test",
        "76.29",
        "75.13",
        "78.07",
        "77.13",
        "75.09",
    ]
    assert stopped[3:] == ["P2 stopped on test", "80.00", *["not run"] * 4]
    assert by_tracks[3:] == ["P2", "80.00", "70.00", *["not run"] * 3]


def test_runs_that_do_not_belong_together_leave_the_others_alone(results: Path) -> None:
    for name, epochs in (("one", 5), ("two", 50)):
        folder = write_run(results / name, recipe="b_rglu_lstm_archive", fold=epochs)
        (folder / "recipe.yaml").write_text(f"optimisation: {{max_epochs: {epochs}}}\n")
    content = content_of(results)
    section = next(section for section in content.sections if section.title == "How much was run")
    assert "b_rglu_lstm_archive gtzan_archive P2: Runs of different recipes" in section.paragraphs[-1]
    assert "max_epochs is 5 in one and 50 in two" in section.paragraphs[-1]
    assert cells(content, "Report A, table 2")[1][0] == "SE-CNN, flatten"


def test_leaks_of_figures_by_tracks_are_counted_by_tracks(tmp_path: Path) -> None:
    """One excerpt of each track right and the other wrong by less: half of the excerpts, and all of the tracks."""
    for protocol, n_right in (("P2", 30), ("P4", 0)):
        folder = write_run(tmp_path / protocol, recipe="a_se_cnn_archive", protocol=protocol, n_right=n_right)
        table = Predictions.read_parquet(folder / "predictions.parquet")
        if protocol == "P4":
            p = table.probabilities.copy()
            first = table.start_s == 0
            p[first] = 0.04
            p[first, table.label[first]] = 0.92
            replace(table, probabilities=p).write_parquet(folder / "predictions.parquet")
    (line,) = cells(content_of(tmp_path), "How much of it is leak")
    assert line[4].startswith("+50.0 ")
    by_excerpts, by_tracks = line[5].split(";\n")
    assert "artists in two parts +50.0 " in by_excerpts
    assert "artists in two parts +0.0 " in by_tracks


def test_scores_of_a_part_of_the_data_say_so(results: Path) -> None:
    folder = write_run(results / "part", recipe="a_se_cnn", n_right=20)
    write_split(folder, proof={"n_tracks_missing": 361})
    section = next(section for section in content_of(results).sections if section.title == "What was run")
    assert any("a_se_cnn on gtzan_archive, P2: 361 tracks of" in text for text in section.paragraphs)


def test_scoring_test_parts_is_recorded_once(results: Path, genrekit_cli: Callable) -> None:
    for _ in range(2):
        assert genrekit_cli("analyse", "replication", results).code == 0
    for table in results.rglob("predictions.parquet"):
        readings = load_run(table.parent).readings("test")
        scored = table.parent.name != "another"  # of no system of the reports
        assert [reading.command for reading in readings] == ["genrekit analyse replication"] * scored


def test_what_was_not_run_is_said(results: Path) -> None:
    found = {(row[0], row[1]): row[2:] for row in cells(content_of(results), "How much was run")}
    assert found["MLP, 30 s", "gtzan_table"] == ["does not apply", *["not run"] * 3]
    assert found["RGLUformer", GTZAN6] == ["not run", "does not apply", "not run", "not run"]
    assert found["SE-CNN, flatten", GTZAN6] == ["not run"] * 4
    assert found["SE-CNN, flatten", "gtzan_archive"] == ["1 fold", "1 of 5 folds", "2 folds", "1 fold"]
    assert ("SincNet", "gtzan_archive") not in found  # it hears waveforms


def test_a_mean_of_some_folds_says_so(results: Path) -> None:
    _, excerpts, tracks = cells(content_of(results), "Report A, table 2")[:3]
    for row in (excerpts, tracks):
        assert row[4].split("\n")[-1] == "1 of 5 folds"
        assert all("folds" not in cell for cell in (row[3], *row[5:]))  # how many there are is not on record


def test_every_recipe_of_a_system_is_in_the_repository() -> None:
    names = {path.stem for path in RECIPES.glob("*.yaml")}
    listed = {name for row in report_rows() for name in row.all_recipes}
    assert listed <= names
    assert names - listed == {"bbnn", "default_model", "ensemble", "res_cnn", "texture_mlp"}


def test_what_paper_b_prints_stands_beside_report_b() -> None:
    content = replication_content(replicate([]))
    report, paper = cells(content, "Report B, table 2")[:2]
    assert report[1:4] == ["as printed", "excerpts", "88.70"]
    assert paper[:4] == ["RGLUformer", "as printed by Paper B", "excerpts", "recall 91.30"]
    metrics = [row for row in cells(content, "Report B's metrics") if row[1] == "printed, Paper B"]
    assert [row[3:] for row in metrics] == [["", "", "91.30", ""], ["", "", "87.60", ""]]


def test_nothing_run_is_a_page_too() -> None:
    content = replication_content(replicate([]))
    assert cells(content, "Report A, table 2")[0][4] == "76.34 ± 1.32"
    assert cells(content, "Report B, table 3")[2:] == [
        ["RGLU-LSTM", data, "", "not run", "does not apply", "not run", "not run"] for data in ("gtzan_archive", GTZAN6)
    ]
    assert cells(content, "Beside report B")[0][:2] == ["RGLU-GRU", "gtzan_archive"]


def test_from_the_command_line(results: Path, genrekit_cli: Callable, tmp_path: Path) -> None:
    done = genrekit_cli("analyse", "replication", results, "--output", tmp_path / "page")
    assert done.code == 0
    text = (tmp_path / "page" / "replication.md").read_text()
    assert "75.00 ± 5.00" in text
    assert "CONTAMINATED" in text
    with (tmp_path / "page" / "replication.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 4
    by_tracks = {(row["protocol"], row["stopped_on_test"]): row for row in rows if row["counted"] == "tracks, mean"}
    assert {key: row["accuracy_mean"] for key, row in by_tracks.items()} == {
        ("P1", "False"): "0.9000",
        ("P2", "True"): "0.8000",
        ("P2", "False"): "0.7500",
        ("P4", "False"): "0.5000",
    }
    assert (by_tracks["P2", "False"]["accuracy_deviation"], by_tracks["P2", "False"]["folds"]) == ("0.0500", "0 1")
    assert float(by_tracks["P4", "False"]["accuracy_low"]) < 0.5 < float(by_tracks["P4", "False"]["accuracy_high"])
    html = (tmp_path / "page" / "replication.html").read_text()
    assert "75.00 ± 5.00" in html
    empty = tmp_path / "empty"
    empty.mkdir()
    done = genrekit_cli("analyse", "replication", empty)
    assert done.code == 2
    assert "There is no run below" in done.err
