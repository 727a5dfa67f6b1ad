"""`genrekit classify --summary`: what the page counts, gathered while files are heard, and where it may be written."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from genrekit.cli.arguments.places import require_own, require_place
from genrekit.cli.terminal import messages

if TYPE_CHECKING:
    from genrekit.inference import Failure, Result

__all__ = ["Summary", "check_summary"]


def check_summary(summary: Path, output: Path | None) -> None:
    """Refuse a place that is the output's, cannot be written to, or holds something else than an earlier page.

    Raises
    ------
    typer.BadParameter, GenrekitError
    """
    from genrekit.library.summary import PAGE_START
    from genrekit.results.file_states import states_path
    from genrekit.results.result_file import part_of
    from genrekit.whole_file import followed

    if str(summary) == "-":
        raise typer.BadParameter("the page is a file; give its name, such as summary.html", param_hint="--summary")
    if output is not None:
        output = followed(output)
        written = {os.path.realpath(path) for path in (output, part_of(output), states_path(output))}
        if os.path.realpath(summary) in written:
            raise typer.BadParameter(f"{summary} is for --output; give another name", param_hint="--summary")
    require_place(summary, "the summary")
    require_own(summary, "--summary", PAGE_START)


class Summary:
    """The page at `path`; of None, nothing is gathered or written."""

    def __init__(self, path: Path | None) -> None:
        from genrekit.library.summary import Tally

        self._path = path
        self._tally = None if path is None else Tally()

    def add(self, outcome: Result | Failure) -> None:
        """Count a file."""
        if self._tally is not None:
            self._tally.add(outcome)

    def keep(self, text: str) -> None:
        """Count what an earlier run wrote."""
        from genrekit.library.summary import stored_outcome
        from genrekit.results.text_rows import text_rows

        if self._tally is not None:
            for values in text_rows(io.StringIO(text)):
                self._tally.add(stored_outcome(values))

    def write(self, *, model: str) -> None:
        """Write the page whole, and say so; ResultsError if that fails."""
        from genrekit.library.summary import render_summary
        from genrekit.results.errors import ResultsError
        from genrekit.whole_file import written_whole

        if self._path is None or self._tally is None:
            return
        try:
            with written_whole(self._path) as fresh:
                fresh.write_text(render_summary(self._tally, model=model), encoding="utf-8")
        except OSError as error:
            raise ResultsError(f"cannot write the summary to {self._path}: {error.strerror or error}") from error
        messages.note(f"summary in {self._path}")
