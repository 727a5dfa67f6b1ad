"""Reliability diagram of stored predictions: how often a decision of so much confidence is right."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genrekit.analysis.picture import Picture
from genrekit.analysis.stored import Scored
from genrekit.analysis.style import COLOURS, GREY, PaperWidth, new_figure, paper_style
from genrekit.evaluation.calibration import (
    brier_score,
    negative_log_likelihood,
    reliability_table,
)

__all__ = ["draw_reliability", "wilson_interval"]

Z_95 = 1.959964


def wilson_interval(right: NDArray[Any], n: NDArray[Any]) -> tuple[NDArray[np.float64], ...]:
    """Wilson's 95 % score interval of a share (Wilson 1927), both ends 0..1; NaN where n is 0.

    It takes decisions as independent, so it says least, not most, of what is uncertain.
    """
    n_filled = np.where(n > 0, n, np.nan).astype(np.float64)
    share = right / n_filled
    centre = (share + Z_95**2 / (2 * n_filled)) / (1 + Z_95**2 / n_filled)
    half = Z_95 * np.sqrt(share * (1 - share) / n_filled + Z_95**2 / (4 * n_filled**2)) / (1 + Z_95**2 / n_filled)
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def draw_reliability(scored: Scored, *, columns: PaperWidth = 1) -> Picture:
    """Accuracy against confidence in 15 bins with Wilson intervals, the diagonal of honesty, and decisions per bin.

    The confidence of a decision is its probability after the fusion, uncalibrated: as the run has it on record.
    """
    p = scored.predictions
    confidence = np.minimum(p.confidence.astype(np.float64), 1.0)
    bins = reliability_table(confidence, p.correct)
    right = np.where(bins.n > 0, bins.accuracy, 0.0) * bins.n
    low, high = wilson_interval(right, bins.n)
    nll, brier = negative_log_likelihood(p.probabilities, p.label), brier_score(p.probabilities, p.label)
    accuracy, mean_confidence = float(p.correct.mean()), float(confidence.mean())
    rows = [
        (float(a), float(b), int(n), float(c), float(r), float(x), float(y))
        for a, b, n, c, r, x, y in zip(
            bins.low, bins.high, bins.n, bins.mean_confidence, bins.accuracy, low, high, strict=True
        )
    ]
    caption = f"{scored.caption} Whiskers: Wilson's 95 % interval of a bin, its decisions taken as independent."
    with paper_style():
        height = 3.6 if columns == 1 else 4.8
        figure = new_figure(columns=columns, height_in=height, caption=caption, mark=scored.mark)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
        filled = bins.n > 0
        x, y = bins.mean_confidence[filled], bins.accuracy[filled]
        upper.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
        upper.vlines(x, x, y, color=COLOURS["orange"], linewidth=3.0, alpha=0.35, zorder=2)
        upper.errorbar(
            x,
            y,
            yerr=np.maximum([y - low[filled], high[filled] - y], 0),
            fmt="o",
            color=COLOURS["blue"],
            markersize=4,
            elinewidth=0.9,
            capsize=0,
            zorder=3,
            clip_on=False,
        )
        upper.plot(x, y, color=COLOURS["blue"], linewidth=0.8, zorder=3)
        upper.text(
            0.97,
            0.03,
            f"calibration error {100 * bins.error:.1f} %\nmean confidence {100 * mean_confidence:.1f} %\n"
            f"accuracy {100 * accuracy:.1f} %\nNLL {nll:.3f} nats, Brier {brier:.3f}",
            transform=upper.transAxes,
            ha="right",
            va="bottom",
            linespacing=1.45,
            zorder=4,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 2},
        )
        upper.set(xlim=(0, 1), ylim=(0, 1.005), ylabel="accuracy")
        upper.set_yticks(np.linspace(0, 1, 6))
        lower.bar(
            (bins.low + bins.high) / 2, bins.n, width=(bins.high - bins.low) * 0.86, color=COLOURS["blue"], alpha=0.55
        )
        lower.set(xlabel="confidence", ylabel="excerpts" if scored.unit == "excerpt" else "tracks")
        lower.set_xticks(np.linspace(0, 1, 6))
        lower.grid(axis="x", visible=False)
        figure.align_ylabels()
    facts = {
        **scored.facts(),
        "expected_calibration_error": bins.error,
        "negative_log_likelihood_nats": nll,
        "brier": brier,
        "accuracy": accuracy,
        "mean_confidence": mean_confidence,
        "n_bins": len(bins.n),
    }
    names = ("low", "high", "n", "mean_confidence", "accuracy", "wilson_low", "wilson_high")
    return Picture("reliability", figure, caption, scored.contaminated, names, rows, facts)
