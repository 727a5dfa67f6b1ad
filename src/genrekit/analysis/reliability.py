"""Reliability diagram of stored predictions: how often a decision of so much confidence is right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genrekit.analysis.picture import Picture
from genrekit.analysis.stored import Scored
from genrekit.analysis.style import COLOURS, GREY, SMALL_PT, PaperWidth, legend_above, new_figure, paper_style
from genrekit.evaluation.calibration import Reliability
from genrekit.evaluation.calibration_scores import calibration_of
from genrekit.evaluation.wilson import wilson_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["NAME", "draw_reliability"]

NAME = "reliability"

# Area of the disc of the fullest bin. Areas go by the square root of the decisions: by the decisions themselves, all
# discs beside one of hundreds would vanish.
DISC_PT2 = 60.0
CALIBRATED: dict[str, Any] = {"color": GREY, "linewidth": 0.8, "linestyle": (0, (4, 3))}
GAP: dict[str, Any] = {"color": COLOURS["orange"], "linewidth": 3.0, "alpha": 0.35}
INTERVAL: dict[str, Any] = {"color": COLOURS["blue"], "linewidth": 0.9}


def draw_reliability(scored: Scored, *, columns: PaperWidth = 1) -> Picture:
    """Accuracy against confidence in 15 bins with Wilson intervals, the diagonal of honesty, and decisions per bin.

    The confidence of a decision is its probability after the fusion, uncalibrated: as the run has it on record.
    """
    p = scored.predictions
    calibration = calibration_of(p)
    bins = calibration.reliability
    right = np.where(bins.n > 0, bins.accuracy, 0.0) * bins.n
    low, high = wilson_interval(right, bins.n)
    seeds = (
        " Figures are means over the seeds; a bin counts the decisions of all." if len(set(p.seed.tolist())) > 1 else ""
    )
    rows = [
        (float(a), float(b), int(n), float(c), float(r), float(x), float(y))
        for a, b, n, c, r, x, y in zip(
            bins.low, bins.high, bins.n, bins.mean_confidence, bins.accuracy, low, high, strict=True
        )
    ]
    decisions = "excerpts" if scored.unit == "excerpt" else "tracks"
    caption = f"{scored.caption} Intervals are Wilson's; they and chance take decisions as independent.{seeds}"
    with paper_style():
        height = 3.9 if columns == 1 else 4.9
        figure = new_figure(columns=columns, height_in=height, caption=caption, mark=scored.mark)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
        _draw_bins(upper, bins, low, high)
        numbers = [
            f"calibration error {100 * calibration.error:.1f} % (by chance alone up to "
            f"{100 * calibration.if_calibrated.high:.1f} %)",
            f"accuracy {100 * calibration.accuracy:.1f} %, mean confidence {100 * calibration.mean_confidence:.1f} %",
            f"NLL {calibration.nll:.3f} nats, Brier {calibration.brier:.3f}",
        ]
        # Above the axes and the upper half of a disc at 1, where no bin can lie.
        title, pad = (", " if columns == 2 else "\n").join(numbers), 0.5 * DISC_PT2**0.5 + 3
        upper.set_title(title, fontweight="normal", fontsize=SMALL_PT, pad=pad)
        lower.bar(
            (bins.low + bins.high) / 2, bins.n, width=(bins.high - bins.low) * 0.86, color=COLOURS["blue"], alpha=0.55
        )
        lower.set(xlabel="confidence", ylabel=decisions)
        lower.set_xticks(np.linspace(0, 1, 6))
        lower.grid(axis="x", visible=False)
        _explain(figure, decisions, columns=columns, mark=scored.mark)
        figure.align_ylabels()
    facts = {
        **scored.facts(),
        "expected_calibration_error": calibration.error,
        "error_if_calibrated_mean": calibration.if_calibrated.mean,
        "error_if_calibrated_95_percent": calibration.if_calibrated.high,
        "negative_log_likelihood_nats": calibration.nll,
        "brier": calibration.brier,
        "accuracy": calibration.accuracy,
        "mean_confidence": calibration.mean_confidence,
        "n_bins": len(bins.n),
    }
    names = ("low", "high", "n", "mean_confidence", "accuracy", "wilson_low", "wilson_high")
    return Picture(NAME, figure, caption, scored.contaminated, names, rows, facts)


def _draw_bins(axes: Axes, bins: Reliability, low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
    """Diagonal, gaps, intervals, and a disc a bin, larger where it holds more: few decisions must not look weighty."""
    filled = bins.n > 0
    x, y = bins.mean_confidence[filled], bins.accuracy[filled]
    area = DISC_PT2 * np.sqrt(bins.n[filled] / bins.n.max())
    axes.plot([0, 1], [0, 1], **CALIBRATED, zorder=1)
    axes.vlines(x, x, y, **GAP, zorder=2)
    axes.scatter(x, y, s=area, color=COLOURS["blue"], alpha=0.5, linewidths=0, zorder=3, clip_on=False)
    axes.vlines(x, low[filled], high[filled], **INTERVAL, zorder=4, clip_on=False)
    axes.set(xlim=(0, 1), ylim=(0, 1), ylabel="accuracy")
    axes.set_yticks(np.linspace(0, 1, 6))


def _explain(figure: Figure, decisions: str, *, columns: PaperWidth, mark: str) -> None:
    from matplotlib.lines import Line2D

    disc: dict[str, Any] = {"marker": "o", "markersize": 5, "linestyle": "none", "color": COLOURS["blue"], "alpha": 0.5}
    signs = {
        f"accuracy of a bin (larger: more {decisions})": Line2D([], [], markeredgewidth=0, **disc),
        "its 95 % interval": Line2D([], [], **INTERVAL),
        "gap to mean confidence": Line2D([], [], solid_capstyle="butt", **GAP),
        "perfect calibration": Line2D([], [], **CALIBRATED),
    }
    legend_above(
        figure,
        list(signs.values()),
        list(signs),
        columns=columns,
        mark=mark,
        loc="outside upper left",
        ncols=2 if columns == 1 else 4,
    )
