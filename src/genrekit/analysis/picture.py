"""A picture and its numbers: drawn from stored results, written as SVG and PNG with every number beside it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from genrekit.analysis.style import paper_style
from genrekit.errors import GenrekitError
from genrekit.whole_file import written_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FORMATS", "Picture", "PictureFormat", "write_picture"]

PictureFormat = Literal["svg", "png", "pdf"]
FORMATS: tuple[PictureFormat, ...] = ("svg", "png")
DPI_RANGE = (72, 1200)


@dataclass(frozen=True, eq=False)
class Picture:
    """A drawn figure with what it shows.

    Attributes
    ----------
    name : of its files, without suffix
    figure : as drawn
    caption : the line below it: data, protocol, tracks, folds, seeds
    contaminated : whether CONTAMINATED stands on it
    columns, rows : every number that is drawn, as a table; goes to NAME.csv
    facts : what is not a table (shares, errors, digests of what it was made from); goes to NAME.json, JSON values only
    """

    name: str
    figure: Figure
    caption: str
    contaminated: bool
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The content of NAME.json."""
        return {
            "format": 1,
            "picture": self.name,
            "caption": self.caption,
            "contaminated": self.contaminated,
            "table": f"{self.name}.csv",
            **self.facts,
        }

    def to_csv(self) -> str:
        """The content of NAME.csv; an empty cell is a value that does not exist."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        for row in self.rows:
            writer.writerow(["" if value is None or value != value else value for value in row])
        return text.getvalue()


def write_picture(
    picture: Picture, folder: str | Path, *, dpi: int = 300, formats: Sequence[PictureFormat] = FORMATS
) -> tuple[Path, ...]:
    """Write NAME.svg and NAME.png (or other `formats`), NAME.csv and NAME.json, each whole or not at all.

    The same numbers give the same bytes, whenever and wherever they are drawn with one version of Matplotlib.

    Parameters
    ----------
    folder : made if it does not exist
    dpi : of the PNG, 72 to 1200
    formats : "svg", "png" and "pdf"

    Raises
    ------
    GenrekitError : dpi out of range, or the folder cannot be written
    """
    if not DPI_RANGE[0] <= dpi <= DPI_RANGE[1]:
        raise GenrekitError(f"{dpi} dpi is out of range; {DPI_RANGE[0]} to {DPI_RANGE[1]} is expected, 300 for print.")
    folder = Path(folder)
    contents: dict[str, bytes] = {
        "csv": picture.to_csv().encode(),
        "json": (json.dumps(picture.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode(),
    }
    for suffix in formats:
        contents[suffix] = _render(picture, suffix, dpi)
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for ending in (*formats, "csv", "json"):
            path = folder / f"{picture.name}.{ending}"
            with written_whole(path) as partial:
                partial.write_bytes(contents[ending])
            paths.append(path)
    except OSError as error:
        raise GenrekitError(f"Cannot write the picture to {folder}: {error.strerror or error}.") from error
    return tuple(paths)


def _render(picture: Picture, suffix: str, dpi: int) -> bytes:
    # A date, or the version of the library, would make equal pictures differ.
    metadata: dict[str, dict[str, Any]] = {
        "svg": {"Date": None, "Creator": "genrekit", "Title": picture.name, "Description": picture.caption},
        "png": {"Software": "genrekit", "Title": picture.name, "Description": picture.caption},
        "pdf": {"CreationDate": None, "Creator": "genrekit", "Producer": "", "Title": picture.name},
    }
    buffer = io.BytesIO()
    with paper_style():
        picture.figure.savefig(buffer, format=suffix, dpi=dpi, metadata=metadata[suffix])
    return buffer.getvalue()
