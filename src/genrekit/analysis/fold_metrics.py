"""Accuracy and macro precision, recall and F1 fold by fold (report B, figures 3 to 5), system by system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from genrekit.analysis.captions import STOPPED, panel_mark
from genrekit.analysis.picture import Picture
from genrekit.analysis.stored import Scored
from genrekit.analysis.style import (
    ALARM,
    COLOURS,
    CONTAMINATED,
    INK,
    SMALL_PT,
    PaperWidth,
    contaminated_mark,
    new_figure,
    paper_style,
    row_title,
)
from genrekit.errors import DataError
from genrekit.evaluation.scores import METRICS, RunScores, Spread, per_run, spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["NAME", "FoldMetrics", "draw_folds", "fold_metrics"]

NAME = "folds"

NAMES = {"accuracy": "accuracy", "precision": "macro precision", "recall": "macro recall", "f1": "macro F1"}
TONES = dict(zip(METRICS, ("blue", "orange", "green", "purple"), strict=True))
ROW_IN = 1.55


@dataclass(frozen=True, eq=False)
class FoldMetrics:
    """Scores of each fold and seed of one system, and their mean and deviation (ddof 0) over all of them."""

    scored: Scored
    runs: tuple[RunScores, ...]
    spread: dict[str, Spread]

    @property
    def system(self) -> str:
        """What it is called in tables: the recipe's name and the protocol."""
        return f"{self.scored.predictions.recipe}, {self.protocol}"

    @property
    def title(self) -> str:
        """What it is called in print: the recipe's title and the protocol."""
        return f"{self.scored.title}, {self.protocol}"

    @property
    def protocol(self) -> str:
        """Its protocol, and whether training stopped on what is scored: such a score is another's."""
        return f"{self.scored.predictions.protocol}{STOPPED if self.scored.validates_on_test else ''}"

    @property
    def has_spread(self) -> bool:
        """Whether there are several folds or seeds, so that a mean and a deviation say something."""
        return len(self.runs) > 1


def fold_metrics(scored: Scored) -> FoldMetrics:
    """Scores fold by fold, of excerpts or of fused tracks as `scored` has them."""
    runs = per_run(scored.predictions)
    return FoldMetrics(scored, runs, spread(runs))


def draw_folds(systems: Sequence[FoldMetrics], *, columns: PaperWidth = 2) -> Picture:
    """A row of panels a system, a panel a metric; a dot a fold and seed, a line at the mean, a band of one deviation.

    A system of one fold and seed is a dot alone: it has no mean and no deviation. Over one column the four panels of a
    system stand two by two.

    Raises
    ------
    DataError : no system
    """
    if not systems:
        raise DataError("No runs to draw; at least one is expected.")
    rows = [
        (number, system.system, run.fold, run.seed, run.scores.n, *(getattr(run.scores, name) for name in METRICS))
        for number, system in enumerate(systems)
        for run in system.runs
    ]
    values = np.array([[row[5 + k] for row in rows] for k in range(len(METRICS))])
    low, high = _limits(100 * values)
    across = 4 if columns == 2 else 2
    flags = [system.scored.contaminated for system in systems]
    titles, caption = _titles(systems), _caption(systems)
    with paper_style():
        deep = len(systems) * (len(METRICS) // across)
        figure = new_figure(
            columns=columns, height_in=0.35 + ROW_IN * deep, caption=caption, mark=contaminated_mark(flags)
        )
        grid = figure.subplots(deep, across, sharex=False, sharey=True, squeeze=False)
        panels = grid.reshape(len(systems), len(METRICS))
        for number, (system, row) in enumerate(zip(systems, panels, strict=True)):
            for name, axes in zip(METRICS, row, strict=True):
                _draw_metric(axes, system, name)
                axes.set_ylim(low, high)
            if len(systems) > 1:
                mark = f"{CONTAMINATED}: " if system.scored.contaminated else ""
                title = f"{panel_mark(number, len(systems))}{mark}{titles[number]}"
                colour = ALARM if system.scored.contaminated else INK
                row_title(row[0], title, columns=columns, colour=colour, panel=NAMES[METRICS[0]])
        for axes in grid[:, 0]:
            axes.set_ylabel("%")
        for axes in grid[-1]:
            axes.set_xlabel("fold")
    facts = {
        "systems": [
            {
                **system.scored.facts(),
                "title": titles[number],
                "spread_ddof_0": {
                    name: {"mean": s.mean, "deviation": s.deviation, "n_runs": s.n_runs}
                    for name, s in system.spread.items()
                },
            }
            for number, system in enumerate(systems)
        ]
    }
    return Picture(NAME, figure, caption, any(flags), ("row", "system", "fold", "seed", "n", *METRICS), rows, facts)


def _titles(systems: Sequence[FoldMetrics]) -> list[str]:
    """Title of each; where two would read alike, the recipe's name tells them apart."""
    plain = [system.title for system in systems]
    return [
        f"{text}, {system.scored.predictions.recipe}" if plain.count(text) > 1 else text
        for text, system in zip(plain, systems, strict=True)
    ]


def _caption(systems: Sequence[FoldMetrics]) -> str:
    sentences = [f"{panel_mark(k, len(systems))}{system.scored.caption}" for k, system in enumerate(systems)]
    if any(system.has_spread for system in systems):
        sentences.append("Line and band: mean and one standard deviation over folds and seeds.")
    if not all(system.has_spread for system in systems):
        sentences.append("A lone dot is one fold with one seed, of which there is no mean.")
    return " ".join(sentences)


def _draw_metric(axes: Axes, system: FoldMetrics, name: str) -> None:
    from matplotlib.ticker import MaxNLocator

    colour, summary = COLOURS[TONES[name]], system.spread[name]
    folds = sorted({run.fold for run in system.runs})
    place = {fold: number for number, fold in enumerate(folds)}
    mean, deviation = 100 * summary.mean, 100 * (summary.deviation or 0.0)
    if system.has_spread:
        axes.axhspan(mean - deviation, mean + deviation, color=colour, alpha=0.13, linewidth=0)
        axes.axhline(mean, color=colour, linewidth=0.9)
    x = [place[run.fold] for run in system.runs]
    y = [100 * getattr(run.scores, name) for run in system.runs]
    means = [np.mean([value for at, value in zip(x, y, strict=True) if at == k]) for k in range(len(folds))]
    axes.plot(range(len(folds)), means, color=colour, linewidth=0.6, alpha=0.6)
    axes.plot(x, y, "o", color=colour, markeredgecolor="white", markeredgewidth=0.5, markersize=4.5)
    spread_text = f"{mean:.1f} ± {deviation:.1f}" if system.has_spread else f"{mean:.1f}"
    axes.set_title(NAMES[name])
    axes.set_title(spread_text, loc="right", fontweight="normal", fontsize=SMALL_PT, color=colour)
    axes.set_xticks(range(len(folds)), [str(fold) for fold in folds])
    axes.set_xlim(-0.5, len(folds) - 0.5)
    axes.grid(axis="x", visible=False)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))


def _limits(percent: NDArray[np.float64]) -> tuple[float, float]:
    """Round limits around all values, so that systems can be compared across panels; never beyond 0 and 100."""
    span = max(float(np.ptp(percent)), 2.0)
    step = 5.0 if span < 30 else 10.0
    low = step * np.floor((percent.min() - 0.12 * span) / step)
    high = step * np.ceil((percent.max() + 0.12 * span) / step)
    return max(0.0, float(low)), min(100.0, float(high)) + 0.5
