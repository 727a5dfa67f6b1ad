"""Results as text: in columns for people, to standard output or to a new file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from genrekit.cli.terminal import messages

__all__ = ["Format", "Output", "columns", "require_output", "write"]


Format = Literal["table", "json"]
"""How a result is written."""
Output = Annotated[Path | None, typer.Option("--output", "-o", help="File to write instead of standard output.")]


def columns(rows: list[tuple[str, ...]]) -> str:
    """Rows of cells as text, each column as wide as it must be, numbers to the right."""
    if not rows:
        return ""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if cell.replace(".", "").isdigit() else cell.ljust(width)
            for cell, width in zip(row, widths, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def require_output(output: Path | None, what: str) -> None:
    """Say before the work what would keep `write` from making a new file of it; PlaceError if something would."""
    from genrekit.output_places import require_new

    if output is not None:
        require_new(output, what)


def write(text: str, output: Path | None) -> None:
    """Write a result to a new file, or to standard output."""
    from genrekit.data.text_file import write_new

    if output is None:
        typer.echo(text.rstrip("\n"))
    else:
        write_new(output, text.rstrip("\n") + "\n")
        messages.note(f"wrote {output}")
