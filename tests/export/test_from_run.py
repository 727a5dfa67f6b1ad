"""The rules of an export hold for whoever asks for one, not for the command line alone."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from guesses import mostly_right
from stored_splits import split_values, write_split

from genrekit.errors import DataError
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.readings import load_readings
from genrekit.export.from_run import FITTED_ON_TEST, MIXED, CalibrateOn, export_run
from genrekit.inference import ModelFile
from genrekit.models import WeightsHeader

N_TRACKS = 200


@pytest.fixture
def own_run(run_folder: Path, tmp_path: Path) -> Path:
    """A copy of the run, in which files may be changed and readings are recorded."""
    return Path(shutil.copytree(run_folder, tmp_path / "run"))


@pytest.fixture
def known(header: WeightsHeader) -> Predictions:
    """Predictions of the validation part, mostly right."""
    return mostly_right(header.genres, recipe="mine", n_tracks=N_TRACKS)


def of_test_part(predictions: Predictions) -> Predictions:
    return replace(predictions, part=np.full(len(predictions), "test"))


def test_without_calibration_confidence_is_the_networks_own(own_run: Path, tmp_path: Path) -> None:
    remarks: list[str] = []
    made = export_run(own_run, tmp_path / "small.onnx", on_remark=remarks.append)
    assert (made.calibration, made.contaminated, remarks) == (None, False, [])
    card = ModelFile.read(tmp_path / "small.onnx").card
    assert (card.name, card.hop_s, card.file_temperature, card.unknown_threshold) == ("small", 1.5, 1.0, 0.0)
    split = split_values(name="a_folds")
    assert card.trained_on == {key: split[key] for key in ("name", "protocol", "fold", "seed", "hash")}
    assert card == made.model.card and "Not calibrated" in card.text


def test_a_calibration_says_what_it_was_fitted_on(own_run: Path, known: Predictions, tmp_path: Path) -> None:
    known.write_parquet(tmp_path / "p.parquet")
    made = export_run(own_run, tmp_path / "x.onnx", calibrate_on=CalibrateOn(tmp_path / "p.parquet"), text="# Mine\n")
    assert made.calibration is not None and made.calibration.file_temperature != 1
    card = made.model.card
    assert card.file_temperature == made.calibration.file_temperature
    assert (card.trained_on["calibrated_on"], card.trained_on["calibrated_by"]) == ("valid", "p.parquet")
    assert card.text == "# Mine\n"
    assert not load_readings(tmp_path / "p")


def test_the_confidence_of_another_recipe_or_of_other_genres_is_refused(
    own_run: Path, known: Predictions, tmp_path: Path
) -> None:
    (own_run / "recipe.yaml").write_text("name: mine\n")
    calibrate_on = CalibrateOn(tmp_path / "p.parquet")
    replace(known, recipe="another").write_parquet(calibrate_on.table)
    with pytest.raises(DataError, match="is of the recipe 'another', the run of 'mine'"):
        export_run(own_run, tmp_path / "x.onnx", calibrate_on=calibrate_on)
    replace(known, genres=("x", "y", "z")).write_parquet(calibrate_on.table)
    with pytest.raises(DataError, match="has the genres x, y, z; the run has blues, jazz, rock"):
        export_run(own_run, tmp_path / "x.onnx", calibrate_on=calibrate_on)
    replace(known, contaminated=True, protocol="P1").write_parquet(calibrate_on.table)
    with pytest.raises(DataError, match="CONTAMINATED"):
        export_run(own_run, tmp_path / "x.onnx", calibrate_on=calibrate_on)
    assert not (tmp_path / "x.onnx").exists()


def test_fitting_on_the_test_part_is_asked_for_recorded_and_said(
    own_run: Path, known: Predictions, tmp_path: Path
) -> None:
    table = own_run / "predictions.parquet"
    of_test_part(known).write_parquet(table)
    with pytest.raises(DataError, match="no rows of the valid part; parts that are there: test"):
        export_run(own_run, tmp_path / "x.onnx", calibrate_on=CalibrateOn(table))
    assert not load_readings(own_run)
    remarks: list[str] = []
    made = export_run(
        own_run,
        tmp_path / "x.onnx",
        calibrate_on=CalibrateOn(table, part="test"),
        text="# Mine\n",
        command="my script",
        on_remark=remarks.append,
    )
    assert [(reading.command, reading.part) for reading in load_readings(own_run)] == [("my script", "test")]
    assert remarks == [FITTED_ON_TEST]
    card = made.model.card
    assert card.trained_on["calibrated_on"] == "test" and card.text == f"**{FITTED_ON_TEST}**\n\n# Mine\n"


def test_a_reading_is_recorded_even_if_nothing_can_be_fitted(own_run: Path, known: Predictions, tmp_path: Path) -> None:
    table = own_run / "predictions.parquet"
    certain = np.eye(known.n_genres, dtype=np.float32)[known.label]
    of_test_part(replace(known, probabilities=certain)).write_parquet(table)
    with pytest.raises(DataError, match="temperature of windows cannot be told"):
        export_run(own_run, tmp_path / "x.onnx", calibrate_on=CalibrateOn(table, part="test"))
    assert [reading.part for reading in load_readings(own_run)] == ["test"]


@pytest.mark.parametrize("told_by", ["split.json", "predictions.parquet"])
def test_a_run_that_has_heard_its_test_part_bears_the_mark(
    told_by: str, own_run: Path, known: Predictions, tmp_path: Path
) -> None:
    if told_by == "split.json":
        write_split(own_run, name="b_folds", protocol="P1", unit="excerpt")
    else:
        replace(known, contaminated=True, protocol="P1").write_parquet(own_run / told_by)
    remarks: list[str] = []
    made = export_run(own_run, tmp_path / "x.onnx", text="# Mine\n", on_remark=remarks.append)
    assert made.contaminated and remarks == [MIXED]
    assert made.model.card.trained_on["contaminated"] is True
    assert made.model.card.text == f"**{MIXED}**\n\n# Mine\n"
