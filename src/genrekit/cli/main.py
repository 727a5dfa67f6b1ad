"""The program `genrekit`: finds the verb, runs it, and turns errors into one line and an exit code.

Exit codes: 0 all done; 1 something failed, and the rest is done; 2 wrong usage, or an extra is not installed, and
nothing was begun; 130 interrupted.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, TextIO

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

import genrekit
from genrekit.cli.arguments.settings import Settings
from genrekit.cli.help.extras import EXTRAS, install_line, packages_of
from genrekit.cli.terminal import messages
from genrekit.cli.terminal.streams import ReaderGone, lasting_streams
from genrekit.cli.verbs import VERBS, load_verb
from genrekit.errors import GenrekitError, UsageError

__all__ = ["main"]

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
# As in --output=$FOLDER where there is no such variable.
EMPTY_OPTION = re.compile("--[a-z-]+=")


class LazyGroup(TyperGroup):
    """Lists all of VERBS, and imports the module of the one that is called.

    Until then a verb is an empty command with a line of help. What ends a run on purpose (Ctrl-C, a reader that has
    enough) is handled here, within typer's own handling, which differs between its versions.
    """

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for verb in VERBS:
            self.commands[verb.name] = TyperCommand(verb.name, help=verb.help, rich_help_panel=verb.panel)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, resolved, rest = super().resolve_command(ctx, args)
        found = next((verb for verb in VERBS if verb.name == name), None)
        return name, resolved if found is None else load_verb(found), rest

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            messages.note("interrupted")
            raise typer.Exit(EXIT_INTERRUPTED) from None
        except ReaderGone:
            raise typer.Exit(0) from None
        except BrokenPipeError as error:
            # Of no standard stream, as these last; typer would take it for one and end without a word.
            raise ConnectionError(str(error)) from error


app = typer.Typer(
    name="genrekit",
    cls=LazyGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Music genre classification that can be trusted. Start with: genrekit classify FILE_OR_FOLDER",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"genrekit {genrekit.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and stop.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error. May stand anywhere.")] = False,
) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments : without the program's name; None for those of the process
    """
    with lasting_streams():
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    given, debug = _without_debug(list(sys.argv[1:] if arguments is None else arguments))
    if (empty := _empty_argument(given)) is not None:
        messages.error(
            f"an argument is empty (an unset variable of the shell, perhaps){empty}; the current folder is '.'"
        )
        return EXIT_USAGE
    try:
        with _audio_warnings_as_messages():
            get_command(app).main(args=given, prog_name="genrekit", obj=Settings(debug=debug))
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else EXIT_FAILED if stop.code else 0
        if code == EXIT_INTERRUPTED and arguments is None:
            # Python would wait for threads first, and a disk that hangs would hold it.
            sys.stdout.flush()
            os._exit(code)
        return code
    # The end of the line: whatever comes here must not reach a user as a traceback.
    except Exception as error:
        if debug:
            import traceback

            sys.stderr.write("".join(traceback.format_exception(error)))
        return _report(error, given)
    return 0


@contextmanager
def _audio_warnings_as_messages() -> Iterator[None]:
    """What is wrong with an audio file is a line for people, not a line of our source."""
    show = warnings.showwarning

    def tell(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        from genrekit.audio import AudioWarning

        if issubclass(category, AudioWarning):
            messages.warning(str(message))
        else:
            show(message, category, filename, lineno, file, line)

    warnings.showwarning = tell
    try:
        yield
    finally:
        warnings.showwarning = show


def _report(error: Exception, arguments: list[str]) -> int:
    if isinstance(error, GenrekitError):
        messages.error(str(error))
        return EXIT_USAGE if isinstance(error, UsageError) else EXIT_FAILED
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        place = error.filename or "what the output goes to"
        messages.error(f"cannot write to {place}: {error.strerror}; make room there, and run it again")
        return EXIT_FAILED
    verb = next((verb for verb in VERBS if verb.name in arguments[:1]), None)
    missing = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if verb is not None and verb.needs and missing in packages_of(verb.extra):
        messages.error(f"genrekit {verb.name} needs {verb.needs}: {install_line(verb.extra)}")
        return EXIT_USAGE
    others = [extra for extra, packages in EXTRAS.items() if missing in packages]
    if verb is not None and others:
        # The lightest: who wants a table in Parquet should not get PyTorch for it.
        lightest = min(others, key=lambda extra: len(EXTRAS[extra]))
        messages.error(f"this use of genrekit {verb.name} needs {missing}: {install_line(lightest)}")
        return EXIT_USAGE
    messages.error(f"unexpected {type(error).__name__}: {error}; run it again with --debug, and report what it shows")
    return EXIT_FAILED


def _empty_argument(arguments: list[str]) -> str | None:
    """Where an argument is empty, as words to go on with; None if none is. As a path "" means the current folder."""
    for place, argument in enumerate(arguments):
        if argument == "":
            before = arguments[place - 1] if place else ""
            return f", behind {before}" if before.startswith("-") else ""
        if EMPTY_OPTION.fullmatch(argument):
            return f": {argument}"
    return None


def _without_debug(arguments: list[str]) -> tuple[list[str], bool]:
    end = arguments.index("--") if "--" in arguments else len(arguments)
    kept = [argument for argument in arguments[:end] if argument != "--debug"]
    return kept + arguments[end:], len(kept) < end


if __name__ == "__main__":
    sys.exit(main())
