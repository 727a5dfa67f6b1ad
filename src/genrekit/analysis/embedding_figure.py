"""Pictures of an embedding on its first two principal components, fresh or from the numbers that lie beside them."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genrekit.analysis.captions import count
from genrekit.analysis.pca_figures import PlaneFrame, draw_genre_panels, legend_genres, scatter_genres
from genrekit.analysis.picture import Picture
from genrekit.analysis.style import PaperWidth, contaminated_mark, new_figure, paper_style
from genrekit.errors import DataError

__all__ = ["NAMES", "EmbeddingPlane", "draw_plane", "load_plane"]

NAME = "embedding"
NAMES = (NAME, f"{NAME}_genres")
COLUMNS = ("unit", "track", "start_s", "genre", "component_1", "component_2")
# What the JSON holds for `load_plane`, beside the facts.
OF_THE_PLANE = ("provenance", "genres")
# What every picture's JSON holds.
OF_EVERY_PICTURE = ("format", "picture", "caption", "contaminated", "table")


@dataclass(frozen=True, eq=False)
class EmbeddingPlane:
    """The first two principal components of an embedding: all that its pictures show, and that their files hold.

    Attributes
    ----------
    provenance : run, data, split and numbers, in one line
    track, start_s, label : [n] of each excerpt; label is the index of its true genre in `genres`
    points : [n, 2] of the excerpts
    track_names, track_label : [n_tracks] of each track
    track_points : [n_tracks, 2], each the mean of its excerpts
    facts : of the run and of the decomposition (`pca_facts`), JSON values only
    """

    provenance: str
    contaminated: bool
    genres: tuple[str, ...]
    track: NDArray[np.str_]
    start_s: NDArray[np.float64]
    label: NDArray[np.int64]
    points: NDArray[np.float64]
    track_names: NDArray[np.str_]
    track_label: NDArray[np.int64]
    track_points: NDArray[np.float64]
    facts: Mapping[str, Any]

    def rows(self) -> list[tuple[Any, ...]]:
        """The rows of the CSV: excerpts, then tracks."""
        excerpts = zip(self.track.tolist(), self.start_s.tolist(), self.label.tolist(), self.points, strict=True)
        tracks = zip(self.track_names.tolist(), self.track_label.tolist(), self.track_points, strict=True)
        return [
            *(("excerpt", track, start, self.genres[k], *map(float, point)) for track, start, k, point in excerpts),
            *(("track", track, None, self.genres[k], *map(float, point)) for track, k, point in tracks),
        ]


def load_plane(folder: str | Path) -> EmbeddingPlane:
    """Read what `draw_plane` drew, from embedding.csv and embedding.json of a folder; no weights are needed.

    Raises
    ------
    DataError : the files are not there or hold something else; the message names the folder
    """
    folder = Path(folder)
    try:
        facts = json.loads((folder / f"{NAME}.json").read_text(encoding="utf-8"))
        with (folder / f"{NAME}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        genres = tuple(facts["genres"])
        excerpts, tracks = ([row for row in rows if row["unit"] == unit] for unit in ("excerpt", "track"))
        return EmbeddingPlane(
            provenance=str(facts["provenance"]),
            contaminated=bool(facts["contaminated"]),
            genres=genres,
            track=np.array([row["track"] for row in excerpts]),
            start_s=np.array([float(row["start_s"]) for row in excerpts]),
            label=np.array([genres.index(row["genre"]) for row in excerpts]),
            points=_points(excerpts),
            track_names=np.array([row["track"] for row in tracks]),
            track_label=np.array([genres.index(row["genre"]) for row in tracks]),
            track_points=_points(tracks),
            facts={key: value for key, value in facts.items() if key not in OF_THE_PLANE + OF_EVERY_PICTURE},
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{folder} holds no numbers of an embedding that can be drawn again ({error!r}); "
            "'genrekit analyse embedding' writes them."
        ) from error


def _points(rows: list[dict[str, str]]) -> NDArray[np.float64]:
    return np.array([[float(row["component_1"]), float(row["component_2"])] for row in rows]).reshape(-1, 2)


def draw_plane(plane: EmbeddingPlane, *, columns: PaperWidth = 2) -> tuple[Picture, ...]:
    """Excerpts beside tracks, and the tracks genre by genre.

    Over one column the two panels stand one above the other.
    """
    facts = {"provenance": plane.provenance, "genres": list(plane.genres), **plane.facts}
    mark = contaminated_mark([plane.contaminated])
    return (
        _draw_both(plane, facts, mark, columns),
        draw_genre_panels(
            NAMES[1],
            plane.track_points,
            plane.track_label,
            plane.genres,
            facts=plane.facts,
            noun="track",
            caption=f"{plane.provenance} Tracks, each the mean of its excerpts.",
            columns=columns,
            mark=mark,
        ),
    )


def _draw_both(plane: EmbeddingPlane, facts: Mapping[str, Any], mark: str, columns: PaperWidth) -> Picture:
    shares = [100 * share for share in plane.facts["explained_by_each_of_two"]]
    frame = PlaneFrame.around(plane.points)
    caption = f"{plane.provenance} Large marks: means of the genres."
    caption += frame.note(plane.points, "excerpt") + frame.note(plane.track_points, "track")
    with paper_style():
        across = 2 if columns == 2 else 1
        figure = new_figure(columns=columns, height_in=3.6 if columns == 2 else 6.0, caption=caption, mark=mark)
        panels = figure.subplots(2 // across, across, sharex=True, sharey=True).ravel()
        for axes, points, label, title, size, alpha in (
            (panels[0], plane.points, plane.label, f"(a) {count(len(plane.points), 'excerpt')}", 3.0, 0.5),
            (panels[1], plane.track_points, plane.track_label,
             f"(b) {count(len(plane.track_points), 'track')}, mean of excerpts", 10.0, 0.6),
        ):  # fmt: skip
            scatter_genres(axes, points, label, plane.genres, frame=frame, size=size, alpha=alpha)
            axes.set_title(title)
        for axes in panels if across == 2 else panels[1:]:
            axes.set_xlabel(f"component 1 ({shares[0]:.1f} % of variance)")
        for axes in panels[:1] if across == 2 else panels:
            axes.set_ylabel(f"component 2 ({shares[1]:.1f} %)" if len(shares) > 1 else "")
        legend_genres(figure, panels[0], columns=columns, mark=mark)
    return Picture(NAME, figure, caption, plane.contaminated, COLUMNS, plane.rows(), facts)
