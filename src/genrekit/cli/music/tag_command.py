"""`genrekit tag`: genres into the tags of files, shown first, written when asked for."""

from __future__ import annotations

import shlex
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from genrekit.cli.arguments.given_files import given_files, tell_hidden
from genrekit.cli.help.examples import examples
from genrekit.cli.music.tag_run import TagRun, require_mutagen
from genrekit.cli.music.tag_undo_command import undo
from genrekit.cli.terminal import messages
from genrekit.cli.terminal.progress import display
from genrekit.cli.terminal.streams import ReaderGone

if TYPE_CHECKING:
    from genrekit.cli.terminal.progress import Display
    from genrekit.library.policy import TagPolicy

__all__ = ["app"]

EXIT_FAILED = 1
DEFAULT = "default"
FILES = "files"
UNDO = "undo"


class NamelessContext(typer.Context):
    """Of a verb that has no word of its own."""

    @property
    def command_path(self) -> str:
        return super().command_path.rstrip()


class FilesUnlessUndo(TyperGroup):
    """`genrekit tag PATH...` and `genrekit tag undo JOURNAL`: what is no `undo` are files. A folder may be `./undo`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, args if args[:1] == [UNDO] else [FILES, *args])

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        if name == FILES and command is not None:
            # The word is ours, not the user's: usage lines say `genrekit tag`.
            name, command.context_class = "", NamelessContext
        return name, command, rest


app = typer.Typer(cls=FilesUnlessUndo, add_completion=False, pretty_exceptions_enable=False)


def _complete_undo(ctx: typer.Context, incomplete: str) -> list[str]:
    # Once it is begun, and only as the first word: where nothing is offered, the shell completes names of files.
    first = not ctx.params.get("paths")
    return [UNDO] if first and incomplete and UNDO.startswith(incomplete) else []


@app.command(FILES)
@examples(
    r"""
    # See what would be written; nothing is
    genrekit tag "My Music/"

    # Write what is sure, under a name of yours
    genrekit tag "My Music/" --write --min-confidence 0.6 \
      --name hiphop=Hip-Hop

    # Up to two genres, behind those that a file has
    genrekit tag "My Music/" --existing add --genres 2 --write

    # Classify overnight, look, and tag without hearing all again
    genrekit classify "My Music/" --output night.json
    genrekit tag "My Music/" --results night.json --write
    """
)
def tag(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH",
            help="Files, folders, or '-' for a list on standard input.",
            show_default=False,
            autocompletion=_complete_undo,
        ),
    ],
    write: Annotated[bool, typer.Option("--write", help="Write the tags. Without it they are only shown.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be written, as without --write.")
    ] = False,
    existing: Annotated[
        Literal["fill", "replace", "add"] | None,
        typer.Option(
            "--existing",
            help="Files that have a genre: fill leaves them alone, replace puts ours in its place, add behind it.",
            show_default="fill",
        ),
    ] = None,
    min_confidence: Annotated[
        float | None,
        typer.Option("--min-confidence", min=0, max=1, metavar="0..1", help="Write nothing below.", show_default="0"),
    ] = None,
    max_genres: Annotated[
        int | None, typer.Option("--genres", min=1, metavar="N", help="Genres a file, at most.", show_default="1")
    ] = None,
    min_share: Annotated[
        float | None,
        typer.Option(
            "--min-share", min=0, max=1, metavar="0..1", help="Probability that a second one needs.", show_default="0.2"
        ),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="GENRE=NAME", help="Your name for a genre: hiphop=Hip-Hop. Repeatable."),
    ] = None,
    never_genre: Annotated[
        list[str] | None,
        typer.Option("--never-genre", metavar="GENRE", help="Never touch files that have this genre. Repeatable."),
    ] = None,
    never_path: Annotated[
        list[str] | None,
        typer.Option("--never-path", metavar="PATTERN", help="Never touch such paths: '*/Live/*'. Repeatable."),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            "--policy",
            metavar="FILE",
            help="These settings from a .toml or .yaml file; flags go before it.",
            show_default=False,
        ),
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(
            "--results",
            metavar="FILE",
            help="Take the results of genrekit classify (json, csv or parquet), hear nothing again.",
            show_default=False,
        ),
    ] = None,
    journal: Annotated[
        Path | None,
        typer.Option(
            "--journal",
            metavar="FILE",
            help="Where written tags are recorded, for undo.",
            show_default="genrekit-tags-DATE-TIME.jsonl",
        ),
    ] = None,
    break_links: Annotated[
        bool, typer.Option("--break-links", help="Tag files of several names (hard links), parting them.")
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", "-m", metavar="NAME|FILE", help="A bundled model, or a model file.", show_default=DEFAULT
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, metavar="N", help="Files heard at once.", show_default="one per core"),
    ] = None,
) -> None:
    """Show which genres would be written into the tags of files; write them with --write.

    Files without a genre get one, others are left alone unless --existing says otherwise; "unknown" is never written.
    Only tags change, never the sound, and each file changes whole or not at all. `genrekit tag undo JOURNAL` gives
    every file the bytes back that it had.

    Exit code: 0 all done; 1 some file failed, and the others are done; 2 wrong usage.
    """
    from genrekit.inference.bundled import find_model
    from genrekit.results.stored_results import read_results

    if write and dry_run:
        raise typer.BadParameter("--write writes, --dry-run does not; leave one of the two out", param_hint="--dry-run")
    if results is not None:
        _require_nothing_of_hearing({"--model": model, "--jobs": jobs})
    chosen = _policy(
        policy,
        {
            "existing": existing,
            "min_confidence": min_confidence,
            "max_genres": max_genres,
            "min_share": min_share,
            "names": _names(name),
            "never_genres": tuple(never_genre) if never_genre else None,
            "never_paths": tuple(never_path) if never_path else None,
        },
    )
    require_mutagen()
    if results is None:
        find_model(model or DEFAULT)  # that there is none is told even where nothing need be heard
    elif not results.exists():
        raise typer.BadParameter(f"{results}: there is no such file", param_hint="--results")
    stored = None if results is None else read_results(results)
    files, hidden = given_files(paths)
    run = TagRun(chosen, stored, model=model or DEFAULT, jobs=jobs, break_links=break_links)
    with display(len(files), results_on_stdout=True, task="tagging") as shown:
        if write:
            settings = {
                "model": (model or DEFAULT) if results is None else None,
                "results": None if results is None else str(results),
                "policy": asdict(chosen),
                "folders": _folders(files),
            }
            _write(run, files, shown, journal or Path(f"genrekit-tags-{datetime.now():%Y%m%d-%H%M%S}.jsonl"), settings)
        else:
            run.go(files, shown, None)
            advice = "; --write writes" if run.n_changes else ""
            if run.n_with_genre and not run.n_changes:
                advice = "; --existing replace or add changes genres that are there"
            messages.note(f"{run.n_changes} of {len(files)} would be written{advice}")
    tell_hidden(hidden, "tagged")
    if run.n_failed:
        messages.note(f"{run.n_failed} of {len(files)} could not be tagged and are as they were")
        raise typer.Exit(EXIT_FAILED)


app.command(UNDO)(undo)


def _write(run: TagRun, files: list[str], shown: Display, journal: Path, settings: dict[str, Any]) -> None:
    """Write tags and the journal of them; whatever ends it, say how to take back what was written."""
    from genrekit.library.tag_journal import TagJournal

    way_back = f"genrekit tag undo {shlex.quote(str(journal))}"
    is_new = not journal.exists()
    with TagJournal.opened(journal, settings) as opened:
        try:
            run.go(files, shown, opened)
        except ReaderGone:
            messages.error(
                f"stopped, as nobody reads standard output any more; {run.n_changes} of {len(files)} written. "
                f"Run it again to go on; {way_back} takes back what was written"
            )
            raise typer.Exit(EXIT_FAILED) from None
        except BaseException:
            if run.n_changes:
                written = f"{run.n_changes} file{'s' if run.n_changes > 1 else ''} written"
                messages.note(f"{written}; {way_back} takes it back")
            raise
    if run.n_changes:
        messages.note(f"{run.n_changes} of {len(files)} written; {way_back} takes it back")
        return
    if is_new and not opened.n_entries:
        journal.unlink(missing_ok=True)
    messages.note(f"nothing was written to {len(files)} file{'s' if len(files) > 1 else ''}")


def _require_nothing_of_hearing(options: dict[str, object]) -> None:
    for option, value in options.items():
        if value is not None:
            raise typer.BadParameter(
                f"{option} has no effect with --results, which says how the files sound; leave one of the two out",
                param_hint="--results",
            )


def _folders(files: list[str]) -> list[str]:
    """Where files will be written, links resolved; a file that is none is told when it is its turn."""
    found = set()
    for file in files:
        with suppress(OSError, ValueError, RuntimeError):
            found.add(str(Path(file).resolve(strict=True).parent))
    return sorted(found)


def _policy(path: Path | None, flags: dict[str, Any]) -> TagPolicy:
    from genrekit.library.policy import TagPolicy
    from genrekit.library.policy_file import policy_values

    values = {} if path is None else policy_values(path)
    if flags["names"] is not None:
        flags = {**flags, "names": {**values.get("names", {}), **flags["names"]}}
    return TagPolicy(**{**values, **{key: value for key, value in flags.items() if value is not None}})


def _names(pairs: list[str] | None) -> dict[str, str] | None:
    if not pairs:
        return None
    names = {}
    for pair in pairs:
        genre, equals, name = pair.partition("=")
        if not equals or not genre.strip():
            raise typer.BadParameter(f"{pair!r}; expected GENRE=NAME, such as hiphop=Hip-Hop", param_hint="--name")
        names[genre.strip()] = name.strip()
    return names
