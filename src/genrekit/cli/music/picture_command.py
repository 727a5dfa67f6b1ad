"""`genrekit picture`: a song's spectrogram and genres over time, as PNG or SVG."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from genrekit.cli.arguments.given_files import Paths, given_files, tell_hidden
from genrekit.cli.arguments.model_options import Model
from genrekit.cli.arguments.settings import Settings
from genrekit.cli.help.examples import examples
from genrekit.cli.terminal import messages
from genrekit.cli.terminal.failures import tell_failure
from genrekit.cli.terminal.progress import display

if TYPE_CHECKING:
    from genrekit.inference import Failure
    from genrekit.pictures.timeline import TimelineReader

__all__ = ["picture"]

EXIT_FAILED = 1

PictureFormat = Literal["png", "svg"]


@examples(
    """
    # One song, as PNG
    genrekit picture concert.flac --output pictures

    # Every song of a folder, to be scaled at will
    genrekit picture "My Music/" --output pictures --format svg
    """
)
def picture(
    ctx: typer.Context,
    paths: Paths,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the pictures.", show_default=False)
    ],
    format: Annotated[PictureFormat, typer.Option("--format", "-f", help="png or svg.")] = "png",
    model: Model = "default",
) -> None:
    """Draw each song's spectrogram, with the probability of each genre over time below it.

    Pictures are named by the file, as song.mp3.png; none is replaced.

    Exit code: 0 all done; 1 some file failed, and the others are done; 2 wrong usage.
    """
    import matplotlib  # noqa: F401 - that it is missing is told before the first file is classified

    from genrekit.audio import display_name
    from genrekit.errors import GenrekitError
    from genrekit.inference import Failure
    from genrekit.output_places import require_folder
    from genrekit.pictures.timeline import TimelineReader

    require_folder(output, "pictures")
    reader = TimelineReader(model)
    files, hidden = given_files(paths)
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GenrekitError(f"{output}: cannot make the folder: {error.strerror or error}") from error
    debug = isinstance(ctx.obj, Settings) and ctx.obj.debug
    taken: set[str] = set()
    n_failed = 0
    with display(len(files), results_on_stdout=True, task="drawing") as shown:
        for file in files:
            target = output / _free_name(Path(file).name, format, taken)
            drawn = _attempt(file, target, reader, format)
            taken.add(target.name.casefold())
            if isinstance(drawn, Failure):
                n_failed += 1
                tell_failure(drawn, debug=debug)
            else:
                for warning in drawn:
                    messages.warning(f"{file}: {warning}")
                shown.show(f"{display_name(target)}\n")
            shown.advance()
    tell_hidden(hidden, "drawn")
    if n_failed:
        if len(files) > 1:
            rest = "; the others are done" if n_failed < len(files) else ""
            messages.note(f"{n_failed} of {len(files)} could not be drawn{rest}")
        raise typer.Exit(EXIT_FAILED)


def _attempt(file: str, target: Path, reader: TimelineReader, format: PictureFormat) -> tuple[str, ...] | Failure:
    """Draw one file; its warnings, or why it could not be drawn."""
    from genrekit.audio import display_name
    from genrekit.errors import GenrekitError
    from genrekit.inference import Failure
    from genrekit.pictures.drawing import write_timeline
    from genrekit.pictures.spectrogram import picture_spectrogram

    # A name that is too long for the disk is told when the picture is written.
    with suppress(OSError):
        if target.exists():
            text = f"{file}: there is a picture {display_name(target)} already; remove it, or give another --output"
            return Failure(file, text)
        if Path(file).is_fifo():
            text = "is a pipe, which can be read once only, and a picture reads it again; save it to a file first"
            return Failure(file, f"{file}: {text}")
    try:
        timeline = reader.read(file)
        spectrogram = picture_spectrogram(file)
        title = display_name(Path(file).name)
        write_timeline(target, spectrogram, timeline, title=title, format=format)
    except GenrekitError as error:
        return Failure(file, str(error), error)
    # One file must not end a night's work, whatever a decoder makes of it; the failure names it.
    except Exception as error:
        return Failure(file, f"{file}: unexpected {type(error).__name__}: {error}", error)
    return timeline.warnings


def _free_name(name: str, suffix: str, taken: set[str]) -> str:
    # Songs of two folders may have one name; case does not part names on every disk.
    candidate, number = f"{name}.{suffix}", 2
    while candidate.casefold() in taken:
        candidate, number = f"{name}-{number}.{suffix}", number + 1
    return candidate
