"""Pictures of principal components: points on the first two, genre by genre, and the spectrum (report A, 2 and 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genrekit.analysis.captions import count
from genrekit.analysis.pca import Pca
from genrekit.analysis.picture import Picture
from genrekit.analysis.style import (
    COLOURS,
    FAINT,
    GREY,
    INK,
    SMALL_PT,
    PaperWidth,
    legend_above,
    new_figure,
    paper_style,
    signs_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "PlaneFrame",
    "draw_genre_panels",
    "draw_scatter",
    "draw_spectrum",
    "legend_genres",
    "pca_facts",
    "scatter_genres",
]

SHARE = 0.95
# Points beyond this quantile on either side are counted, not drawn: one odd track would press all others together.
OUTER_QUANTILE = 0.002
MARGIN = 0.06
# Marks at the edge of the frame are drawn whole, and ask for no room beyond it.
WHOLE: dict[str, Any] = {"clip_on": False, "in_layout": False}


@dataclass(frozen=True)
class PlaneFrame:
    """The part of the plane that is shown, x and y as (low, high)."""

    x: tuple[float, float]
    y: tuple[float, float]

    @classmethod
    def around(cls, points: NDArray[np.float64]) -> PlaneFrame:
        """What holds all but the outermost of points [n, >= 2], with a margin; fewer than 500 points all lie inside."""
        return cls(_limits(points[:, 0]), _limits(points[:, 1]))

    def holds(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """[n] whether each of points [n, >= 2] is shown."""
        x, y = points[:, 0], points[:, 1]
        return np.asarray((x >= self.x[0]) & (x <= self.x[1]) & (y >= self.y[0]) & (y <= self.y[1]))

    def note(self, points: NDArray[np.float64], noun: str) -> str:
        """The sentence, with a space before it, that says how many of the points are not shown; "" if all are."""
        n_outside = int((~self.holds(points)).sum())
        return f" Outside the frame: {count(n_outside, noun)}." if n_outside else ""


def _limits(values: NDArray[np.float64]) -> tuple[float, float]:
    # At a value that occurs, so that none is cut off that only lies a little beyond its neighbour.
    low = np.quantile(values, OUTER_QUANTILE, method="lower")
    high = np.quantile(values, 1 - OUTER_QUANTILE, method="higher")
    margin = MARGIN * max(float(high - low), 1e-9)
    return float(low - margin), float(high + margin)


def scatter_genres(
    axes: Axes,
    scores: NDArray[np.float64],
    label: NDArray[np.int64],
    genres: Sequence[str],
    *,
    frame: PlaneFrame,
    size: float = 9.0,
    mean_size: float = 44.0,
    alpha: float = 0.6,
) -> None:
    """Points [n, >= 2] in the colour and shape of their genre; a larger one, outlined, at each genre's mean.

    Parameters
    ----------
    frame : what is shown; points outside count in the means alone
    size, mean_size : areas of the marks, in square points
    """
    inside = frame.holds(scores)
    # All genres mixed in one order, so that none covers the others.
    order = np.random.default_rng(0).permutation(len(scores))
    rank = np.empty(len(order))
    rank[order] = np.arange(len(order))
    n_layers = 8
    for index, (genre, (colour, marker)) in enumerate(zip(genres, signs_of(genres), strict=True)):
        for layer in range(n_layers):
            chosen = inside & (label == index) & (rank * n_layers // max(len(order), 1) == layer)
            axes.scatter(
                scores[chosen, 0],
                scores[chosen, 1],
                s=size,
                c=colour,
                marker=marker,
                linewidths=0,
                alpha=alpha,
                zorder=2 + layer / n_layers,
                **WHOLE,
            )
        if (label == index).any():
            x, y = scores[label == index, :2].mean(axis=0)
            axes.scatter(
                [x],
                [y],
                s=mean_size,
                c=colour,
                marker=marker,
                # A white ring would leave pieces of the marks below it.
                edgecolors=INK,
                linewidths=0.6,
                zorder=4,
                label=genre,
            )
    axes.set(xlim=frame.x, ylim=frame.y)


def legend_genres(figure: Figure, axes: Axes, *, columns: PaperWidth, mark: str = "") -> None:
    """The genres of `scatter_genres` in one row above the panels, or two over one column of a paper."""
    ncols = 5 if columns == 1 else 10
    handles, labels = axes.get_legend_handles_labels()
    legend_above(figure, handles, labels, columns=columns, mark=mark, ncols=ncols, markerscale=0.6, handlelength=0.8)


def draw_scatter(
    name: str,
    pca: Pca,
    scores: NDArray[np.float64],
    label: NDArray[np.int64],
    genres: Sequence[str],
    ids: Sequence[str],
    *,
    noun: str,
    caption: str,
    columns: PaperWidth = 1,
) -> Picture:
    """All rows on the first two components; a small mark a row, a large one at each genre's mean.

    Parameters
    ----------
    scores : [n, >= 2], of `pca.transform`
    label : [n] index of the genre; ids : [n] what a row is called in the CSV
    noun : what a row is, in the caption
    """
    shares = 100 * pca.explained_variance_ratio
    frame = PlaneFrame.around(scores)
    caption += f" Large marks: means of the genres.{frame.note(scores, noun)}"
    with paper_style():
        figure = new_figure(columns=columns, height_in=3.5 if columns == 1 else 4.6, caption=caption)
        axes = figure.add_subplot()
        scatter_genres(axes, scores, label, genres, frame=frame, size=6 if columns == 1 else 12)
        axes.set_xlabel(f"component 1 ({shares[0]:.1f} % of variance)")
        axes.set_ylabel(f"component 2 ({shares[1]:.1f} %)")
        legend_genres(figure, axes, columns=columns)
    rows = [
        (row_id, genres[genre], float(point[0]), float(point[1]))
        for row_id, genre, point in zip(ids, label.tolist(), scores, strict=True)
    ]
    return Picture(name, figure, caption, False, ("id", "genre", "component_1", "component_2"), rows, pca_facts(pca))


def draw_genre_panels(
    name: str,
    scores: NDArray[np.float64],
    label: NDArray[np.int64],
    genres: Sequence[str],
    *,
    facts: Mapping[str, Any],
    noun: str,
    caption: str,
    columns: PaperWidth = 2,
    mark: str = "",
) -> Picture:
    """One small panel a genre, its rows in colour over all others in grey; beside its name the share of rows nearer to
    its own mean than to any other's, on the first two components.

    Parameters
    ----------
    scores : [n, >= 2], of `pca.transform`
    label : [n] index of the genre
    facts : what the picture's JSON says of the decomposition, of `pca_facts`
    noun : what a row is, in the caption
    """
    own = _nearest_mean_share(scores[:, :2], label, len(genres))
    across = 5 if columns == 2 else 3
    deep = -(-len(genres) // across)
    frame = PlaneFrame.around(scores)
    inside = frame.holds(scores)
    caption += (
        f" In grey all other genres; beside each name, the share of its {noun}s that lie nearest to its own mean."
    )
    caption += frame.note(scores, noun)
    with paper_style():
        height = deep * (1.35 if columns == 2 else 1.15) + 0.25
        figure = new_figure(columns=columns, height_in=height, caption=caption, mark=mark)
        grid = figure.subplots(deep, across, sharex=True, sharey=True, squeeze=False)
        signs = signs_of(genres)
        for index, axes in enumerate(grid.ravel()):
            if index >= len(genres):
                axes.set_visible(False)
                continue
            colour, _ = signs[index]
            others, mine = scores[inside & (label != index)], scores[inside & (label == index)]
            axes.scatter(*others[:, :2].T, s=2.0, c=FAINT, linewidths=0, zorder=1, rasterized=True)
            axes.scatter(*mine[:, :2].T, s=4.5, c=colour, linewidths=0, alpha=0.8, zorder=2, **WHOLE)
            axes.set(xlim=frame.x, ylim=frame.y)
            axes.set_title(genres[index], color=colour)
            share = own[index]
            if share is not None:
                axes.set_title(f"{100 * share:.0f} %", loc="right", fontweight="normal", fontsize=SMALL_PT)
            axes.tick_params(labelbottom=index >= len(genres) - across)
        figure.supylabel("component 2", fontsize=SMALL_PT + 1)
        grid[-1, (len(genres) - 1) % across // 2].set_xlabel("component 1")
    rows = [(genre, int((label == k).sum()), own[k]) for k, genre in enumerate(genres)]
    return Picture(name, figure, caption, bool(mark), ("genre", "n", "nearest_own_mean"), rows, facts)


def draw_spectrum(name: str, pca: Pca, *, caption: str, columns: PaperWidth = 2) -> Picture:
    """Singular values, and the variance that the first components explain together; two and 95 % are marked."""
    ratio, n = pca.explained_variance_ratio, len(pca.singular_values)
    cumulated = np.cumsum(ratio)
    needed = pca.n_components_for(SHARE)
    x = np.arange(1, n + 1)
    with paper_style():
        across = 2 if columns == 2 else 1
        figure = new_figure(columns=columns, height_in=2.35 if columns == 2 else 4.2, caption=caption)
        left, right = figure.subplots(2 // across, across).ravel()
        left.plot(x, pca.singular_values, color=COLOURS["blue"], marker="o", markersize=2.2, linewidth=0.9)
        left.set(xlabel="component", ylabel="singular value", title="(a) singular values", xlim=(0, n + 1))
        left.set_ylim(bottom=0)
        right.bar(x, 100 * ratio, color=COLOURS["sky"], width=0.85, label="each")
        right.plot(x, 100 * cumulated, color=COLOURS["blue"], linewidth=1.3, label="together")
        right.set(xlabel="components", ylabel="explained variance, %", title="(b) explained variance")
        right.set(xlim=(0, n + 1), ylim=(0, 103))
        marks = [(needed, f"{needed} for {100 * SHARE:.0f} %", (5, -10), "left")]
        if n > 2:
            marks.append((2, f"2 explain {100 * cumulated[1]:.1f} %", (7, -2), "left"))
        for k, text, offset, side in marks:
            y = 100 * cumulated[k - 1]
            right.plot([k, k], [0, y], color=COLOURS["orange"], linewidth=0.7, linestyle=(0, (3, 2)))
            right.plot([k], [y], "o", color=COLOURS["orange"], markersize=3.5, zorder=4)
            right.annotate(text, (k, y), xytext=offset, textcoords="offset points", ha=side, color=COLOURS["orange"])
        right.axhline(100 * SHARE, color=GREY, linewidth=0.5, linestyle=(0, (2, 2)), zorder=1)
        right.legend(loc="center right")
    rows = [
        (int(k), float(s), float(r), float(c))
        for k, s, r, c in zip(x, pca.singular_values, ratio, cumulated, strict=True)
    ]
    names = ("component", "singular_value", "explained_variance_ratio", "cumulated")
    return Picture(name, figure, caption, False, names, rows, pca_facts(pca))


def pca_facts(pca: Pca) -> dict[str, Any]:
    """What a picture's JSON says of the decomposition."""
    cumulated = np.cumsum(pca.explained_variance_ratio)
    return {
        "n_rows": pca.n_rows,
        "n_features": len(pca.mean),
        "n_constant_features": pca.n_constant,
        "explained_by_each_of_two": pca.explained_variance_ratio[:2].tolist(),
        "explained_by_two": float(cumulated[min(1, len(cumulated) - 1)]),
        "n_components_for_95_percent": pca.n_components_for(SHARE),
        "standardised": "columns to zero mean and unit deviation (ddof 0)",
    }


def _nearest_mean_share(points: NDArray[np.float64], label: NDArray[np.int64], n_genres: int) -> list[float | None]:
    present = [k for k in range(n_genres) if (label == k).any()]
    means = np.stack([points[label == k].mean(axis=0) for k in present])
    nearest = np.asarray(present)[((points[:, None] - means[None]) ** 2).sum(axis=2).argmin(axis=1)]
    return [float((nearest[label == k] == k).mean()) if k in present else None for k in range(n_genres)]
