"""What the figures of `genrekit analyse` share: options of pictures, and writing them where they may be."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from genrekit.cli.terminal import messages
from genrekit.output_places import require_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genrekit.analysis.picture import Picture, PictureFormat

__all__ = [
    "PICTURES",
    "SVG_AND_PNG",
    "Columns",
    "Dpi",
    "Kind",
    "Kinds",
    "Output",
    "paper_columns",
    "require_places",
    "write_pictures",
]

PICTURES = "the pictures"


# typer takes no lists of a Literal.
class Kind(StrEnum):
    """Kinds of picture files."""

    svg = "svg"
    png = "png"
    pdf = "pdf"


Output = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR",
        help="Folder for the pictures and their numbers. Earlier ones of this verb are replaced, which is told if "
        "they are of other runs; other files never.",
    ),
]
Columns = Annotated[
    int, typer.Option("--columns", min=1, max=2, help="Of a paper's page that a picture spans: 3.5 or 7.16 inches.")
]
Dpi = Annotated[int, typer.Option("--dpi", min=72, max=1200, help="Resolution of PNG pictures.")]
Kinds = Annotated[list[Kind], typer.Option("--kind", help="Kind of picture; give it again for another.")]
SVG_AND_PNG = [Kind.svg, Kind.png]


def paper_columns(columns: int) -> Literal[1, 2]:
    """The option's number as the type that pictures take."""
    return 1 if columns == 1 else 2


def write_pictures(pictures: Sequence[Picture], folder: Path, dpi: int, kinds: Sequence[Kind]) -> None:
    """Write pictures and say where they are."""
    from genrekit.analysis.picture import earlier_of_others, write_picture

    # One that may not be replaced must not leave the first ones alone.
    require_places(folder, [picture.name for picture in pictures], kinds)
    for picture in pictures:
        earlier = earlier_of_others(picture, folder)
        for path in write_picture(picture, folder, dpi=dpi, formats=_formats(kinds)):
            typer.echo(str(path))
        if earlier:
            messages.warning(
                f"replaced {folder / picture.name}.*, which was of others (--output parts them): {earlier}"
            )
    if any(picture.contaminated for picture in pictures):
        messages.warning("CONTAMINATED: training has heard the tracks of the test part; no figure holds for new music")


def require_places(folder: Path, names: Sequence[str], kinds: Sequence[Kind]) -> None:
    """Say before any test part is read what would keep `write_pictures` from writing pictures of these names."""
    from genrekit.analysis.picture import require_picture_place

    require_folder(folder, PICTURES)
    for name in names:
        require_picture_place(folder, name, _formats(kinds))


def _formats(kinds: Sequence[Kind]) -> list[PictureFormat]:
    return [kind.value for kind in dict.fromkeys(kinds)]
