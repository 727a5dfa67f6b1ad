"""`genrekit analyse replication`: the two reports' tables beside our runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from genrekit.cli.help.examples import examples

__all__ = ["replication"]

NAME = "replication"
TABLE = f"{NAME}.csv"


@examples(
    """
    # A page in the folder of the runs
    genrekit analyse replication results/reports

    # A page elsewhere
    genrekit analyse replication runs --output page
    """
)
def replication(
    results: Annotated[
        Path,
        typer.Argument(metavar="RESULTS", help="Folder with run folders anywhere below it.", show_default=False),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Folder for the page; by default RESULTS.")
    ] = None,
) -> None:
    """Write replication.md and replication.html: each table of the two reports beside our runs, and what is leak.

    All scores stand in replication.csv, for programs.

    Stored predictions are all that is read, so that results without weights do. Their test parts are scored, which the
    run folders record.
    """
    from genrekit.analysis.replication.content import replication_content
    from genrekit.analysis.replication.scores import HEADER, scores_csv
    from genrekit.analysis.replication.tables import replicate
    from genrekit.errors import NoSuchRunError
    from genrekit.evaluation.card.writing import require_page_place, write_content
    from genrekit.evaluation.runs import PREDICTIONS_NAME, load_run

    folders = sorted(table.parent for table in results.rglob(PREDICTIONS_NAME))
    if not folders:
        raise NoSuchRunError(f"There is no run below {results}: no folder there has a {PREDICTIONS_NAME}.")
    runs, folder = [load_run(folder) for folder in folders], output or results
    # Told before the test parts are read.
    require_page_place(folder, name=NAME, tables={TABLE: ",".join(HEADER)})
    found = replicate(runs)
    for path in write_content(replication_content(found), folder, name=NAME, tables={TABLE: scores_csv(found)}):
        typer.echo(str(path))
