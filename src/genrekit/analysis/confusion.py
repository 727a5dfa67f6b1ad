"""Confusion matrix of stored predictions, row by row in percent of the true genre."""

from __future__ import annotations

from genrekit.analysis.picture import Picture
from genrekit.analysis.stored import Scored
from genrekit.analysis.style import COLOURS, INK, TYPE_PT, WIDTHS_IN, PaperWidth, new_figure, paper_style
from genrekit.evaluation.scores import score

__all__ = ["NAME", "draw_confusion"]

NAME = "confusion"

# Above this share of a row the cell is dark enough for white type.
DARK_SHARE = 0.55
# Genres up to which the type keeps its size, by columns; below the smallest size a number is not for reading.
MANY_GENRES = {1: 16, 2: 24}
SMALLEST_PT = 3.5


def draw_confusion(scored: Scored, *, columns: PaperWidth = 1) -> Picture:
    """Right decisions in one colour on the diagonal, wrong ones in another; percent of the row in each cell.

    Over several seeds the decisions of all of them are counted; the sizes of the rows say so.
    """
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle

    scores = score(scored.predictions)
    counts, genres, n = scores.confusion, scores.genres, len(scores.genres)
    totals = counts.sum(axis=1)
    rows = [
        (truth, decided, int(counts[i, j]), float(counts[i, j] / totals[i]) if totals[i] else None)
        for i, truth in enumerate(genres)
        for j, decided in enumerate(genres)
    ]
    caption = f"{scored.caption} Accuracy {100 * scores.accuracy:.1f} %; cells in % of their row, n decisions a row."
    many = n > MANY_GENRES[columns]
    # Squares whose numbers stay readable: two columns give more room, not larger type. Of many genres they become
    # small, and the type with them: names are for zooming in, and numbers too small for that are left to the table.
    scale = MANY_GENRES[columns] / n if many else 1.0
    name_pt, number_pt = TYPE_PT * scale, (TYPE_PT - (0.5 if columns == 1 else -0.5)) * scale
    if number_pt < SMALLEST_PT:
        caption = caption.replace("cells in % of their row", "cells by their share of the row, which the table has")
    with paper_style():
        figure = new_figure(
            columns=columns,
            height_in=WIDTHS_IN[columns] if many else 3.2 if columns == 1 else 4.6,
            caption=caption,
            mark=scored.mark,
        )
        axes = figure.add_subplot()
        shades = {
            True: LinearSegmentedColormap.from_list("right", ["#F2F7FB", COLOURS["blue"]]),
            False: LinearSegmentedColormap.from_list("wrong", ["#FFF6F0", COLOURS["orange"]]),
        }
        for i in range(n):
            for j in range(n):
                share = counts[i, j] / totals[i] if totals[i] else 0.0
                colour = shades[i == j](share) if counts[i, j] else (0.97, 0.97, 0.97, 1.0)
                axes.add_patch(Rectangle((j - 0.48, i - 0.48), 0.96, 0.96, facecolor=colour, linewidth=0))
                if counts[i, j] and number_pt >= SMALLEST_PT:
                    axes.text(
                        j,
                        i,
                        f"{100 * share:.0f}",
                        ha="center",
                        va="center_baseline",
                        fontsize=number_pt,
                        color="white" if share > DARK_SHARE else INK,
                    )
        axes.set(xlim=(-0.52, n - 0.48), ylim=(n - 0.48, -0.95), xticks=range(n), yticks=range(n), aspect="equal")
        axes.set_xticklabels(genres, rotation=90 if many else 40, ha="right", rotation_mode="anchor", fontsize=name_pt)
        axes.set_yticklabels(genres, fontsize=name_pt)
        axes.set_xlabel("decided")
        axes.set_ylabel("true")
        axes.grid(False)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        # The sizes of the rows stand in a column of their own, headed like one.
        sizes = axes.secondary_yaxis("right")
        sizes.set_yticks([-0.75, *range(n)], ["n", *(str(total) for total in totals)], fontsize=name_pt)
        sizes.tick_params(length=0)
        sizes.spines[:].set_visible(False)
    facts = {**scored.facts(), "accuracy": scores.accuracy, "per_row": "share is of the row's decisions"}
    return Picture(NAME, figure, caption, scored.contaminated, ("true", "decided", "n", "share"), rows, facts)
