"""`genrekit analyse labels`: tracks whose label the models doubt."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from genrekit.cli.arguments.places import require_own, require_place
from genrekit.cli.help.examples import examples
from genrekit.cli.terminal import messages

__all__ = ["labels"]


@examples(
    r"""
    # The 25 tracks whose label all folds and seeds doubt most
    genrekit analyse labels runs/res_cnn-*

    # All of them, to listen through
    genrekit analyse labels runs/ --output doubted.csv --most 10
    """
)
def labels(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN",
            help="Run folders, or folders of runs: folds, seeds, also of several recipes.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="All of them as CSV.", show_default=False)
    ] = None,
    most: Annotated[int, typer.Option("--most", min=1, help="How many to print.")] = 25,
) -> None:
    """Tracks that models who never heard them take for another genre, the surest first: wrong labels are among them.

    The first scoring of a run's test predictions is recorded in the run as a reading of its test part.
    """
    from genrekit.analysis.captions import STOPPED_ON_TEST
    from genrekit.analysis.doubted_labels import doubted_labels, doubted_labels_csv, doubted_labels_table
    from genrekit.analysis.stored import group_runs, read_scored
    from genrekit.errors import DataError
    from genrekit.evaluation.runs import find_all_runs
    from genrekit.whole_file import written_whole

    if output is not None:
        # Told before the test parts are read; a table of no track is its header.
        require_place(output, "the table")
        require_own(output, "--output", doubted_labels_csv([]))
    stored = find_all_runs(runs)
    scored = [read_scored(group, command="genrekit analyse labels") for group in group_runs(stored)]
    if any(one.validates_on_test for one in scored):
        messages.warning(f"of some runs {STOPPED_ON_TEST}: their tracks are not unheard")
    tables = [one.predictions for one in scored]
    doubted = doubted_labels(tables)
    n_tracks = len({track for table in tables for track in table.track.tolist()})
    typer.echo(doubted_labels_table(doubted, most=most), nl=False)
    messages.note(f"{len(doubted)} of {n_tracks} tracks are taken for another genre; {min(most, len(doubted))} shown")
    if output is not None:
        try:
            with written_whole(output) as fresh:
                fresh.write_text(doubted_labels_csv(doubted), encoding="utf-8")
        except OSError as error:
            raise DataError(f"Cannot write {output}: {error.strerror or error}.") from error
        messages.note(f"wrote {output}")
