"""`genrekit analyse`: figures from stored results, and what is measured or compared beyond a run's own scores."""

from __future__ import annotations

import typer

from genrekit.cli.analyse.figure_commands import confusion, curves, embedding, folds, pca, reliability
from genrekit.cli.analyse.labels_command import labels
from genrekit.cli.analyse.replication_command import replication
from genrekit.cli.analyse.robustness_command import robustness
from genrekit.cli.analyse.transfer_command import transfer

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Draw figures from stored results, and test a model on changed recordings or another collection.",
)
for command in (curves, pca, embedding, folds, confusion, reliability, robustness, replication, labels, transfer):
    app.command()(command)
