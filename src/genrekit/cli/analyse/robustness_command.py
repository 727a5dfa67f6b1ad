"""`genrekit analyse robustness`: accuracy and changed decisions under changes that should not matter."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from genrekit.cli.arguments.dataset_options import ROOT_VARIABLE
from genrekit.cli.help.examples import examples
from genrekit.cli.research.evaluate_command import Fusion
from genrekit.cli.terminal import messages
from genrekit.cli.terminal.progress import progress_bar
from genrekit.cores import usable_cores

__all__ = ["robustness"]

COMMAND = "genrekit analyse robustness"


@examples(
    r"""
    # Every change, on every recording; the same line goes on after a stop
    genrekit analyse robustness runs/res_cnn-* --root ~/data/gtzan

    # Two changes, on 60 recordings
    genrekit analyse robustness runs/res_cnn-* --root ~/data/gtzan \
      --condition mp3_64_kbps --condition gain_plus_6_db --max-tracks 60
    """
)
def robustness(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN", help="Run folders, or folders of runs: folds and seeds.", show_default=False),
    ],
    data: Annotated[
        Path,
        typer.Option(
            "--root", "--data", envvar=ROOT_VARIABLE, help="Folder of the data set's audio files.", show_default=False
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Folder for results; what is there of the same recordings is not redone.",
        ),
    ] = Path("robustness"),
    dataset: Annotated[
        str | None,
        typer.Option(help="Data set of the recordings; by default the runs' own, as audio.", show_default=False),
    ] = None,
    condition: Annotated[
        list[str] | None,
        typer.Option(help="Only this change, such as mp3_64_kbps; give it again for another.", show_default=False),
    ] = None,
    max_tracks: Annotated[
        int | None,
        typer.Option(min=2, help="Only so many tracks, evenly spread over the data set.", show_default=False),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Processes; by default one a core.", show_default=False)
    ] = None,
    fusion: Annotated[Fusion, typer.Option(help="How excerpts become one decision per track.")] = "mean",
    columns: Annotated[int, typer.Option(min=1, max=2, help="Of a paper's page that the figure spans.")] = 2,
    dpi: Annotated[int, typer.Option(min=72, max=1200, help="Resolution of the PNG.")] = 300,
) -> None:
    """Change recordings in ways that should not matter, and see which decisions change.

    High-pass, gain, mp3, noise, tempo, pitch, telephone band, later start; each track by the models that have not heard
    it. Recorded in each run as a reading of its test part. The same command again goes on where it was stopped.
    """
    from genrekit.analysis.robustness.conditions import choose_conditions
    from genrekit.analysis.robustness.figure import draw_robustness
    from genrekit.analysis.robustness.suite import apply_suite, make_suite, score_suite
    from genrekit.analysis.robustness.writing import require_places, write_page, write_predictions
    from genrekit.data.registry import load_dataset
    from genrekit.evaluation.runs import find_all_runs

    chosen = choose_conditions(condition or ())
    suite = make_suite(find_all_runs(runs), chosen)
    require_places(output, suite.conditions)
    for one in suite.left_out:
        messages.note(f"left out: {one.title}; these models hear nothing above {suite.runs[0].sr // 2} Hz")
    audio = load_dataset(dataset or suite.dataset, data)
    with progress_bar("changing recordings") as on_done:
        applied = apply_suite(
            suite, audio, output, max_tracks=max_tracks, n_jobs=jobs or usable_cores(), on_done=on_done
        )
    for track in applied.failed:
        messages.error(f"{track.track_id}: {track.error}")
    measured = score_suite(applied, command=COMMAND, fusion=fusion)
    tables = write_predictions(measured.tables, output)
    text = measured.result.to_markdown()
    picture = draw_robustness(measured.result, columns=1 if columns == 1 else 2)
    page = write_page(text, picture, output, dpi=dpi)
    typer.echo(text.rstrip())
    messages.note(f"wrote {', '.join(map(str, page))}")
    messages.note(f"wrote {len(tables)} tables of predictions to {tables[0].parent}; compare any two of them")
    if applied.failed:
        raise typer.Exit(1)
