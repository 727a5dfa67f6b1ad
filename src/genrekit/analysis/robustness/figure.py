"""The robustness suite as a picture: accuracy lost or won under each condition, and decisions that changed."""

from __future__ import annotations

import numpy as np

from genrekit.analysis.picture import Picture
from genrekit.analysis.robustness.result import ConditionScore, Robustness
from genrekit.analysis.style import COLOURS, GREY, INK, SMALL_PT, PaperWidth, new_figure, paper_style
from genrekit.evaluation.intervals import Interval

__all__ = ["NAME", "draw_robustness"]

NAME = "robustness"

ROW_IN = 0.165


def draw_robustness(robustness: Robustness, *, columns: PaperWidth = 2) -> Picture:
    """A row a condition: difference in accuracy with its paired interval, and the share of changed decisions."""
    shown = robustness.conditions[1:]
    base = robustness.unchanged
    y = np.arange(len(shown))
    caption = (
        f"{robustness.caption} Unchanged: {100 * base.accuracy:.1f} % "
        f"({100 * base.interval.low:.1f} to {100 * base.interval.high:.1f}). Bars: 95 % intervals, bootstrap over "
        f"{base.interval.unit}s, paired with the unchanged recordings."
    )
    with paper_style():
        figure = new_figure(columns=columns, height_in=0.62 + ROW_IN * max(len(shown), 3), caption=caption)
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
        for axes, values, intervals, tone in (
            (left, [c.difference for c in shown], [c.difference_interval for c in shown], "blue"),
            (right, [c.changed for c in shown], [c.changed_interval for c in shown], "orange"),
        ):
            centre = np.array([100 * (value or 0.0) for value in values])
            low = np.array([100 * i.low if i else 0.0 for i in intervals])
            high = np.array([100 * i.high if i else 0.0 for i in intervals])
            for stripe in y[1::2]:
                axes.axhspan(stripe - 0.5, stripe + 0.5, color="#F6F6F6", linewidth=0, zorder=0)
            axes.hlines(y, low, high, color=COLOURS[tone], linewidth=1.6, zorder=3)
            axes.plot(centre, y, "o", color=COLOURS[tone], markersize=3.8, zorder=4,
                      markeredgecolor="white", markeredgewidth=0.4, clip_on=False)  # fmt: skip
            axes.grid(axis="y", visible=False)
            axes.tick_params(axis="y", length=0)
        left.axvline(0, color=INK, linewidth=0.7, zorder=2)
        left.set_yticks(y, [c.title for c in shown], fontsize=SMALL_PT + (0.5 if columns == 2 else -0.5))
        left.set_ylim(len(shown) - 0.5, -0.5)
        wide = columns == 2
        left.set_xlabel("accuracy against unchanged, points" if wide else "accuracy, points")
        right.set_xlabel("changed decisions, %" if wide else "changed, %")
        right.set_xlim(0, max(5.0, right.get_xlim()[1]))
        ends = left.get_xlim()
        left.set_xlim(min(ends[0], -2.0), max(ends[1], 2.0))
        left.spines["left"].set_visible(False)
        right.spines["left"].set_color(GREY)
    names = (
        "condition", "title", "accuracy", "low", "high", "difference", "difference_low", "difference_high", "p_value",
        "changed", "changed_low", "changed_high", "n_lost", "n_gained",
    )  # fmt: skip
    rows = [_row(condition) for condition in robustness.conditions]
    return Picture(NAME, figure, caption, False, names, rows, robustness.to_dict())


def _row(c: ConditionScore) -> tuple[object, ...]:
    return (
        c.name, c.title, c.accuracy, *_ends(c.interval), c.difference, *_ends(c.difference_interval), c.p_value,
        c.changed, *_ends(c.changed_interval), c.n_lost, c.n_gained,
    )  # fmt: skip


def _ends(interval: Interval | None) -> tuple[float | None, float | None]:
    return (None, None) if interval is None else (interval.low, interval.high)
