"""`genrekit evaluate`: the report card of runs, protocol by protocol, from stored predictions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from genrekit.cli.help.examples import examples
from genrekit.cli.terminal import messages
from genrekit.cli.terminal.text_output import Format

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genrekit.evaluation.summary import Evaluation

__all__ = ["Fusion", "Part", "evaluate", "print_evaluation"]

Fusion = Literal["mean", "vote"]
"""How the excerpts of a track become one decision."""

Part = Literal["valid", "test"]
"""Which part's predictions are scored; of a training part no run keeps any."""


@examples(
    """
    # The report card of one run, into its folder
    genrekit evaluate runs/RUN

    # Folds and seeds of one recipe, as one card
    genrekit evaluate runs/res_cnn-* --output card

    # A system under all protocols that it was run under
    genrekit evaluate runs/p2 runs/p4 --output card

    # Figures for other programs
    genrekit evaluate runs/RUN --part valid --format json
    """
)
def evaluate(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN",
            help="Run folders, predictions.parquet files, or folders of runs; several are pooled as folds and seeds, "
            "protocol by protocol.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Folder for report.md, report.html and scores.json (report_valid.md and so on for another part than "
            "test); of one run by default its own folder. Earlier ones are replaced, other files never.",
            show_default=False,
        ),
    ] = None,
    format: Annotated[Format, typer.Option("--format", "-f", help="A table, or json (one object).")] = "table",
    fusion: Annotated[Fusion, typer.Option(help="Fusion of the headline figures; both are reported.")] = "mean",
    part: Annotated[Part, typer.Option(help="Part whose predictions are scored.")] = "test",
) -> None:
    """Score stored predictions: accuracy with intervals, macro F1, confusion, calibration; write the report card.

    The first scoring of a run's test predictions is recorded in the run as a reading of its test part.
    """
    from genrekit.evaluation.card.protocols import folder_of_runs, group_by_protocol, protocols_dict
    from genrekit.evaluation.card.writing import require_card_place, write_protocols, write_report
    from genrekit.evaluation.from_runs import evaluate_runs
    from genrekit.evaluation.runs import find_all_runs, pool_runs

    stored = find_all_runs(runs)
    if output is None and len(stored) > 1:
        raise typer.BadParameter(f"{len(stored)} runs are pooled; say where their card goes", param_hint="--output")
    groups = group_by_protocol(stored)
    for group in groups:
        # Before any reading is recorded: what cannot be pooled gives no card, and neither does a place that is taken.
        pool_runs(group)
    folder = output if output is not None else stored[0].folder
    require_card_place(folder, part=part, below=map(folder_of_runs, groups) if len(groups) > 1 else ())
    evaluations = [evaluate_runs(group, command="genrekit evaluate", part=part, fusion=fusion) for group in groups]
    (evaluation, *others) = evaluations
    written = write_protocols(evaluations, folder) if others else write_report(evaluation, folder)
    if format == "json":
        import json

        values = protocols_dict(evaluations) if others else evaluation.to_dict()
        typer.echo(json.dumps(values, ensure_ascii=False, allow_nan=False))
    elif others:
        _print_protocols(evaluations)
    else:
        print_evaluation(evaluation)
    if any(one.contaminated for one in evaluations):
        of = f" under {', '.join(one.protocol for one in evaluations if one.contaminated)}" if others else ""
        heard = "training has heard the tracks of the test part"
        messages.warning(f"CONTAMINATED: {heard}; no figure{of} holds for new music")
    messages.note("wrote " + ", ".join(str(path) for path in written))


def _print_protocols(evaluations: Sequence[Evaluation]) -> None:
    from rich.console import Console

    from genrekit.evaluation.card.protocols import protocols_content

    content = protocols_content(evaluations)
    console = Console(highlight=False)
    console.print(content.title, markup=False, soft_wrap=True)
    width = max(len(fact.label) for fact in content.facts)
    for fact in content.facts:
        console.print(f"{fact.label:{width}}  {fact.value:>5}  {fact.detail}", markup=False, soft_wrap=True)


def print_evaluation(evaluation: Evaluation) -> None:
    """The scores of an evaluation as a table on standard output, and what must be known to read them."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from genrekit.evaluation.card.content import interval_text, percent, spread_text

    title = Text(f"{evaluation.title}, {evaluation.part} part")
    # Without frames, so that tens of thousands of excerpts fit on 80 columns.
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for name in ("%", "accuracy", "95 %", "precision", "recall", "F1", "n"):
        table.add_column(name, justify="left" if name == "%" else "right", no_wrap=True)
    for view in evaluation.views:
        scores = view.scores
        table.add_row(
            view.name,
            percent(scores.accuracy),
            interval_text(view.intervals["accuracy"]),
            percent(scores.precision),
            percent(scores.recall),
            percent(scores.f1),
            str(scores.n),
            style="bold" if view is evaluation.headline else "",
        )
    console = Console(highlight=False)
    console.print(table)
    if len(evaluation.runs) > 1:
        mean = spread_text(evaluation.spread["accuracy"])
        console.print(f"{len(evaluation.runs)} runs, accuracy {mean} (mean ± deviation, ddof 0)", soft_wrap=True)
    console.print(f"calibration error {percent(evaluation.calibration.error)} %", soft_wrap=True)
    for note in evaluation.notes:
        console.print(Text(f"- {note}"), soft_wrap=True)
