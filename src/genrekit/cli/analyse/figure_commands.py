"""`genrekit analyse curves` and the other verbs that draw figures from stored results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from genrekit.cli.analyse.picture_options import (
    PICTURES,
    SVG_AND_PNG,
    Columns,
    Dpi,
    Kind,
    Kinds,
    Output,
    paper_columns,
    require_places,
    write_pictures,
)
from genrekit.cli.arguments.dataset_options import ROOT_VARIABLE
from genrekit.cli.help.examples import examples
from genrekit.cli.research.evaluate_command import Part
from genrekit.cli.terminal import messages
from genrekit.output_places import require_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genrekit.analysis.stored import Scored
    from genrekit.evaluation.runs import StoredRun

__all__ = ["confusion", "curves", "embedding", "folds", "pca", "reliability"]

Unit = Literal["mean", "vote", "none"]
"""What one decision is about."""

Runs = Annotated[
    list[Path],
    typer.Argument(metavar="RUN", help="Run folders, or folders of runs: folds and seeds.", show_default=False),
]
Fusion = Annotated[
    Unit, typer.Option("--fusion", help="How excerpts become one decision per track; 'none' takes excerpts.")
]


@examples(
    """
    # All runs below a folder, as far as they are
    genrekit analyse curves runs

    # One column of a paper, as PDF
    genrekit analyse curves runs --columns 1 --kind pdf --output figures
    """
)
def curves(
    runs: Runs, output: Output = Path("figures"), columns: Columns = 2, dpi: Dpi = 300, kind: Kinds = SVG_AND_PNG
) -> None:
    """Training and validation curves of all configurations, folds and seeds; clean above contaminated.

    A row is a configuration. Runs that are still training are drawn as far as they are.
    """
    from genrekit.analysis.curves import find_curves, group_curves
    from genrekit.analysis.curves_figure import draw_curves

    require_folder(output, PICTURES)
    picture = draw_curves(group_curves(find_curves(runs)), columns=paper_columns(columns))
    write_pictures([picture], output, dpi, kind)


@examples(
    """
    # Features that genrekit computed
    genrekit analyse pca table.parquet

    # The public table of GTZAN
    genrekit analyse pca features_30_sec.csv --output figures
    """
)
def pca(
    table: Annotated[
        Path,
        typer.Argument(
            metavar="TABLE",
            help="Feature table: of 'genrekit data prepare features', or a public one of GTZAN.",
            show_default=False,
        ),
    ],
    output: Output = Path("figures"),
    columns: Columns = 2,
    dpi: Dpi = 300,
    kind: Kinds = SVG_AND_PNG,
) -> None:
    """Principal components of the standardised features: scatter, singular values, explained variance."""
    from genrekit.analysis.feature_pca import draw_feature_pca, load_table

    require_folder(output, PICTURES)
    pictures = draw_feature_pca(load_table(table), columns=paper_columns(columns))
    write_pictures(pictures, output, dpi, kind)
    messages.note(pictures[-1].caption)


@examples(
    """
    # What a run's network makes of its test part
    genrekit analyse embedding runs/RUN

    # With data that lies elsewhere by now
    genrekit analyse embedding runs/RUN --root ~/data/gtzan_archive.npz
    """
)
def embedding(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A finished run folder.", show_default=False)],
    data: Annotated[
        Path | None,
        typer.Option(
            "--root",
            "--data",
            envvar=ROOT_VARIABLE,
            help="Folder or archive of the run's data set; by default where it was in training.",
            show_default=False,
        ),
    ] = None,
    output: Output = Path("figures"),
    columns: Columns = 2,
    dpi: Dpi = 300,
    kind: Kinds = SVG_AND_PNG,
) -> None:
    """The network's embedding of the tracks of its test part, on the first two principal components.

    It is recorded in the run as a reading of its test part.
    """
    from genrekit.analysis.embedding import draw_embedding, embed_test_part
    from genrekit.analysis.embedding_figure import NAMES
    from genrekit.cli.terminal.progress import progress_bar

    require_places(output, NAMES, kind)
    with progress_bar("reading the data") as on_progress:
        embedded = embed_test_part(run, data_root=data, command="genrekit analyse embedding", on_progress=on_progress)
    write_pictures(draw_embedding(embedded, columns=paper_columns(columns)), output, dpi, kind)


@examples(
    """
    # Several recipes side by side
    genrekit analyse folds runs/res_cnn-* runs/transformer-*

    # Without fusion: each excerpt counts
    genrekit analyse folds runs/res_cnn-* --fusion none --output figures
    """
)
def folds(
    runs: Runs,
    output: Output = Path("figures"),
    fusion: Fusion = "mean",
    part: Annotated[Part, typer.Option(help="Part whose predictions are scored.")] = "test",
    columns: Columns = 2,
    dpi: Dpi = 300,
    kind: Kinds = SVG_AND_PNG,
) -> None:
    """Accuracy, macro precision, recall and F1 fold by fold; runs of several recipes become rows.

    The first scoring of a run's test predictions is recorded in the run as a reading of its test part.
    """
    from genrekit.analysis.fold_metrics import NAME, draw_folds, fold_metrics
    from genrekit.analysis.stored import group_runs, read_scored

    runs_there = _find(runs)
    require_places(output, [NAME], kind)
    systems = [
        fold_metrics(read_scored(group, command="genrekit analyse folds", part=part, unit=_unit(fusion)))
        for group in group_runs(runs_there)
    ]
    write_pictures([draw_folds(systems, columns=paper_columns(columns))], output, dpi, kind)


@examples(
    """
    # Folds and seeds of one recipe, together
    genrekit analyse confusion runs/res_cnn-*

    # On the validation part, by vote
    genrekit analyse confusion runs/RUN --part valid --fusion vote
    """
)
def confusion(
    runs: Runs,
    output: Output = Path("figures"),
    fusion: Fusion = "mean",
    part: Annotated[Part, typer.Option(help="Part whose predictions are counted.")] = "test",
    columns: Columns = 1,
    dpi: Dpi = 300,
    kind: Kinds = SVG_AND_PNG,
) -> None:
    """Confusion matrix of folds and seeds of one recipe, in percent of each true genre.

    The first scoring of a run's test predictions is recorded in the run as a reading of its test part.
    """
    from genrekit.analysis.confusion import NAME, draw_confusion

    command = "genrekit analyse confusion"
    scored = _read_scored(runs, command, part, fusion, output=output, name=NAME, kinds=kind)
    write_pictures([draw_confusion(scored, columns=paper_columns(columns))], output, dpi, kind)


@examples(
    """
    # Does the confidence of a recipe hold?
    genrekit analyse reliability runs/res_cnn-*

    # Only PNG, at another resolution
    genrekit analyse reliability runs/RUN --kind png --dpi 150
    """
)
def reliability(
    runs: Runs,
    output: Output = Path("figures"),
    fusion: Fusion = "mean",
    part: Annotated[Part, typer.Option(help="Part whose predictions are counted.")] = "test",
    columns: Columns = 1,
    dpi: Dpi = 300,
    kind: Kinds = SVG_AND_PNG,
) -> None:
    """Reliability diagram of folds and seeds of one recipe: how often a decision of so much confidence is right.

    The first scoring of a run's test predictions is recorded in the run as a reading of its test part.
    """
    from genrekit.analysis.reliability import NAME, draw_reliability

    command = "genrekit analyse reliability"
    scored = _read_scored(runs, command, part, fusion, output=output, name=NAME, kinds=kind)
    write_pictures([draw_reliability(scored, columns=paper_columns(columns))], output, dpi, kind)


def _find(paths: Sequence[Path]) -> list[StoredRun]:
    from genrekit.evaluation.runs import find_all_runs

    return find_all_runs(paths)


def _read_scored(
    runs: Sequence[Path], command: str, part: Part, fusion: Unit, *, output: Path, name: str, kinds: Sequence[Kind]
) -> Scored:
    """What runs of one recipe scored; before that is read, the place of the picture of it is looked at."""
    from genrekit.analysis.stored import read_scored

    found = _find(runs)
    require_places(output, [name], kinds)
    return read_scored(found, command=command, part=part, unit=_unit(fusion))


def _unit(fusion: Unit) -> Literal["excerpt", "mean", "vote"]:
    return "excerpt" if fusion == "none" else fusion
