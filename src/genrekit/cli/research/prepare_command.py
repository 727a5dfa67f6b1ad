"""`genrekit data prepare`: archives and feature tables of a data set, and sounds that are no music."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genrekit.cli.arguments.dataset_options import Root, compared, load
from genrekit.cli.help.examples import examples
from genrekit.cli.terminal import messages
from genrekit.cli.terminal.progress import progress_bar

if TYPE_CHECKING:
    from genrekit.data.dataset import Fault
    from genrekit.data.preparation.table_rows import Windows

__all__ = ["prepare"]

# Headings of its help, and what each option is for.
OF_FEATURES = "Options of 'prepare features'"
OF_NEGATIVES = "Options of 'prepare negatives'"
KINDS_OF_OPTION = {
    "root": ("archive", "features"),
    "jobs": ("archive", "features"),
    "window_s": ("features",),
    "hop_s": ("features",),
    "span_s": ("features",),
    "count": ("negatives",),
    "seed": ("negatives",),
}


@examples(
    r"""
    # Log-mels of your own files, to train on
    genrekit data prepare "My Genres/" --output own.npz

    # Handcrafted features of 3-second windows
    genrekit data prepare features "My Genres/" -o table.parquet \
      --window-s 3 --hop-s 3

    # Sounds that are no music, for 'unknown'
    genrekit data prepare negatives --output negatives.npz
    """
)
def prepare(
    ctx: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            help="A data set with audio, a folder of genre folders, 'negatives' (made on the spot), or 'features' "
            "followed by one of the first two."
        ),
    ],
    source: Annotated[
        str, typer.Argument(help="What to compute features of, after 'features'.", show_default=False)
    ] = "",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write: an archive (.npz), or a table of features (.parquet or .csv).",
            show_default=False,
        ),
    ] = None,
    root: Root = None,
    window_s: Annotated[
        float,
        typer.Option(
            "--window-s",
            help="Seconds of a window; 30 is the whole of GTZAN's tracks.",
            rich_help_panel=OF_FEATURES,
        ),
    ] = 30.0,
    hop_s: Annotated[
        float | None,
        typer.Option(
            "--hop-s",
            help="Seconds from one window to the next; if not given, one window.",
            show_default=False,
            rich_help_panel=OF_FEATURES,
        ),
    ] = None,
    span_s: Annotated[
        float,
        typer.Option("--span-s", min=0, help="Only the first so many seconds; 0 for all.", rich_help_panel=OF_FEATURES),
    ] = 30.0,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            min=1,
            help="Files at once, of an archive of audio or of 'features'; if not given, one a processor.",
            show_default=False,
        ),
    ] = None,
    count: Annotated[
        int, typer.Option("--count", min=1, help="How many sounds, about.", rich_help_panel=OF_NEGATIVES)
    ] = 400,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of all that is drawn.", rich_help_panel=OF_NEGATIVES)] = 0,
) -> None:
    """Write the log-mels of a data set's audio to one archive file, 30 s of each track, or a table of its features.

    The features are 57 handcrafted ones of each window. After a kill, the same command goes on.
    """
    _refuse_strangers(ctx, name if name in ("features", "negatives") else "archive")
    if output is None:
        raise typer.BadParameter("say with --output which file to write", param_hint="--output")
    if name == "features":
        from genrekit.data.preparation.table_rows import Windows

        if not source:
            raise typer.BadParameter("name the data set or folder to compute features of", param_hint="SOURCE")
        windows = Windows(window_s, window_s if hop_s is None else hop_s, span_s or None)
        _prepare_features(source, root, output, windows, jobs)
        return
    if source:
        raise typer.BadParameter(f"{source!r}: only 'features' is followed by a data set", param_hint="SOURCE")
    if name == "negatives":
        _prepare_negatives(output, count=count, seed=seed)
    else:
        _prepare_archive(name, root, output, jobs)


def _refuse_strangers(ctx: typer.Context, kind: str) -> None:
    """Refuse options on the command line that mean nothing to what is made, rather than pass over them."""
    typed = [
        (f"--{name.replace('_', '-')}", kinds)
        for name, kinds in KINDS_OF_OPTION.items()
        # By name: typer's click is not always the installed one.
        if (source := ctx.get_parameter_source(name)) is not None and source.name == "COMMANDLINE"
    ]
    strangers = [
        f"{option} is of {' and '.join(map(_kind_text, kinds))}" for option, kinds in typed if kind not in kinds
    ]
    if strangers:
        raise typer.BadParameter(f"{', '.join(strangers)}; this is {_kind_text(kind)}")


def _kind_text(kind: str) -> str:
    return "an archive of audio" if kind == "archive" else f"'prepare {kind}'"


def _prepare_archive(source: str, root: Path | None, output: Path, jobs: int | None) -> None:
    from genrekit.data.preparation.archive_writer import require_archive_place, write_archive

    require_archive_place(output)
    dataset = compared(load(source, root), jobs)
    with progress_bar("writing log-mels") as progress:
        faults = write_archive(dataset, output, n_threads=jobs, progress=progress)
    _tell(faults)
    messages.note(f"wrote {len(dataset) - len(faults)} of {len(dataset)} tracks to {output}")
    if faults:
        raise typer.Exit(1)


def _prepare_negatives(output: Path, *, count: int, seed: int) -> None:
    from genrekit.data.preparation.negatives import write_negatives

    with progress_bar("writing log-mels") as progress:
        write_negatives(output, count=count, seed=seed, progress=progress)
    messages.note(f"wrote about {count} sounds that are no music to {output}")


def _prepare_features(source: str, root: Path | None, output: Path, windows: Windows, jobs: int | None) -> None:
    from genrekit.data.preparation.table_writer import require_table_place, write_table

    require_table_place(output)
    dataset = compared(load(source, root), jobs)
    with progress_bar("computing features") as progress:
        made = write_table(dataset, output, windows, n_processes=jobs, progress=progress)
    for warning in made.warnings:
        messages.warning(warning)
    _tell(made.faults)
    before = f"; {made.n_resumed} tracks were done before" if made.n_resumed else ""
    messages.note(f"wrote {made.n_rows} excerpts of {made.n_tracks} of {len(dataset)} tracks to {output}{before}")
    if made.faults:
        raise typer.Exit(1)


def _tell(faults: Iterable[Fault]) -> None:
    for fault in faults:
        messages.error(f"{fault.track_id}: {fault.detail}")
