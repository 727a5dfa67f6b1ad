"""Results as text: a table for people, JSON lines and CSV for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from genrekit.audio import display_name
from genrekit.inference.result import OF_THE_FILE, UNKNOWN, Failure, Result
from genrekit.results.errors import ResultsError

__all__ = ["CsvWriter", "JsonWriter", "LinesForParquet", "ResultWriter", "TableWriter", "csv_line", "encodable"]

BAR_CELLS = 10
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class ResultWriter(Protocol):
    """Makes text of results, one by one, so that they can be shown as they come."""

    def header(self) -> str:
        """What comes before the first result, with its newline; may be empty."""
        ...

    def row(self, outcome: Result | Failure) -> str:
        """One result, with its newline."""
        ...


class JsonWriter:
    """One JSON object a line, as `Result.to_json` gives it; every line is valid UTF-8 whatever the file names hold.

    A byte of a name that is not UTF-8 appears as a ``\\udcXX`` escape, which Python's `json.loads` and `os.fsencode`
    turn back into that byte.
    """

    def __init__(self, *, timeline: bool = False) -> None:
        self.timeline = timeline

    def header(self) -> str:
        """Nothing: JSON lines have no header."""
        return ""

    def row(self, outcome: Result | Failure) -> str:
        """The object and a newline."""
        return self.line(outcome.to_json(timeline=self.timeline) if isinstance(outcome, Result) else outcome.to_json())

    def line(self, values: Mapping[str, Any]) -> str:
        """The same from the values of a result that is read back."""
        line = json.dumps(values, ensure_ascii=False)
        return (line if encodable(line) else json.dumps(values)) + "\n"


class LinesForParquet(JsonWriter):
    """JSON lines that become Parquet when all is done, since rows cannot be added to it one by one.

    Parameters
    ----------
    genres : of the model; each becomes a column
    timeline : as of `JsonWriter`
    """

    def __init__(self, genres: Sequence[str], *, timeline: bool = False) -> None:
        super().__init__(timeline=timeline)
        self.genres = tuple(genres)


class CsvWriter:
    """A header, then one row a file: path, genre, confidence, duration_s, model, error, warnings, and one per genre.

    With `timeline`, a column of that name, before the genres, holds the segments as JSON. A byte of a path that is not
    UTF-8 appears as ``\\udcXX``, and a path that a spreadsheet would take for a formula begins with "./".
    """

    def __init__(self, genres: Sequence[str], *, timeline: bool = False) -> None:
        """Name the columns; ResultsError if a genre has the name of another column, as which it would be read."""
        taken = next((genre for genre in genres if genre in OF_THE_FILE), None)
        if taken is not None:
            raise ResultsError(
                f"CSV has a column {taken!r} that is no genre's, and this model a genre {taken!r}; give --format json "
                "or parquet"
            )
        self.genres = tuple(genres)
        self.columns = (*(OF_THE_FILE if timeline else OF_THE_FILE[:-1]), *genres)
        self.timeline = timeline

    def header(self) -> str:
        """The names of the columns."""
        return csv_line(self.columns)

    def row(self, outcome: Result | Failure) -> str:
        """The values of one file; those that a failure lacks are empty."""
        return self.line(outcome.to_json(timeline=self.timeline) if isinstance(outcome, Result) else outcome.to_json())

    def line(self, values: Mapping[str, Any]) -> str:
        """The same from the values of a result that is read back."""
        cells = {name: values.get(name, "") for name in self.columns[: len(self.columns) - len(self.genres)]}
        cells["path"], cells["error"] = _no_formula(cells["path"]), _no_formula(cells["error"])
        cells["warnings"] = "; ".join(cells["warnings"])
        if cells.get("timeline"):
            cells["timeline"] = json.dumps(cells["timeline"])
        probabilities = values.get("probabilities", {})
        return csv_line([*cells.values(), *(probabilities.get(genre, "") for genre in self.genres)])


class TableWriter:
    """A line a file: genre, confidence with a bar, the next best, and the path last, so that it is never cut.

    An unknown genre has no confidence of its own: the best genres stand behind it with theirs.

    Parameters
    ----------
    genres : all that can occur, for the width of the columns
    top : genres shown per file, at least 1; the first is the decision
    timeline : show the segments below each file
    colour : use a terminal's colours
    """

    def __init__(self, genres: Sequence[str], *, top: int = 2, timeline: bool = False, colour: bool = False) -> None:
        from rich.cells import cell_len
        from rich.console import Console

        # More than there are would only make the column wider.
        self._top = top = min(top, max(1, len(genres)))
        self._timeline = timeline
        self._genre_width = max(cell_len(genre) for genre in (*genres, UNKNOWN))
        rest_width = (top - 1) * (self._genre_width + len(" 100%")) + max(0, top - 2) * len(", ")
        self._rest_width = max(len("next best"), rest_width) if top > 1 else 0
        self._buffer = io.StringIO()
        self._console = Console(
            file=self._buffer,
            force_terminal=colour,
            color_system="standard" if colour else None,
            legacy_windows=False,
        )

    def header(self) -> str:
        """The names of the columns."""
        return self._line("genre", "confidence", "next best", "file", style="bold")

    def row(self, outcome: Result | Failure) -> str:
        """One line, and one per segment with the timeline."""
        path = display_name(outcome.path or "(array)")
        if isinstance(outcome, Failure):
            return self._line("-", "failed", "", path, style="red")
        filled = round(outcome.confidence * BAR_CELLS)
        bar = "█" * filled + "░" * (BAR_CELLS - filled)
        sure = "" if outcome.genre == UNKNOWN else f"{bar} {outcome.confidence:4.0%}"
        others = [genre for genre in outcome.probabilities if genre != outcome.genre][: self._top - 1]
        rest = ", ".join(f"{genre} {outcome.probabilities[genre]:.0%}" for genre in others)
        style = "yellow" if outcome.genre == UNKNOWN else "green"
        lines = self._line(outcome.genre, sure, rest, path, style=style)
        for segment in outcome.timeline if self._timeline else ():
            span = f"  {_clock(segment.start_s)} - {_clock(segment.end_s)}"
            sure = "" if segment.genre == UNKNOWN else f"{'':{BAR_CELLS}} {segment.confidence:4.0%}"
            lines += self._line(segment.genre, sure, "", span, style="dim")
        return lines

    def _line(self, genre: str, confidence: str, rest: str, path: str, *, style: str) -> str:
        from rich.cells import set_cell_size
        from rich.text import Text

        cells = [set_cell_size(genre, self._genre_width), set_cell_size(confidence, BAR_CELLS + len(" 100%"))]
        if self._top > 1:
            cells.append(set_cell_size(rest, self._rest_width))
        line = Text("  ".join([*cells, path]))
        line.stylize(style, 0, self._genre_width if style in ("green", "yellow") else len(line))
        self._console.print(line, soft_wrap=True)
        rendered = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        return rendered


def encodable(text: str) -> bool:
    """Whether `text` can be written as UTF-8, which a name with undecodable bytes cannot."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def csv_line(cells: Sequence[object]) -> str:
    """One row of CSV with its newline, valid UTF-8 whatever text the cells hold."""
    buffer = io.StringIO()
    # Python's csv quotes those line ends only that are in its own, so that a lone "\r" in a name would split the row.
    csv.writer(buffer, lineterminator="\r\n").writerow(
        [cell.encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(cell, str) else cell for cell in cells]
    )
    return buffer.getvalue().removesuffix("\r\n") + "\n"


def _no_formula(text: str) -> str:
    """A path, or an error, which begins with one, that no spreadsheet takes for a formula: files come from strangers.

    "./=x.mp3" is the same file to all that read results, `--resume` and `tag --results` among them; the "'" that one
    would put before other text makes it the name of another.
    """
    return f"./{text}" if text.startswith(FORMULA_STARTS) else text


def _clock(seconds: float) -> str:
    whole = int(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
