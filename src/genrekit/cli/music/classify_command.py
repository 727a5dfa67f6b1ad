"""`genrekit classify`: files, folders or a list on standard input, to a table, JSON lines or CSV."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genrekit.cli.arguments.given_files import Paths, given_files, tell_hidden
from genrekit.cli.arguments.model_options import Model
from genrekit.cli.arguments.settings import Settings
from genrekit.cli.help.examples import examples
from genrekit.cli.music.classify_files import classify_files, tell_failed
from genrekit.cli.music.classify_summary import Summary, check_summary
from genrekit.cli.music.classify_to_file import classify_to_file
from genrekit.cli.terminal.progress import display
from genrekit.cli.terminal.streams import require_reader

if TYPE_CHECKING:
    from genrekit.inference import Classifier, Failure, Result
    from genrekit.results.writers import ResultWriter

__all__ = ["Format", "classify"]

EXIT_FAILED = 1
STANDARD_OUTPUT = "-"


class Format(StrEnum):
    """How results are written."""

    table = "table"
    json = "json"
    csv = "csv"
    parquet = "parquet"


# Of each format's results: JSON lines, CSV, Parquet, a table.
RESULT_STARTS = (b'{"path": ', b"path,genre,", b"PAR1", b"genre ")
FORMAT_OF_SUFFIX = {
    ".json": Format.json,
    ".jsonl": Format.json,
    ".ndjson": Format.json,
    ".csv": Format.csv,
    ".parquet": Format.parquet,
    ".txt": Format.table,
    "": Format.table,
}


def _none_for_dash(output: Path | None) -> Path | None:
    """No file for '-', as in other programs. A callback of typer's."""
    return None if str(output) == STANDARD_OUTPUT else output


