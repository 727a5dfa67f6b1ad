"""Training and validation curves (report A, figures 1 and 4): a row a configuration, accuracy beside loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from genrekit.analysis.captions import STOPPED, count, count_folds, panel_mark
from genrekit.analysis.curves import COLUMNS, Configuration
from genrekit.analysis.picture import Picture
from genrekit.analysis.style import (
    ALARM,
    COLOURS,
    CONTAMINATED,
    GREY,
    INK,
    SMALL_PT,
    PaperWidth,
    contaminated_mark,
    new_figure,
    paper_style,
    row_title,
)
from genrekit.errors import DataError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_curves"]

ROW_IN = 1.42
PARTS = {"train": ("training", "sky"), "valid": ("validation", "orange")}
# A first epoch far above the rest would press all others onto the ground.
LOSS_QUANTILE = 0.985


def draw_curves(configurations: Sequence[Configuration], *, columns: PaperWidth = 2) -> Picture:
    """Accuracy and loss by epoch; thin lines are folds and seeds, thick ones their mean where all of them still run.

    The clean configurations stand above their contaminated twins, as `group_curves` orders them, and one scale holds
    for all rows.

    Raises
    ------
    DataError : no configuration
    """
    if not configurations:
        raise DataError("No runs to draw; at least one is expected.")
    titles = _titles(configurations)
    rows: list[tuple[Any, ...]] = [
        (
            number + 1,
            titles[number],
            configuration.protocol,
            configuration.contaminated,
            run.run,
            run.fold,
            run.seed,
            int(epoch),
            *(float(run.values[name][k]) for name in COLUMNS),
        )
        for number, configuration in enumerate(configurations)
        for run in configuration.runs
        for k, epoch in enumerate(run.epoch)
    ]
    flags = [configuration.contaminated for configuration in configurations]
    with paper_style():
        height = 0.4 + (ROW_IN if columns == 2 else 1.25) * len(configurations)
        caption = _caption(configurations)
        figure = new_figure(columns=columns, height_in=height, caption=caption, mark=contaminated_mark(flags))
        grid = figure.subplots(len(configurations), 2, sharex=True, sharey="col", squeeze=False)
        for number, (configuration, (accuracy, loss)) in enumerate(zip(configurations, grid, strict=True)):
            _draw(accuracy, configuration, "accuracy", 100.0)
            _draw(loss, configuration, "loss", 1.0)
            accuracy.set_ylabel("accuracy, %")
            loss.set_ylabel("loss, nats")
            mark = f"{CONTAMINATED}: " if configuration.contaminated else ""
            row_title(
                accuracy,
                f"{panel_mark(number, len(grid))}{mark}{titles[number]}",
                columns=columns,
                colour=ALARM if configuration.contaminated else INK,
            )
        _scale(configurations, grid)
        for axes in grid[-1]:
            axes.set_xlabel("epoch")
        handles, labels = grid[0, 0].get_legend_handles_labels()
        grid[0, 0].legend(handles, labels, loc="lower right")
    facts = {
        "configurations": [
            {
                "row": number + 1,
                "title": titles[number],
                "protocol": configuration.protocol,
                "contaminated": configuration.contaminated,
                "runs": [run.run for run in configuration.runs],
                "validates_on_test": configuration.validates_on_test,
            }
            for number, configuration in enumerate(configurations)
        ]
    }
    names = ("row", "configuration", "protocol", "contaminated", "run", "fold", "seed", "epoch", *COLUMNS)
    return Picture("curves", figure, caption, any(flags), names, rows, facts)


def _draw(axes: Axes, configuration: Configuration, what: str, scale: float) -> None:
    for part, (label, tone) in PARTS.items():
        column, colour = f"{part}_{what}", COLOURS[tone]
        several = len(configuration.runs) > 1
        drawn = False
        for run in configuration.runs:
            recorded = np.isfinite(run.values[column])
            if not recorded.any():
                continue
            drawn = True
            # Epochs are counted from 1 in print.
            x, y = run.epoch[recorded] + 1, scale * run.values[column][recorded]
            axes.plot(x, y, color=colour, linewidth=0.6 if several else 1.3, alpha=0.4 if several else 1.0,
                      label=None if several else label)  # fmt: skip
        epoch, mean = configuration.mean(column)
        if several and len(epoch):
            axes.plot(epoch + 1, scale * mean, color=colour, linewidth=1.5, label=f"{label}, mean")
        if part == "valid" and not drawn:
            axes.annotate(
                "no validation part",
                (0.98, 0.06),
                xycoords="axes fraction",
                ha="right",
                color=GREY,
                fontsize=SMALL_PT,
            )


def _titles(configurations: Sequence[Configuration]) -> list[str]:
    """Title and protocol of each; where two would read alike, the hash of the recipe tells them apart."""
    plain = [
        f"{configuration.title}, {configuration.protocol}{STOPPED if configuration.validates_on_test else ''}"
        for configuration in configurations
    ]
    return [
        f"{text}, {configuration.runs[0].system}" if plain.count(text) > 1 else text
        for text, configuration in zip(plain, configurations, strict=True)
    ]


def _losses(configurations: Sequence[Configuration]) -> list[float]:
    return [
        value
        for configuration in configurations
        for run in configuration.runs
        for name in ("train_loss", "valid_loss")
        for value in run.values[name][np.isfinite(run.values[name])].tolist()
    ]


def _greatest_shown_loss(configurations: Sequence[Configuration]) -> float:
    """The first epochs of one run must not press all others to the ground."""
    losses = _losses(configurations)
    return max(1.08 * float(np.quantile(losses, LOSS_QUANTILE)) if losses else 1.0, 0.1)


def _scale(configurations: Sequence[Configuration], grid: Any) -> None:
    grid[0, 1].set_ylim(0, _greatest_shown_loss(configurations))
    grid[0, 0].set_ylim(0, 102)
    for axes in grid[:, 0]:
        axes.set_yticks(range(0, 101, 20 if len(grid) < 5 else 25))
    for row in grid:
        for axes in row:
            axes.set_xlim(left=0.5)


def _caption(configurations: Sequence[Configuration]) -> str:
    facts = []
    for number, configuration in enumerate(configurations):
        runs = configuration.runs
        n_folds, n_seeds = len({run.fold for run in runs}), len({run.seed for run in runs})
        which = f"{configuration.dataset}, {count_folds(n_folds, configuration.n_folds)}, {count(n_seeds, 'seed')}"
        text = f"{panel_mark(number, len(configurations))}{which}"
        if any(run.validates_on_test for run in runs):
            text += ", validated on the part that is scored"
        facts.append(text)
    several = any(len(configuration.runs) > 1 for configuration in configurations)
    lines = " Thin lines: folds and seeds; thick: their mean while all of them run." if several else ""
    is_cut = max(_losses(configurations), default=0.0) > _greatest_shown_loss(configurations)
    cut = " Greater losses than the frame has room for are left out." if is_cut else ""
    how = "Accuracy by excerpts; in training, with dropout and what the recipe augments."
    return f"{'; '.join(facts)}. {how}{lines}{cut}"
