from __future__ import annotations

import csv
import io
import shlex
from pathlib import Path

import pytest
import yaml

pytest.importorskip("torch")
pytest.importorskip("optuna")
from training.conftest import write_archive

from genrekit.cli.research.search_command import _markdown
from genrekit.experiments.searcher import SearchResult, SearchTask, TrialRecord
from genrekit.experiments.space import parse_space

RECIPE = {
    "name": "small",
    "data": {"dataset": "archive"},
    "split": {"name": "artist_disjoint", "valid_fraction": 0.25},
    "excerpts": {"window_s": 3.0, "hop_s": 6.0},
    "features": "archive_log_mel",
    "model": {"name": "res_cnn", "options": {"width": 2}},
    "optimisation": {"learning_rate": 0.01, "batch_size": 16, "max_epochs": 1},
}


@pytest.fixture
def arguments(tmp_path) -> list[object]:
    archive = write_archive(tmp_path / "small.npz")
    recipe = tmp_path / "small.yaml"
    recipe.write_text(yaml.safe_dump(RECIPE))
    return [
        "search", recipe, "--data", archive, "--study", tmp_path / "study", "--threads-per-job", 1,
        "--space", "model.options.width=2,3",
    ]  # fmt: skip


def test_from_a_search_to_a_table_and_settings_that_train_takes(genrekit_cli, arguments, tmp_path):
    found = genrekit_cli(*arguments, "--trials", 5)
    assert found.code == 0
    lines = found.out.splitlines()
    assert lines[0].startswith("| trial | model.options.width | valid excerpts % |")
    assert len([line for line in lines if line.startswith("|")]) == 4
    assert "2 of 2 settings were looked at (2 complete, 0 failed)" in found.err
    assert "the test part was not" in found.err
    best = shlex.split(lines[-1])
    assert best[0] == "--set" and best[1].startswith("model.options.width=")
    # More trials than settings are nothing new; as CSV it is the same table.
    again = genrekit_cli(*arguments, "--trials", 9, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(again.out)))
    assert next(row["model.options.width"] for row in rows) == best[1].partition("=")[2]
    assert again.err.count("done before") == 2 and "[2/2]" in again.err
    trained = list(Path(tmp_path, "study", "runs").glob("*/run.json"))
    assert len(trained) == 2 and not list(Path(tmp_path, "study").rglob("readings.jsonl"))
    # Reading the test part of a run that was only searched is refused, since it has no such predictions.
    assert genrekit_cli("evaluate", trained[0].parent).code == 1


def test_a_search_on_a_contaminated_split_says_so_in_the_table_and_beside_it(genrekit_cli, arguments, tmp_path):
    # The recipe names a place that is not there; the one on the command line is used.
    recipe = tmp_path / "small.yaml"
    recipe.write_text(yaml.safe_dump(RECIPE | {"data": {"dataset": "archive", "root": str(tmp_path / "gone.npz")}}))
    windows = ("--set", "split.name=b_folds", "--set", "excerpts.window_s=5.0", "--set", "excerpts.hop_s=2.5")
    found = genrekit_cli(*arguments, "--trials", 2, *windows)
    assert found.code == 0
    assert "| CONTAMINATED: valid excerpts % | CONTAMINATED: valid tracks % |" in found.out
    assert "CONTAMINATED: Best by validation:" in found.out
    assert "] CONTAMINATED: width 2: valid" in found.err and "CONTAMINATED: 2 of 2 settings" in found.err


@pytest.mark.parametrize(("monitor", "more"), [("valid_accuracy", []), ("valid_loss", ["0.5000"])])
def test_that_a_trial_failed_stands_where_its_first_score_would(tmp_path, monitor, more):
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(RECIPE))
    task = SearchTask(tmp_path / "small.yaml", parse_space(["model.options.width=2,3", "optimisation.batch_size=4,5"]))
    values = {"model.options.width": 2, "optimisation.batch_size": 4}
    complete = TrialRecord(0, values, "complete", 0.5, 0.5, 0.6, 3.0, 9.0, "")
    failed = TrialRecord(
        1, values | {"optimisation.batch_size": 5}, "failed", None, None, None, None, None, "no memory"
    )
    table = _markdown(task, SearchResult(monitor, (complete, failed), False)).splitlines()[:4]
    header, _, one, two = ([cell.strip() for cell in line.strip("|").split("|")] for line in table)
    assert one == ["0", "2", "4", "50.00", "60.00", "3", "9", *more]
    assert two == ["1", "2", "5", "failed", *[""] * (len(header) - 4)]


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--space", "model.options.width=2,3"], 2, "has values twice"),
        (["--space", "optimisation.learning_rate=1"], 2, "nothing to choose"),
        (["--trials", "0"], 2, "trials"),
        (["--space", "model.options.widht=2,3"], 2, "did you mean 'width'"),
        (["--set", "split.validation=test"], 2, "must not be the test part"),
        (["--study", "/proc/study"], 2, "cannot keep the study in /proc/study"),
    ],
)
def test_what_cannot_be_searched(genrekit_cli, arguments, tmp_path, options, code, message):
    result = genrekit_cli(*arguments, *options)
    assert result.code == code
    assert message in " ".join(result.err.replace("│", " ").split())
    assert not (tmp_path / "study").exists()
