"""`genrekit data`: look at data sets, find their faults, and write archives and feature tables of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genrekit.cli.arguments.dataset_options import Name, Root, load
from genrekit.cli.help.examples import examples
from genrekit.cli.research.audit_text import render_audit
from genrekit.cli.research.band_edges_command import band_edges
from genrekit.cli.research.prepare_command import prepare
from genrekit.cli.terminal import messages
from genrekit.cli.terminal.progress import progress_bar
from genrekit.cli.terminal.text_output import Format, Output, columns, require_output, write

if TYPE_CHECKING:
    from genrekit.data.dataset import Dataset

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Look at data sets: what they hold, what is wrong with them.",
)


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
app.command()(prepare)


def _counted(dataset: Dataset) -> str:
    from collections import Counter

    return ", ".join(f"{n} {kind}" for kind, n in Counter(fault.kind for fault in dataset.faults).most_common())
