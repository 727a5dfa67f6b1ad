"""`genrekit compare`: two runs on the same tracks, by a clustered paired bootstrap and McNemar's exact test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from genrekit.cli.help.examples import examples
from genrekit.cli.research.evaluate_command import Fusion, Part
from genrekit.cli.terminal import messages
from genrekit.cli.terminal.text_output import Format

if TYPE_CHECKING:
    from genrekit.evaluation.from_runs import RunComparison

__all__ = ["compare"]

LEAST_P = 0.0001


@examples(
    """
    # Is the second better, or is it chance?
    genrekit compare runs/FIRST runs/SECOND

    # By vote, for other programs
    genrekit compare runs/FIRST runs/SECOND --fusion vote --format json
    """
)
def compare(
    first: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run folder, or a folder of folds and seeds.", show_default=False)
    ],
    second: Annotated[Path, typer.Argument(metavar="RUN", help="The other one.", show_default=False)],
    format: Annotated[Format, typer.Option("--format", "-f", help="A table, or json (one object).")] = "table",
    fusion: Annotated[Fusion, typer.Option(help="How excerpts become one decision per track.")] = "mean",
    part: Annotated[Part, typer.Option(help="Part whose decisions are compared.")] = "test",
) -> None:
    """Compare two runs track by track: difference in accuracy with its 95 % interval, and whether it can be chance.

    The first comparison of a run's test predictions is recorded in both runs as a reading of their test part.
    """
    from genrekit.evaluation.from_runs import compare_runs
    from genrekit.evaluation.runs import find_runs

    result = compare_runs(find_runs(first), find_runs(second), command="genrekit compare", part=part, fusion=fusion)
    if format == "json":
        import json

        typer.echo(json.dumps(_to_dict(result), ensure_ascii=False, allow_nan=False))
    else:
        _print_table(result)
    for caution in result.cautions:
        messages.warning(caution)


def _to_dict(result: RunComparison) -> dict[str, Any]:
    from dataclasses import asdict

    values = asdict(result)
    return {**values.pop("comparison"), **values}


def _p(value: float) -> str:
    return f"p = {value:.4f}" if value >= LEAST_P else f"p < {LEAST_P}"


def _print_table(result: RunComparison) -> None:
    c, interval = result.comparison, result.comparison.interval
    unit = "artists and single tracks" if interval.unit == "artist" else "tracks"
    lines = [
        f"{100 * c.accuracy_first:6.2f} %  {result.first}",
        f"{100 * c.accuracy_second:6.2f} %  {result.second}",
        f"{100 * c.difference:+6.2f}    difference on {c.n_tracks} tracks; 95 %: {100 * interval.low:+.2f} to "
        f"{100 * interval.high:+.2f} (paired bootstrap over {interval.n_clusters} {unit}), {_p(c.p_value)}",
    ]
    if c.mcnemar is None:
        lines.append("McNemar's test is left out: a track has several decisions (seeds or folds) on one side.")
    else:
        lines.append(
            f"McNemar's exact test: {c.mcnemar.n_only_first_right} tracks only the first has right, "
            f"{c.mcnemar.n_only_second_right} only the second, {_p(c.mcnemar.p_value)}"
        )
    typer.echo("\n".join(lines))
