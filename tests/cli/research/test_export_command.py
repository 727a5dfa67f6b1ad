from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from genrekit.inference import ModelFile

pytest.importorskip("torch")
import torch
from guesses import mostly_right
from stored_splits import split_values, write_split

from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.readings import load_readings
from genrekit.features import ARCHIVE_LOG_MEL
from genrekit.models import ModelSpec, WeightsHeader, create_model, save_weights

GENRES = ("blues", "jazz", "rock")


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("runs") / "small-fold0-seed0"
    folder.mkdir()
    spec = ModelSpec("res_cnn", len(GENRES), ARCHIVE_LOG_MEL.n_bins, None, {"width": 4})
    save_weights(folder / "weights.safetensors", create_model(spec), WeightsHeader(GENRES, spec, ARCHIVE_LOG_MEL, 3.0))
    (folder / "scores.json").write_text(json.dumps({"test": {"accuracy": 0.5}}))
    write_split(folder, name="a_folds")
    return folder


def _predictions(genres: tuple[str, ...] = GENRES) -> Predictions:
    return mostly_right(genres, recipe="r")


def test_a_network_of_a_report_may_be_larger_than_a_bundled_model(genrekit_cli: Callable, tmp_path: Path) -> None:
    torch.manual_seed(0)
    spec = ModelSpec("rglu", len(GENRES), ARCHIVE_LOG_MEL.n_bins, 39, {})
    weights = tmp_path / "weights.safetensors"
    save_weights(weights, create_model(spec), WeightsHeader(GENRES, spec, ARCHIVE_LOG_MEL, 3.0))
    finished = genrekit_cli("export", str(weights), "--output", str(tmp_path / "large.onnx"))
    assert finished.code == 0, finished.err
    assert ModelFile.read(tmp_path / "large.onnx").size_bytes > 6_000_000