@examples(
    r"""
    # Files and folders, as a table
    genrekit classify song.mp3 "My Music/"

    # A library overnight; the same line goes on after a stop
    genrekit classify "My Music/" --output genres.csv --resume \
      --summary genres.html

    # What is played when, for other programs
    genrekit classify concert.flac --timeline --format json

    # Files that another program finds
    find . -name '*.opus' | genrekit classify -
    """
)
def classify(
    ctx: typer.Context,
    paths: Paths,
    format: Annotated[
        Format | None,
        typer.Option(
            "--format",
            "-f",
            help="A table, json (one object a line), csv or parquet. If not given: by --output's suffix, else a table.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write results here; FILE.part until all is done. '-' is standard output.",
            show_default=False,
            callback=_none_for_dash,
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with FILE: keep what it has, do what is missing, failed or changed.")
    ] = False,
    top: Annotated[
        int,
        typer.Option("--top", min=1, metavar="N", help="Genres shown per file in the table; json and csv have all."),
    ] = 2,
    timeline: Annotated[bool, typer.Option("--timeline", help="Say also which genre is when.")] = False,
    model: Model = "default",
    summary: Annotated[
        Path | None,
        typer.Option(
            "--summary",
            metavar="FILE.html",
            help="Write a page of genres, confidences, doubtful and failed files.",
            show_default=False,
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", min=1, metavar="N", help="Files at once; if not given, one per core.", show_default=False
        ),
    ] = None,
) -> None:
    """Say which genre audio files are.

    A folder is searched with all that is in it for names that end as audio does (.mp3, .flac, ...). Hidden files and
    folders are left out; a file that is named is heard whatever its name.

    Where the genre is unknown, the confidence in json, csv and parquet is the highest probability of a genre, which was
    too low.

    Results go to standard output, messages to standard error. Exit code: 0 all done; 1 some file failed, and the others
    are done; 2 wrong usage.
    """
    from genrekit.cli.arguments.inputs import given_folders
    from genrekit.inference import load
    from genrekit.whole_file import followed

    chosen = format or _format_of(output)
    _check_usage(output, chosen, resume=resume)
    if summary is not None:
        check_summary(summary, output)
    if output is not None:
        from genrekit.cli.arguments.places import require_place
        from genrekit.results.output_lock import hold_output

        output = followed(output)
        require_place(output, "results")
        ctx.with_resource(hold_output(output))
        if not resume:
            _require_new(output, chosen)
    page = Summary(summary)
    classifier = load(model)
    files, hidden = given_files(paths)
    debug = isinstance(ctx.obj, Settings) and ctx.obj.debug
    writer = _writer(chosen, classifier, top=top, timeline=timeline, colour=output is None and sys.stdout.isatty())
    if output is None:
        with display(len(files), results_on_stdout=True) as shown:

            def show(row: str) -> None:
                shown.show(row)
                if summary is None:
                    require_reader()

            def take(outcome: Result | Failure) -> None:
                show(writer.row(outcome))
                page.add(outcome)

            show(writer.header())
            is_table = chosen is Format.table
            n_failed = classify_files(classifier, files, shown, take, count_genres=is_table, jobs=jobs, debug=debug)
    else:
        n_failed = classify_to_file(
            classifier,
            files,
            writer,
            output,
            folders=given_folders(paths),
            summary=page,
            resume=resume,
            jobs=jobs,
            debug=debug,
        )
    page.write(model=classifier.card.name)
    tell_hidden(hidden, "classified")
    tell_failed(n_failed, len(files))
    if n_failed:
        raise typer.Exit(EXIT_FAILED)


def _format_of(output: Path | None) -> Format:
    """The format that the name of the output asks for; a table on standard output."""
    suffix = output.suffix.lower() if output is not None else ""
    if suffix not in FORMAT_OF_SUFFIX:
        known = ", ".join(known for known in FORMAT_OF_SUFFIX if known)
        raise typer.BadParameter(
            f"{suffix} is no format that is written; give a name that ends in {known}, or --format",
            param_hint="--output",
        )
    return FORMAT_OF_SUFFIX[suffix]


def _check_usage(output: Path | None, chosen: Format, *, resume: bool) -> None:
    if chosen is Format.parquet:
        if output is None or (output.exists() and not output.is_file()):
            raise typer.BadParameter("parquet needs --output FILE, a regular one", param_hint="--format")
        import pyarrow.parquet  # noqa: F401 - that it is missing is told before the night's work, not after it
    if resume and output is None:
        raise typer.BadParameter("needs --output FILE, the file to go on with", param_hint="--resume")
    if resume and chosen is Format.table:
        raise typer.BadParameter(
            "needs --format json, csv or parquet; a table cannot be read back", param_hint="--resume"
        )


def _require_new(output: Path, chosen: Format) -> None:
    from genrekit.results.result_file import part_of

    for path, what in (
        (output, "has results already"),
        (part_of(output), "has the results of a run that was interrupted"),
    ):
        if path.is_file() and path.stat().st_size > 0:
            with path.open("rb") as file:
                is_ours = file.read(max(map(len, RESULT_STARTS))).startswith(RESULT_STARTS)
            if not is_ours:
                # A song that a shell put there, say, which nobody should be told to remove.
                raise typer.BadParameter(
                    f"{path} exists, and is something else; give another name", param_hint="--output"
                )
            advice = (
                "remove it, or give another name"
                if chosen is Format.table
                else "go on with it by --resume, or remove it"
            )
            raise typer.BadParameter(f"{path} {what}; {advice}", param_hint="--output")


def _writer(chosen: Format, classifier: Classifier, *, top: int, timeline: bool, colour: bool) -> ResultWriter:
    from genrekit.results.writers import CsvWriter, JsonWriter, LinesForParquet, TableWriter

    if chosen is Format.parquet:
        return LinesForParquet(classifier.genres, timeline=timeline)
    if chosen is Format.json:
        return JsonWriter(timeline=timeline)
    if chosen is Format.csv:
        return CsvWriter(classifier.genres, timeline=timeline)
    return TableWriter(classifier.genres, top=top, timeline=timeline, colour=colour)
