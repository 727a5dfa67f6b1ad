from __future__ import annotations

import json
from pathlib import Path

import pytest

from genrekit.analysis.stored import group_runs, read_scored
from genrekit.errors import DataError
from genrekit.evaluation.readings import load_readings
from genrekit.evaluation.runs import find_runs


def test_a_first_look_is_recorded_and_a_second_is_not(tmp_path: Path, write_run) -> None:
    run = write_run(tmp_path / "run")
    for _ in range(2):
        read_scored(find_runs(run), command="genrekit analyse confusion")
    (reading,) = load_readings(run)
    assert reading.command == "genrekit analyse confusion" and reading.part == "test"
    assert reading.predictions_sha256 == read_scored(find_runs(run), command="x").excerpts_sha256


def test_the_unit_decides_what_a_row_is(tmp_path: Path, write_run) -> None:
    runs = find_runs(write_run(tmp_path / "run"))
    sizes = {
        unit: len(read_scored(runs, command="test", unit=unit).predictions) for unit in ("excerpt", "mean", "vote")
    }
    assert sizes == {"excerpt": 60, "mean": 30, "vote": 30}


def test_the_caption_says_what_must_be_known(tmp_path: Path, write_run) -> None:
    for fold in range(2):
        write_run(tmp_path / "runs" / str(fold), fold=fold, first_track=100 * fold)
    scored = read_scored(find_runs(tmp_path / "runs"), command="test")
    for words in ("se_cnn on gtzan_archive", "P2, tracks at random", "test part", "n = 60 tracks", "2 folds", "1 seed"):
        assert words in scored.caption
    assert scored.facts()["folds"] == [0, 1]


def test_a_part_without_predictions_is_refused_and_not_recorded(tmp_path: Path, write_run) -> None:
    run = write_run(tmp_path / "run")
    with pytest.raises(DataError, match="no predictions of the valid part"):
        read_scored(find_runs(run), command="test", part="valid")
    assert load_readings(run) == ()


def test_runs_are_grouped_by_system(tmp_path: Path, write_run) -> None:
    paths = [
        write_run(tmp_path / "a0", fold=0),
        write_run(tmp_path / "b0", recipe="rglu"),
        write_run(tmp_path / "a1", fold=1, first_track=100),
        write_run(tmp_path / "c0", protocol="P1"),
    ]
    groups = group_runs([run for path in paths for run in find_runs(path)])
    assert [[run.name for run in group] for group in groups] == [["a0", "a1"], ["b0"], ["c0"]]


def test_runs_of_one_recipe_hash_are_one_system_though_a_later_version_wrote_more_fields(
    tmp_path: Path, write_run
) -> None:
    for fold, (recipe_hash, recipe) in enumerate([("abc", "{}"), ("abc", "{mixup_alpha: 0.0}"), ("def", "{}")]):
        folder = write_run(tmp_path / str(fold), fold=fold, first_track=100 * fold)
        (folder / "recipe.yaml").write_text(f"augmentation: {recipe}\n")
        (folder / "run.json").write_text(json.dumps({"hash": recipe_hash}))
    groups = group_runs(find_runs(tmp_path))
    assert [[run.name for run in group] for group in groups] == [["0", "1"], ["2"]]