def test_a_run_becomes_a_model_that_classifies(
    genrekit_cli: Callable, run_folder: Path, write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    output = tmp_path / "mine.onnx"
    finished = genrekit_cli("export", run_folder, "--output", output)
    assert finished.code == 0, finished.err
    assert "not calibrated" in finished.err
    assert "checked against the run" in finished.err
    card = ModelFile.read(output).card
    assert (card.name, card.genres, card.window_s, card.hop_s) == ("mine", GENRES, 3.0, 1.5)
    assert card.evaluation == {"test": {"accuracy": 0.5}}
    split = split_values(name="a_folds")
    assert card.trained_on == {key: split[key] for key in ("name", "protocol", "fold", "seed", "hash")}
    classified = genrekit_cli("classify", write_tone("a.wav"), "--model", output, "--format", "json")
    assert classified.code == 0
    assert json.loads(classified.out)["model"] == "mine"


def test_the_card_names_the_data_set_that_was_learnt_from(
    genrekit_cli: Callable, run_folder: Path, tmp_path: Path
) -> None:
    own = shutil.copytree(run_folder, tmp_path / "run")
    _predictions().write_parquet(own / "predictions.parquet")
    assert genrekit_cli("export", own, "--output", tmp_path / "x.onnx").code == 0
    assert ModelFile.read(tmp_path / "x.onnx").card.datasets == ("d",)


def test_calibration_is_written_into_the_file(genrekit_cli: Callable, run_folder: Path, tmp_path: Path) -> None:
    _predictions().write_parquet(tmp_path / "p.parquet")
    arguments = ["--calibrate-on", tmp_path / "p.parquet", "--hop", 3, "--name", "tuned"]
    finished = genrekit_cli("export", run_folder, "--output", tmp_path / "x.onnx", *arguments)
    assert finished.code == 0, finished.err
    assert "calibrated on the valid part" in finished.err
    card = ModelFile.read(tmp_path / "x.onnx").card
    assert card.trained_on["calibrated_on"] == "valid" and "Calibrated on the valid part of `" in card.text
    assert card.name == "tuned"
    assert card.hop_s == 3.0
    assert card.file_temperature != 1.0


def test_a_run_on_a_contaminated_split_becomes_a_model_that_says_so(
    genrekit_cli: Callable, run_folder: Path, tmp_path: Path
) -> None:
    own = shutil.copytree(run_folder, tmp_path / "run")
    (own / "split.json").write_text(json.dumps({"name": "b_folds", "protocol": "P1", "fold": 0}))
    (tmp_path / "card.md").write_text("# Mine\n")
    finished = genrekit_cli("export", own, "--output", tmp_path / "x.onnx", "--card", tmp_path / "card.md")
    assert "warning: CONTAMINATED: training has heard" in finished.err and "CONTAMINATED: wrote" in finished.err
    card = ModelFile.read(tmp_path / "x.onnx").card
    assert card.trained_on["contaminated"] is True
    assert card.text.startswith("**CONTAMINATED: training has heard") and card.text.endswith("\n\n# Mine\n")


def test_calibration_on_a_runs_test_part_is_a_reading_and_is_said(
    genrekit_cli: Callable, run_folder: Path, tmp_path: Path
) -> None:
    own = shutil.copytree(run_folder, tmp_path / "run")
    known = _predictions()
    replace(known, part=np.full(len(known), "test")).write_parquet(own / "predictions.parquet")
    arguments = ("export", own, "--output", tmp_path / "x.onnx", "--calibrate-on", own / "predictions.parquet")
    refused = genrekit_cli(*arguments)
    assert refused.code == 1 and "parts that are there: test. --part test fits on what scores" in refused.err
    assert not load_readings(own)
    finished = genrekit_cli(*arguments, "--part", "test")
    assert finished.code == 0 and "warning: Calibrated on the test part" in finished.err
    assert [(reading.command, reading.part) for reading in load_readings(own)] == [("genrekit export", "test")]
    card = ModelFile.read(tmp_path / "x.onnx").card
    assert card.trained_on["calibrated_on"] == "test" and card.text.startswith("**Calibrated on the test part")


def test_what_cannot_be_exported(genrekit_cli: Callable, run_folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "x.onnx"
    missing = genrekit_cli("export", tmp_path / "no", "--output", output)
    assert missing.code == 2
    assert f"No run at {tmp_path / 'no'}; a run folder, or a weights file, is expected" in missing.err
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "one").symlink_to(run_folder)
    several = genrekit_cli("export", tmp_path / "runs", "--output", output)
    assert several.code == 2 and f"Name one that lies below, such as {tmp_path / 'runs' / 'one'}." in several.err
    published = shutil.copytree(run_folder, tmp_path / "published", ignore=shutil.ignore_patterns("weights.*"))
    (published / "recipe.yaml").touch()
    weightless = genrekit_cli("export", published, "--output", output)
    assert weightless.code == 2 and "no such weights file. Runs are published without" in weightless.err
    nowhere = genrekit_cli("export", run_folder, "--output", tmp_path / "nowhere" / "x.onnx")
    assert nowhere.code == 2 and "there is no folder" in nowhere.err and not (tmp_path / "nowhere").exists()
    assert genrekit_cli("export", run_folder, "--output", output, "--name", "a\nb").code == 2
    (tmp_path / "text.safetensors").write_text("no weights")
    not_one = genrekit_cli("export", tmp_path / "text.safetensors", "--output", output)
    assert not_one.code == 1
    assert "safetensors" in not_one.err
    _predictions(("a", "b")).write_parquet(tmp_path / "p.parquet")
    other = genrekit_cli("export", run_folder, "--output", output, "--calibrate-on", tmp_path / "p.parquet")
    assert other.code == 1
    assert "has the genres a, b; the run has blues, jazz, rock" in other.err
    replace(_predictions(), recipe="another").write_parquet(tmp_path / "p.parquet")
    named = shutil.copytree(run_folder, tmp_path / "named")
    (named / "recipe.yaml").write_text("name: mine\n")
    other = genrekit_cli("export", named, "--output", output, "--calibrate-on", tmp_path / "p.parquet")
    assert other.code == 1
    assert "p.parquet is of the recipe 'another', the run of 'mine'" in other.err
    broken = tmp_path / "broken"
    shutil.copytree(run_folder, broken)
    (broken / "scores.json").write_text("{")
    damaged = genrekit_cli("export", broken, "--output", output)
    assert damaged.code == 1
    assert "scores.json" in damaged.err
    assert not output.exists()


def test_an_output_that_exists_is_not_overwritten(genrekit_cli: Callable, run_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_text("mine")
    finished = genrekit_cli("export", run_folder, "--output", tmp_path / "x.onnx")
    assert finished.code == 2
    assert (tmp_path / "x.onnx").read_text() == "mine"
