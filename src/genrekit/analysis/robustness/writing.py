"""The robustness suite's results as files: a page, a picture with its numbers, and predictions of each condition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from genrekit.analysis.picture import Picture, require_picture_place, write_picture
from genrekit.analysis.robustness.conditions import Condition
from genrekit.analysis.robustness.figure import NAME
from genrekit.analysis.robustness.result import TITLE
from genrekit.errors import GenrekitError
from genrekit.evaluation.predictions import Predictions
from genrekit.output_places import require_earlier
from genrekit.whole_file import written_whole

__all__ = ["require_places", "write_page", "write_predictions"]

PAGE = "robustness.md"
PREDICTIONS = "predictions"
PARQUET = "PAR1"


def require_places(folder: Path, conditions: Iterable[Condition]) -> None:
    """Say, before recordings are changed for hours, which file in `folder` is no earlier result of the suite.

    Raises
    ------
    PlaceError : if one is there
    """
    require_earlier(folder / PAGE, beginning=TITLE)
    require_picture_place(folder, NAME)
    for condition in conditions:
        require_earlier(folder / PREDICTIONS / f"{condition.name}.parquet", beginning=PARQUET)


def write_page(text: str, picture: Picture, folder: Path, *, dpi: int) -> tuple[Path, ...]:
    """The page and the picture, in place of earlier ones.

    Raises
    ------
    GenrekitError : `folder` cannot be written
    """
    try:
        with written_whole(folder / PAGE) as partial:
            partial.write_text(text, encoding="utf-8")
    except OSError as error:
        raise GenrekitError(f"Cannot write {folder / PAGE}: {error.strerror or error}.") from error
    return (folder / PAGE, *write_picture(picture, folder, dpi=dpi))


def write_predictions(tables: Mapping[str, Predictions], folder: Path) -> tuple[Path, ...]:
    """Each condition's table as FOLDER/predictions/CONDITION.parquet; 'genrekit compare' takes any two of them.

    Raises
    ------
    GenrekitError : the folder cannot be written
    """
    place = folder / PREDICTIONS
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GenrekitError(f"Cannot make {place}: {error.strerror or error}.") from error
    paths = tuple(place / f"{name}.parquet" for name in tables)
    for path, table in zip(paths, tables.values(), strict=True):
        table.write_parquet(path)
    return paths
