"""`genrekit data`: look at data sets, find their faults, and write archives and feature tables of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genrekit.cli.arguments.dataset_options import Name, Root, compared, load
from genrekit.cli.audit_text import render_audit
from genrekit.cli.band_edges_command import band_edges
from genrekit.cli.examples import examples
from genrekit.cli.terminal import messages
from genrekit.cli.terminal.progress import progress_bar
from genrekit.cli.terminal.text_output import Format, Output, columns, require_output, write

if TYPE_CHECKING:
    from genrekit.data.dataset import Dataset
    from genrekit.data.preparation.table_rows import Windows

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Look at data sets: what they hold, what is wrong with them.",
)


# Of `prepare`: headings of its help, and what each option is for.
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


@app.command("list")
@examples(
    """
    # Which data sets are known
    genrekit data list

    # What one of them is
    genrekit data info gtzan
    """
)
def list_datasets() -> None:
    """Name the data sets that can be loaded."""
    from genrekit.data.registry import DATASETS, dataset_info

    typer.echo(columns([(name, dataset_info(name).summary) for name in DATASETS]))


@app.command()
@examples(
    """
    # Licence, source and citation
    genrekit data info gtzan

    # And what is here of it
    genrekit data info gtzan --root ~/data/gtzan
    """
)
def info(name: Name, root: Root = None) -> None:
    """Say what a data set is, how to cite it, and with --root what is there of it."""
    from genrekit.data.registry import DATASETS, dataset_info

    facts = dataset_info(name if name in DATASETS or not Path(name).is_dir() else "folder")
    rows = [
        ("name", facts.name),
        ("summary", facts.summary),
        ("contents", facts.contents),
        ("tracks", str(facts.n_tracks or "")),
        ("genres", " ".join(facts.genres)),
        ("licence", facts.licence),
        ("source", facts.source),
        ("download", facts.download),
        ("citation", facts.citation),
    ]
    if root is not None or name not in DATASETS:
        dataset = load(name, root)
        counts = {genre: sum(track.genre == genre for track in dataset.tracks) for genre in dataset.genres}
        rows += [
            ("found", f"{len(dataset)} tracks: {', '.join(f'{count} {genre}' for genre, count in counts.items())}"),
            ("artists", f"{sum(track.artist is None for track in dataset.tracks)} tracks have no known artist"),
            ("faults", _counted(dataset) or "none known; 'genrekit data audit' looks at every file"),
        ]
    typer.echo("\n".join(f"{key:<9} {value}" for key, value in rows if value))


@app.command()
@examples(
    r"""
    # Fetch it, unpack it, and check its files
    genrekit data download gtzan --root ~/data/gtzan

    # From another place, without a question
    genrekit data download gtzan --root ~/data/gtzan --yes \
      --url https://example.org/genres.tar.gz
    """
)
def download(
    name: Annotated[str, typer.Argument(help="A data set of 'genrekit data list' that can be fetched, such as gtzan.")],
    root: Annotated[Path, typer.Option("--root", help="Folder to put it into.", show_default=False)],
    url: Annotated[
        str | None, typer.Option("--url", help="Another place of the same archive (tar or zip).", show_default=False)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="The licence is known; do not ask.")] = False,
) -> None:
    """Fetch a data set's archive, unpack it, and check its files; the same command again goes on where it stopped."""
    from urllib.parse import urlsplit

    from genrekit.data.registry import dataset_info
    from genrekit.data.sets.download import download as fetch
    from genrekit.data.sets.download import unpack
    from genrekit.errors import DataError

    facts = dataset_info(name)
    place = url or facts.download
    if not place:
        raise DataError(f"Data set {name!r} cannot be fetched by genrekit. {facts.source or 'It is your own files.'}")
    messages.note(f"{facts.name}: {facts.licence}")
    if not yes and not typer.confirm(f"Download {place} into {root}?", err=True):
        raise typer.Exit(1)
    archive = root / (Path(urlsplit(place).path).name or f"{name}.archive")
    with progress_bar("downloading, in bytes") as bar:
        fetch(place, archive, progress=lambda done, total: bar(done, total, ""))
    with progress_bar("unpacking") as bar:
        count = unpack(archive, root, progress=lambda done, total: bar(done, total, ""))
    dataset = load(name, root)
    messages.note(f"unpacked {count} files into {root}; {len(dataset)} tracks. {archive} can be deleted.")
    messages.note(
        f"faults: {_counted(dataset) or 'none known'}; 'genrekit data audit {name} --root {root}' looks closer"
    )
    typer.echo(str(root))


@app.command()
@examples(
    """
    # Counts, faults, copies and same recordings
    genrekit data audit gtzan --root ~/data/gtzan

    # Your own files, a folder a genre
    genrekit data audit --root "My Genres/"

    # For other programs, and for genrekit split --audit
    genrekit data audit gtzan --root ~/data/gtzan --format json -o audit.json
    """
)
def audit(
    name: Annotated[str, typer.Argument(help="A data set of 'genrekit data list', or a folder of genre folders.")] = "",
    root: Root = None,
    format: Annotated[Format, typer.Option("--format", help="A table for people, or JSON with everything.")] = "table",
    output: Output = None,
) -> None:
    """Look at every track: counts, durations, faults, copies, the same recording twice, artists.

    With --root alone the folder is taken as your own, with one folder a genre.
    """
    from genrekit.data.checks.audit import audit as look

    if not name and root is None:
        raise typer.BadParameter("give the name of a data set, or --root with a folder of genre folders")
    # An audit takes minutes, so this must be said first.
    require_output(output, "the audit")
    dataset = load(name or "folder", root)
    with progress_bar("looking at files") as progress:
        found = look(dataset, processes=True, progress=progress)
    write(found.to_json() if format == "json" else render_audit(found), output)


app.command("band-edges")(band_edges)


@app.command()
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
        from genrekit.data.preparation.negatives import write_negatives

        with progress_bar("writing log-mels") as progress:
            write_negatives(output, count=count, seed=seed, progress=progress)
        messages.note(f"wrote about {count} sounds that are no music to {output}")
        return
    from genrekit.data.preparation.archive_writer import require_archive_place, write_archive

    require_archive_place(output)
    dataset = compared(load(name, root), jobs)
    with progress_bar("writing log-mels") as progress:
        faults = write_archive(dataset, output, n_threads=jobs, progress=progress)
    for fault in faults:
        messages.error(f"{fault.track_id}: {fault.detail}")
    messages.note(f"wrote {len(dataset) - len(faults)} of {len(dataset)} tracks to {output}")
    if faults:
        raise typer.Exit(1)


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


def _prepare_features(source: str, root: Path | None, output: Path, windows: Windows, jobs: int | None) -> None:
    from genrekit.data.preparation.table_writer import require_table_place, write_table

    require_table_place(output)
    dataset = compared(load(source, root), jobs)
    with progress_bar("computing features") as progress:
        made = write_table(dataset, output, windows, n_processes=jobs, progress=progress)
    for warning in made.warnings:
        messages.warning(warning)
    for fault in made.faults:
        messages.error(f"{fault.track_id}: {fault.detail}")
    before = f"; {made.n_resumed} tracks were done before" if made.n_resumed else ""
    messages.note(f"wrote {made.n_rows} excerpts of {made.n_tracks} of {len(dataset)} tracks to {output}{before}")
    if made.faults:
        raise typer.Exit(1)


def _counted(dataset: Dataset) -> str:
    from collections import Counter

    return ", ".join(f"{n} {kind}" for kind, n in Counter(fault.kind for fault in dataset.faults).most_common())
