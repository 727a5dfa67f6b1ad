"""`genrekit analyse robustness`: accuracy and changed decisions under changes that should not matter."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from genrekit.cli import messages
from genrekit.cli.dataset_options import ROOT_VARIABLE
from genrekit.cli.evaluate_command import Fusion
from genrekit.cli.examples import examples
from genrekit.cli.progress import progress_bar
from genrekit.cores import usable_cores

__all__ = ["robustness"]

COMMAND = "genrekit analyse robustness"
# Runs on what has no audio are applied to the recordings that it was made from.
AUDIO_OF = {"gtzan_archive": "gtzan", "gtzan_table": "gtzan"}


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
    from genrekit.analysis.conditions import choose_conditions, split_by_rate
    from genrekit.analysis.out_of_fold import read_run
    from genrekit.analysis.picture import write_picture
    from genrekit.analysis.robustness import choose_tracks, run_robustness
    from genrekit.analysis.robustness_figure import draw_robustness
    from genrekit.analysis.robustness_result import record_readings, score_robustness, tabulate, write_predictions
    from genrekit.analysis.robustness_store import TrackStore
    from genrekit.data.registry import load_dataset
    from genrekit.errors import DataError
    from genrekit.evaluation.runs import find_all_runs, pool_runs
    from genrekit.training.run import write_text_atomically

    chosen = choose_conditions(condition or ())
    stored = find_all_runs(runs)
    like = pool_runs(stored)
    applied = [read_run(run.folder) for run in stored]
    conditions, above = split_by_rate(chosen, applied[0].sr)
    if above and len(conditions) == 1:
        raise DataError(
            f"These models hear nothing above {applied[0].sr // 2} Hz; {above[0].name} changes nothing else. Give "
            "another --condition."
        )
    for one in above:
        messages.note(f"left out: {one.title}; these models hear nothing above {applied[0].sr // 2} Hz")
    loader = str((stored[0].recipe or {}).get("data.dataset", like.dataset))
    audio = load_dataset(dataset or AUDIO_OF.get(loader, loader), data)
    possible = choose_tracks(audio, applied)
    tracks = choose_tracks(audio, applied, max_tracks=max_tracks)
    weights_sha256 = {run.name: run.weights_sha256 for run in applied}
    store = TrackStore(
        output,
        {
            "dataset": audio.name,
            "conditions": [c.name for c in conditions],
            "weights_sha256": weights_sha256,
        },
    )
    with progress_bar("changing recordings") as on_done:
        failed = run_robustness(
            applied, audio, tracks, store, conditions=conditions, n_jobs=jobs or usable_cores(), on_done=on_done
        )
    for track in failed:
        messages.error(f"{track.track_id}: {track.error}")
    names = {result.track_id for result in failed}
    results = [store.results[track_id] for track_id in tracks if track_id not in names]
    tables = tabulate(results, applied, audio, conditions, like)
    record_readings(tables, applied, command=COMMAND)
    written = write_predictions(tables, output / "predictions")
    n_folds = max((run.split.n_folds for run in stored if run.split is not None), default=1)
    result = score_robustness(
        tables,
        conditions,
        runs=weights_sha256,
        fusion=fusion,
        n_folds=n_folds,
        n_tracks_of_all=len(possible),
        validates_on_test=any(run.validates_on_test for run in applied),
    )
    text = result.to_markdown()
    write_text_atomically(output / "robustness.md", text)
    pictures = write_picture(draw_robustness(result, columns=1 if columns == 1 else 2), output, dpi=dpi)
    typer.echo(text.rstrip())
    messages.note(f"wrote {', '.join(str(path) for path in (output / 'robustness.md', *pictures))}")
    messages.note(f"wrote {len(written)} tables of predictions to {output / 'predictions'}; compare any two of them")
    if failed:
        raise typer.Exit(1)
