"""A model file of a run, which says of itself what must be known to believe it.

What a run's confidence is fitted on must be of the same system; what is fitted on a test part reads it, which is
recorded; and a model that has heard its test part, or was calibrated on it, bears that on its card.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genrekit.errors import DataError, NoSuchRunError
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.run_folder import RunFolder
from genrekit.evaluation.runs import load_run
from genrekit.export.calibration import Calibration, fit_calibration
from genrekit.export.card_text import run_card_text
from genrekit.export.onnx_export import export_onnx
from genrekit.inference import ModelCard, ModelFile
from genrekit.models import WeightsHeader, load_weights

__all__ = ["FITTED_ON_TEST", "MIXED", "CalibrateOn", "ExportedRun", "export_run"]

SPLIT_KEYS = frozenset({"name", "protocol", "fold", "seed", "hash"})
MIXED = "CONTAMINATED: training has heard the tracks of its test part; no score of this model holds for new music."
FITTED_ON_TEST = "Calibrated on the test part: there are no tracks left on which its confidence was tested."


@dataclass(frozen=True)
class CalibrateOn:
    """What a model's confidence is fitted on.

    Attributes
    ----------
    table : predictions for tracks that no model of it was trained on: a Parquet file, or a run folder
    part : rows of the table that count: "valid", or "test" of folds, which is a reading of their test part
    negatives : predictions for what is no music of these genres, for the threshold of "unknown"; None for none
    """

    table: Path
    part: str = "valid"
    negatives: Path | None = None


@dataclass(frozen=True)
class ExportedRun:
    """What was made of a run.

    Attributes
    ----------
    model : the file
    calibration : that it has; None where its confidence is the network's own
    contaminated : whether its training has heard the tracks of its test part
    """

    model: ModelFile
    calibration: Calibration | None
    contaminated: bool


def export_run(
    run: str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    calibrate_on: CalibrateOn | None = None,
    name: str | None = None,
    hop_s: float | None = None,
    text: str | None = None,
    command: str = "export_run",
    on_remark: Callable[[str], None] = lambda remark: None,
) -> ExportedRun:
    """Write a run's front end, network and calibration as one ONNX file, checked before it takes its name.

    Parameters
    ----------
    run : a run folder, or a weights file by itself, of which the card then says less
    path : of the model file; written whole or not at all
    calibrate_on : what confidence is fitted on; None leaves it to the network, which is mostly too sure
    name : of the model; None for that of the file
    hop_s : > 0, seconds from one window to the next in use; None for half a window
    text : the model card in Markdown, above which the remarks are put; None to make it of what the run says
    command : recorded with the reading of a test part, such as "genrekit export"
    on_remark : called with each remark that the card begins with (`MIXED`, `FITTED_ON_TEST`), as it becomes known

    Raises
    ------
    RunError : there is no run, or no table to calibrate on
    ModelFileError : no weights, damaged ones, or a file that differs from the network or cannot be written
    DataError : a table of other genres, of another recipe, contaminated, without rows of the part, or that tells no
        temperature; a record of the run that cannot be read, or a reading that cannot be recorded
    RecipeError : the front end cannot be exported
    """
    run, path = Path(run), Path(path)
    folder = _folder_of(run)
    network, header = load_weights(folder.weights_path if run.is_dir() else run)
    remarks = []
    if contaminated := _is_contaminated(folder):
        remarks.append(MIXED)
        on_remark(MIXED)
    fitted = None
    if calibrate_on is not None:
        rows = _rows_to_fit(calibrate_on, folder, header, command=command)
        if calibrate_on.part == "test":
            remarks.append(FITTED_ON_TEST)
            on_remark(FITTED_ON_TEST)
        negatives = calibrate_on.negatives
        fitted = fit_calibration(rows, None if negatives is None else Predictions.read_parquet(negatives))
    calibration = fitted or Calibration()
    card = _card(
        header,
        calibration,
        name=name or path.stem,
        hop_s=header.window_s / 2 if hop_s is None else hop_s,
        trained_on=_trained_on(folder, contaminated=contaminated, calibrate_on=calibrate_on),
        scores=folder.scores(),
        remarks=remarks,
        text=text,
    )
    temperature = calibration.window_temperature
    model = export_onnx(network, header, card=card, path=path, window_temperature=temperature, max_bytes=None)
    return ExportedRun(model, fitted, contaminated)


def _folder_of(run: Path) -> RunFolder:
    """The folder of what is given, a run folder or a weights file; one that holds runs, or nothing, is told."""
    folder = RunFolder(run if run.is_dir() else run.parent)
    if not run.exists():
        raise NoSuchRunError(f"No run at {run}; a run folder, or a weights file, is expected.")
    weights, recipe = folder.weights_path, folder.recipe_path
    if run.is_dir() and not weights.exists() and not recipe.exists():
        below = next((found.parent for found in sorted(run.glob(f"*/{weights.name}"))), None)
        named = "" if below is None else f" Name one that lies below, such as {below}."
        raise NoSuchRunError(f"{run} is no run folder: it has neither {weights.name} nor {recipe.name}.{named}")
    return folder


def _rows_to_fit(source: CalibrateOn, folder: RunFolder, header: WeightsHeader, *, command: str) -> Predictions:
    """The rows that a calibration is fitted on; those of a test part are read by that, which is recorded."""
    stored = load_run(source.table)
    known = stored.predictions
    if known.genres != header.genres:
        raise DataError(
            f"{source.table} has the genres {', '.join(known.genres)}; the run has {', '.join(header.genres)}"
        )
    recipe = (folder.recipe_values() or {}).get("name")
    if recipe is not None and known.recipe not in ("", recipe):
        raise DataError(
            f"{source.table} is of the recipe {known.recipe!r}, the run of {recipe!r}: how sure one system may be says "
            "nothing of another; give predictions of the same recipe"
        )
    rows = known.select(part=source.part)
    if not len(rows):
        there = sorted(set(known.part.tolist()))
        cost = (
            ". --part test fits on what scores are read from: it counts as a reading of the test part, and the card "
            "says so"
        )
        raise DataError(
            f"{source.table} has no rows of the {source.part} part; parts that are there: {', '.join(there) or 'none'}"
            + cost * ("test" in there)
        )
    if source.part == "test":
        stored.record_test_reading(command)
    return rows


def _trained_on(folder: RunFolder, *, contaminated: bool, calibrate_on: CalibrateOn | None) -> dict[str, Any]:
    split = folder.split_values() or {}
    values = {key: value for key, value in split.items() if key in SPLIT_KEYS}
    # Who asks the model about another collection must know which one it was taught.
    if dataset := _dataset_of(folder):
        values["dataset"] = dataset
    if contaminated:
        values["contaminated"] = True
    if calibrate_on is not None:
        values |= {"calibrated_on": calibrate_on.part, "calibrated_by": Path(calibrate_on.table).resolve().name}
    return values


def _card(
    header: WeightsHeader,
    calibration: Calibration,
    *,
    name: str,
    hop_s: float,
    trained_on: dict[str, Any],
    scores: dict[str, Any] | None,
    remarks: list[str],
    text: str | None,
) -> ModelCard:
    if text is None:
        text = run_card_text(name, header, trained_on=trained_on, scores=scores, calibration=calibration)
    return ModelCard(
        name=name,
        genres=header.genres,
        sr=header.features.sr,
        window_s=header.window_s,
        hop_s=hop_s,
        file_temperature=calibration.file_temperature,
        unknown_threshold=calibration.unknown_threshold,
        features=header.features.to_dict(),
        model=header.model.to_dict(),
        trained_on=trained_on,
        evaluation=scores or {},
        text="".join(f"**{remark}**\n\n" for remark in remarks) + text,
    )


def _dataset_of(folder: RunFolder) -> str | None:
    """The data set of a run; None of weights that stand alone."""
    from genrekit.training.recipes.recipe import load_recipe

    record = folder.record()
    if record is not None and record.dataset is not None:
        return record.dataset
    if folder.predictions_path.is_file():
        return Predictions.read_parquet(folder.predictions_path).dataset
    return load_recipe(folder.recipe_path).data.dataset if folder.recipe_path.is_file() else None


def _is_contaminated(folder: RunFolder) -> bool:
    """Whether the split of a run mixes the excerpts of a track; of weights that stand alone it is not known."""
    if (folder.split_values() or {}).get("protocol") == "P1":
        return True
    return folder.predictions_path.is_file() and Predictions.read_parquet(folder.predictions_path).contaminated
