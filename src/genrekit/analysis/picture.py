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
from genrekit.output_places import require_earlier, require_new
from genrekit.whole_file import written_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FORMATS", "Picture", "PictureFormat", "earlier_of_others", "require_picture_place", "write_picture"]

PictureFormat = Literal["svg", "png", "pdf"]
FORMATS: tuple[PictureFormat, ...] = ("svg", "png")
DPI_RANGE = (72, 1200)
# What every file of a picture names as its maker, by which it is known when it is to be replaced.
MAKER = "genrekit"
# What facts say of where the numbers are from, whichever picture they are of.
SOURCES = frozenset(
    {"recipe", "title", "dataset", "protocol", "part", "unit", "run", "runs", "predictions_sha256", "weights_sha256"}
)


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
    GenrekitError : dpi out of range, or the folder cannot be written; PlaceError if a file is there that is no earlier
        picture's
    """
    if not DPI_RANGE[0] <= dpi <= DPI_RANGE[1]:
        raise GenrekitError(f"{dpi} dpi is out of range; {DPI_RANGE[0]} to {DPI_RANGE[1]} is expected, 300 for print.")
    folder = Path(folder)
    require_picture_place(folder, picture.name, formats)
    contents: dict[str, bytes] = {
        "csv": picture.to_csv().encode(),
        "json": (json.dumps(picture.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode(),
    }
    for suffix in formats:
        contents[suffix] = _render(picture, suffix, dpi)
    paths = {ending: folder / f"{picture.name}.{ending}" for ending in (*formats, "csv", "json")}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # What a kill leaves is known by NAME.json.
        for ending in ("json", "csv", *formats):
            with written_whole(paths[ending]) as partial:
                partial.write_bytes(contents[ending])
    except OSError as error:
        raise GenrekitError(f"Cannot write the picture to {folder}: {error.strerror or error}.") from error
    return tuple(paths.values())


def require_picture_place(folder: Path, name: str, formats: Sequence[PictureFormat] = FORMATS) -> None:
    """Let `write_picture` replace nothing but an earlier picture of that name.

    Raises
    ------
    PlaceError : if one of its files is there and is something else
    """
    record = folder / f"{name}.json"
    require_earlier(record, mark=f'"picture": {json.dumps(name)}')
    for ending in formats:
        require_earlier(folder / f"{name}.{ending}", mark=MAKER)
    if not record.exists() and (table := folder / f"{name}.csv").exists():
        require_new(table, "the numbers")


def earlier_of_others(picture: Picture, folder: Path) -> str:
    """The caption of an earlier picture of that name in `folder` if that is of other numbers, such as of other runs.

    "" if there is none, or it is of the same runs and the same part.
    """
    try:
        earlier = json.loads((folder / f"{picture.name}.json").read_text(encoding="utf-8"))
        caption, now = str(earlier["caption"]), json.loads(json.dumps(picture.to_dict()))
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    then, now = _sources(earlier), _sources(now)
    return "" if (then, then or caption) == (now, now or picture.caption) else caption


def _sources(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What these facts say of where they are from, whether for all of the picture or for each of its rows."""
    found = {key: value for key, value in facts.items() if key in SOURCES}
    for key, value in facts.items():
        if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            found[key] = [_sources(one) for one in value]
    return found


def _render(picture: Picture, suffix: str, dpi: int) -> bytes:
    # A date, or the version of the library, would make equal pictures differ.
    metadata: dict[str, dict[str, Any]] = {
        "svg": {"Date": None, "Creator": MAKER, "Title": picture.name, "Description": picture.caption},
        "png": {"Software": MAKER, "Title": picture.name, "Description": picture.caption},
        "pdf": {"CreationDate": None, "Creator": MAKER, "Producer": "", "Title": picture.name},
    }
    buffer = io.BytesIO()
    with paper_style():
        picture.figure.savefig(buffer, format=suffix, dpi=dpi, metadata=metadata[suffix])
    return buffer.getvalue()
