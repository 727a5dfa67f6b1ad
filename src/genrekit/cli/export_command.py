"""`genrekit export`: a run's weights as one model file that `classify` uses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genrekit.cli import messages
from genrekit.cli.examples import examples
from genrekit.cli.model_name import one_line

if TYPE_CHECKING:
    from genrekit.evaluation.run_folder import RunFolder
    from genrekit.export.calibration import Calibration
    from genrekit.inference import ModelCard
    from genrekit.models import WeightsHeader

__all__ = ["export"]

SPLIT_KEYS = frozenset({"name", "protocol", "fold", "seed", "hash"})
MIXED = "CONTAMINATED: training has heard the tracks of its test part; no score of this model holds for new music."
FITTED_ON_TEST = "Calibrated on the test part: there are no tracks left on which its confidence was tested."


@examples(
    r"""
    # A model file, with the network's own confidence
    genrekit export runs/RUN --output my.onnx

    # With a confidence that holds, and a threshold for 'unknown'
    genrekit export runs/RUN --output my.onnx --card card.md \
      --calibrate-on runs/RUN/predictions.parquet --negatives noise.parquet

    # Use it
    genrekit classify song.mp3 --model my.onnx
    """
)
def export(
    run: Annotated[Path, typer.Argument(help="A run folder, or a weights file by itself.", show_default=False)],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The model file to write.", show_default=False)
    ],
    calibrate_on: Annotated[
        Path | None,
        typer.Option(
            "--calibrate-on",
            metavar="PREDICTIONS",
            help="Table of predictions for tracks that no model of it was trained on; without it, confidence is raw.",
            show_default=False,
        ),
    ] = None,
    negatives: Annotated[
        Path | None,
        typer.Option(
            "--negatives",
            metavar="PREDICTIONS",
            help="Table of predictions for what is no music of these genres, for the threshold of 'unknown'.",
            show_default=False,
        ),
    ] = None,
    part: Annotated[
        str,
        typer.Option("--part", help="Rows of PREDICTIONS to calibrate on: valid, or test of folds, which reads it."),
    ] = "valid",
    name: Annotated[
        str | None,
        typer.Option(
            "--name", callback=one_line, help="Name of the model; if not given, that of the file.", show_default=False
        ),
    ] = None,
    hop_s: Annotated[
        float | None,
        typer.Option(
            "--hop",
            metavar="SECONDS",
            help="From one window to the next in use; if not given, half a window.",
            show_default=False,
        ),
    ] = None,
    card: Annotated[
        Path | None,
        typer.Option(
            "--card", metavar="FILE", help="The model card, in Markdown; if not given, it is made of what the run says."
        ),
    ] = None,
) -> None:
    """Make a model file of a run: front end, network and calibration in one ONNX graph, the card as metadata.

    The file is checked against the network before it takes its name.
    """
    from genrekit.cli.places import require_place
    from genrekit.evaluation.run_folder import RunFolder
    from genrekit.export.calibration import Calibration
    from genrekit.export.onnx_export import export_onnx
    from genrekit.models import load_weights

    if output.exists():
        raise typer.BadParameter(f"{output} exists; remove it, or give another name", param_hint="--output")
    require_place(output, "the model")
    # Weights may stand alone; the card then says less.
    folder = RunFolder(run if run.is_dir() else run.parent)
    network, header = load_weights(folder.weights_path if run.is_dir() else run)
    is_mixed = _is_contaminated(folder)
    if is_mixed:
        messages.warning(MIXED)
    calibration = Calibration()
    if calibrate_on is not None:
        recipe = (folder.recipe_values() or {}).get("name")
        calibration = _fit(calibrate_on, negatives, part, header, recipe=recipe)
    elif negatives is not None:
        raise typer.BadParameter("needs --calibrate-on", param_hint="--negatives")
    else:
        messages.warning("not calibrated: confidence is the network's own; give --calibrate-on for one that holds")
    model_card = _card(
        folder,
        header,
        calibration,
        name=name or output.stem,
        hop_s=hop_s,
        text_file=card,
        is_mixed=is_mixed,
        calibrated_on=None if calibrate_on is None else (part, calibrate_on.resolve().name),
    )
    window_temperature = calibration.window_temperature
    made = export_onnx(
        network, header, card=model_card, path=output, window_temperature=window_temperature, max_bytes=None
    )
    mark = "CONTAMINATED: " if is_mixed else ""
    messages.note(
        f"{mark}wrote {made.path}, {made.size_bytes / 1e6:.2f} MB, {len(header.genres)} genres; checked against the run"
    )


def _fit(table: Path, negatives: Path | None, part: str, header: WeightsHeader, *, recipe: str | None) -> Calibration:
    from genrekit.errors import DataError
    from genrekit.evaluation.predictions import Predictions
    from genrekit.evaluation.runs import load_run
    from genrekit.export.calibration import fit_calibration

    stored = load_run(table)
    known = stored.predictions
    if known.genres != header.genres:
        raise DataError(f"{table} has the genres {', '.join(known.genres)}; the run has {', '.join(header.genres)}")
    if recipe is not None and known.recipe not in ("", recipe):
        raise DataError(
            f"{table} is of the recipe {known.recipe!r}, the run of {recipe!r}: how sure one system may be says "
            "nothing of another; give predictions of the same recipe"
        )
    rows = known.select(part=part)
    if not len(rows):
        there = sorted(set(known.part.tolist()))
        cost = (
            ". --part test fits on what scores are read from: it counts as a reading of the test part, and the card "
            "says so"
        )
        raise DataError(
            f"{table} has no rows of the {part} part; parts that are there: {', '.join(there) or 'none'}"
            + cost * ("test" in there)
        )
    if part == "test":
        stored.record_test_reading("genrekit export")
        messages.warning(f"{FITTED_ON_TEST} The card says so")
    calibration = fit_calibration(rows, None if negatives is None else Predictions.read_parquet(negatives))
    messages.note(
        f"calibrated on the {part} part of {table}: temperature {calibration.window_temperature:.3f} for windows, "
        f"{calibration.file_temperature:.3f} for files; unknown below {calibration.unknown_threshold:.3f}"
    )
    return calibration


def _card(
    folder: RunFolder,
    header: WeightsHeader,
    calibration: Calibration,
    *,
    name: str,
    hop_s: float | None,
    text_file: Path | None,
    is_mixed: bool,
    calibrated_on: tuple[str, str] | None,
) -> ModelCard:
    from genrekit.errors import ModelFileError
    from genrekit.export.card_text import run_card_text
    from genrekit.inference import ModelCard

    split = folder.split_values() or {}
    trained_on = {key: value for key, value in split.items() if key in SPLIT_KEYS}
    # Who asks the model about another collection must know which one it was taught.
    if dataset := _dataset_of(folder):
        trained_on["dataset"] = dataset
    remarks = []
    if is_mixed:
        trained_on["contaminated"] = True
        remarks.append(MIXED)
    if calibrated_on is not None:
        part, source = calibrated_on
        trained_on |= {"calibrated_on": part, "calibrated_by": source}
        remarks += [FITTED_ON_TEST] if part == "test" else []
    try:
        text = None if text_file is None else text_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelFileError(f"{text_file}: cannot read the model card: {error}") from error
    scores = folder.scores()
    if text is None:
        text = run_card_text(name, header, trained_on=trained_on, scores=scores, calibration=calibration)
    return ModelCard(
        name=name,
        genres=header.genres,
        sr=header.features.sr,
        window_s=header.window_s,
        hop_s=header.window_s / 2 if hop_s is None else hop_s,
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
    from genrekit.evaluation.predictions import Predictions
    from genrekit.training.recipe import load_recipe

    record = folder.record()
    if record is not None and record.dataset is not None:
        return record.dataset
    if folder.predictions_path.is_file():
        return Predictions.read_parquet(folder.predictions_path).dataset
    return load_recipe(folder.recipe_path).data.dataset if folder.recipe_path.is_file() else None


def _is_contaminated(folder: RunFolder) -> bool:
    """Whether the split of a run mixes the excerpts of a track; of weights that stand alone it is not known."""
    from genrekit.evaluation.predictions import Predictions

    if (folder.split_values() or {}).get("protocol") == "P1":
        return True
    return folder.predictions_path.is_file() and Predictions.read_parquet(folder.predictions_path).contaminated
