"""Pictures of principal components: points on the first two, genre by genre, and the spectrum (report A, 2 and 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genrekit.analysis.pca import Pca
from genrekit.analysis.picture import Picture
from genrekit.analysis.style import (
    COLOURS,
    FAINT,
    GREY,
    SMALL_PT,
    PaperWidth,
    new_figure,
    paper_style,
    sign_genre,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_genre_panels", "draw_scatter", "draw_spectrum", "plane_limits", "scatter_genres"]

SHARE = 0.95
# Points beyond this quantile on either side are counted, not drawn: one odd track would press all others together.
OUTER_QUANTILE = 0.002


def plane_limits(scores: NDArray[np.float64]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Limits ((x0, x1), (y0, y1)) that hold all but the outermost of points [n, >= 2], with a margin."""
    limits = []
    for k in (0, 1):
        low, high = np.quantile(scores[:, k], [OUTER_QUANTILE, 1 - OUTER_QUANTILE])
        margin = 0.06 * max(high - low, 1e-9)
        limits.append((float(low - margin), float(high + margin)))
    return limits[0], limits[1]


def scatter_genres(
    axes: Axes, scores: NDArray[np.float64], label: NDArray[np.int64], genres: Sequence[str], *, size: float = 9.0
) -> None:
    """Points [n, >= 2] in the colour and shape of their genre; a larger one, ringed, at each genre's mean."""
    # All genres mixed in one order, so that none covers the others.
    order = np.random.default_rng(0).permutation(len(scores))
    rank = np.empty(len(order))
    rank[order] = np.arange(len(order))
    n_layers = 8
    for index, genre in enumerate(genres):
        colour, marker = sign_genre(index)
        for layer in range(n_layers):
            chosen = (label == index) & (rank * n_layers // max(len(order), 1) == layer)
            axes.scatter(
                scores[chosen, 0],
                scores[chosen, 1],
                s=size,
                c=colour,
                marker=marker,
                linewidths=0,
                alpha=0.62,
                zorder=2 + layer / n_layers,
            )
        if (label == index).any():
            x, y = scores[label == index, :2].mean(axis=0)
            axes.scatter(
                [x],
                [y],
                s=5.5 * size,
                c=colour,
                marker=marker,
                edgecolors="white",
                linewidths=1.0,
                zorder=4,
                label=genre,
            )


def draw_scatter(
    name: str,
    pca: Pca,
    scores: NDArray[np.float64],
    label: NDArray[np.int64],
    genres: Sequence[str],
    ids: Sequence[str],
    *,
    caption: str,
    columns: PaperWidth = 1,
) -> Picture:
    """All rows on the first two components; a small mark a row, a large one at each genre's mean.

    Parameters
    ----------
    scores : [n, >= 2], of `pca.transform`
    label : [n] index of the genre; ids : [n] what a row is called in the CSV
    """
    shares = 100 * pca.explained_variance_ratio
    (x0, x1), (y0, y1) = plane_limits(scores)
    inside = (scores[:, 0] >= x0) & (scores[:, 0] <= x1) & (scores[:, 1] >= y0) & (scores[:, 1] <= y1)
    n_out = int((~inside).sum())
    caption += " Large marks: means of the genres." + (
        f" {n_out} outlying rows lie outside the frame." if n_out else ""
    )
    with paper_style():
        figure = new_figure(columns=columns, height_in=3.5 if columns == 1 else 4.6, caption=caption)
        axes = figure.add_subplot()
        scatter_genres(axes, scores, label, genres, size=8 if columns == 1 else 15)
        axes.set(xlim=(x0, x1), ylim=(y0, y1))
        axes.set_xlabel(f"component 1 ({shares[0]:.1f} % of variance)")
        axes.set_ylabel(f"component 2 ({shares[1]:.1f} %)" if len(shares) > 1 else "")
        figure.legend(loc="outside upper center", ncols=5 if columns == 1 else 10, markerscale=0.6, handlelength=0.8)
    rows = [
        (row_id, genres[genre], float(point[0]), float(point[1]))
        for row_id, genre, point in zip(ids, label.tolist(), scores, strict=True)
    ]
    return Picture(name, figure, caption, False, ("id", "genre", "component_1", "component_2"), rows, pca_facts(pca))


def draw_genre_panels(
    name: str,
    pca: Pca,
    scores: NDArray[np.float64],
    label: NDArray[np.int64],
    genres: Sequence[str],
    *,
    caption: str,
    columns: PaperWidth = 2,
    mark: str = "",
) -> Picture:
    """One small panel a genre, its rows in colour over all others in grey; beside its name the share of rows nearer to
    its own mean than to any other's, on the first two components."""
    own = _nearest_mean_share(scores[:, :2], label, len(genres))
    across = 5 if columns == 2 else 3
    deep = -(-len(genres) // across)
    limits = plane_limits(scores)
    caption += " In grey all other genres; beside each name, the share of its rows that lie nearest to its own mean."
    with paper_style():
        height = deep * (1.35 if columns == 2 else 1.15) + 0.25
        figure = new_figure(columns=columns, height_in=height, caption=caption, mark=mark)
        grid = figure.subplots(deep, across, sharex=True, sharey=True, squeeze=False)
        for index, axes in enumerate(grid.ravel()):
            if index >= len(genres):
                axes.set_visible(False)
                continue
            colour, _ = sign_genre(index)
            mine = label == index
            axes.scatter(scores[~mine, 0], scores[~mine, 1], s=2.0, c=FAINT, linewidths=0, zorder=1, rasterized=True)
            axes.scatter(scores[mine, 0], scores[mine, 1], s=4.5, c=colour, linewidths=0, alpha=0.8, zorder=2)
            axes.set(xlim=limits[0], ylim=limits[1])
            axes.set_title(genres[index], color=colour)
            share = own[index]
            if share is not None:
                axes.set_title(f"{100 * share:.0f} %", loc="right", fontweight="normal", fontsize=SMALL_PT)
            axes.tick_params(labelbottom=index >= len(genres) - across)
        figure.supylabel("component 2", fontsize=SMALL_PT + 1)
        grid[-1, (len(genres) - 1) % across // 2].set_xlabel("component 1")
    rows = [(genre, int((label == k).sum()), own[k]) for k, genre in enumerate(genres)]
    return Picture(name, figure, caption, bool(mark), ("genre", "n", "nearest_own_mean"), rows, pca_facts(pca))


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
        "explained_by_two": float(cumulated[min(1, len(cumulated) - 1)]),
        "n_components_for_95_percent": pca.n_components_for(SHARE),
        "standardised": "columns to zero mean and unit deviation (ddof 0)",
    }


def _nearest_mean_share(points: NDArray[np.float64], label: NDArray[np.int64], n_genres: int) -> list[float | None]:
    present = [k for k in range(n_genres) if (label == k).any()]
    means = np.stack([points[label == k].mean(axis=0) for k in present])
    nearest = np.asarray(present)[((points[:, None] - means[None]) ** 2).sum(axis=2).argmin(axis=1)]
    return [float((nearest[label == k] == k).mean()) if k in present else None for k in range(n_genres)]
