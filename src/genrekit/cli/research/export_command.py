"""`genrekit export`: a run's weights as one model file that `classify` uses."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from genrekit.cli.arguments.model_options import one_line
from genrekit.cli.help.examples import examples
from genrekit.cli.terminal import messages

__all__ = ["export"]

COMMAND = "genrekit export"


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
    from genrekit.cli.arguments.places import require_place
    from genrekit.export.from_run import CalibrateOn, export_run

    if output.exists():
        raise typer.BadParameter(f"{output} exists; remove it, or give another name", param_hint="--output")
    require_place(output, "the model")
    if calibrate_on is None and negatives is not None:
        raise typer.BadParameter("needs --calibrate-on", param_hint="--negatives")
    made = export_run(
        run,
        output,
        calibrate_on=None if calibrate_on is None else CalibrateOn(calibrate_on, part, negatives),
        name=name,
        hop_s=hop_s,
        text=None if card is None else _text_of(card),
        command=COMMAND,
        on_remark=_tell,
    )
    if made.calibration is None:
        messages.warning("not calibrated: confidence is the network's own; give --calibrate-on for one that holds")
    else:
        messages.note(
            f"calibrated on the {part} part of {calibrate_on}: temperature {made.calibration.window_temperature:.3f} "
            f"for windows, {made.calibration.file_temperature:.3f} for files; unknown below "
            f"{made.calibration.unknown_threshold:.3f}"
        )
    model = made.model
    mark = "CONTAMINATED: " if made.contaminated else ""
    n_genres = len(model.card.genres)
    messages.note(
        f"{mark}wrote {model.path}, {model.size_bytes / 1e6:.2f} MB, {n_genres} genres; checked against the run"
    )


def _tell(remark: str) -> None:
    from genrekit.export.from_run import FITTED_ON_TEST

    messages.warning(f"{remark} The card says so" if remark == FITTED_ON_TEST else remark)


def _text_of(card: Path) -> str:
    from genrekit.errors import ModelFileError

    try:
        return card.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelFileError(f"{card}: cannot read the model card: {error}") from error
