"""Own scores beside the published ones, protocol by protocol, each with what it was trained on: picture and table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from genrekit.analysis.picture import Picture
from genrekit.analysis.style import COLOURS, GREY, INK, SMALL_PT, PaperWidth, new_figure, paper_style
from genrekit.errors import DataError
from genrekit.evaluation.protocols import PROTOCOL_NOTES
from genrekit.evaluation.published import PublishedFigure, load_published

__all__ = ["OwnFigure", "draw_beside_published", "table_beside_published"]

ROW_IN = 0.135
# To learn from GTZAN alone and to know more are two things, which a reader must never have to look up.
ALONE = "GTZAN"


@dataclass(frozen=True)
class OwnFigure:
    """An accuracy of our own, 0 to 1, with its 95 % interval.

    Attributes
    ----------
    system : its name
    protocol : P1 to P4
    accuracy, low, high : file-wise, 0 to 1
    folds : how it was split, in words
    """

    system: str
    protocol: str
    accuracy: float
    low: float
    high: float
    folds: str


@dataclass(frozen=True)
class _Row:
    """One line: percent, `low` and `high` where they are known, and whether it is ours."""

    system: str
    protocol: str
    accuracy: float
    low: float | None
    high: float | None
    trained_on: str
    folds: str
    source: str
    note: str
    own: bool
    deviation: float | None = None


def _rows(own: Sequence[OwnFigure]) -> list[_Row]:
    """Ours and the published ones of the same protocols, counted by track, best first within a protocol."""
    if not own:
        raise DataError("There is no score of our own to set beside the published ones.")
    protocols = {figure.protocol for figure in own}
    rows = [
        _Row(f.system, f.protocol, 100 * f.accuracy, 100 * f.low, 100 * f.high, ALONE, f.folds, "genrekit", "", True)
        for f in own
    ]
    rows += [_published(f) for f in load_published() if f.protocol in protocols and f.unit == "track"]
    return sorted(rows, key=lambda row: (row.protocol, -row.accuracy, not row.own, row.system))


def _published(figure: PublishedFigure) -> _Row:
    spread = figure.deviation
    low, high = (None, None) if spread is None else (figure.accuracy - spread, figure.accuracy + spread)
    return _Row(
        figure.system, figure.protocol, figure.accuracy, low, high, figure.trained_on, figure.folds, figure.source,
        figure.note, False, spread,
    )  # fmt: skip


def draw_beside_published(own: Sequence[OwnFigure], *, columns: PaperWidth = 2) -> Picture:
    """A panel a protocol, a line a system: ours in blue, trained on GTZAN alone in black, on more in orange.

    Raises
    ------
    DataError : no score of our own
    """
    rows = _rows(own)
    panels = [(protocol, list(group)) for protocol, group in groupby(rows, key=lambda row: row.protocol)]
    caption = (
        "Accuracy per track on GTZAN. Lines: 95 % bootstrap interval over artists (genrekit), deviation over folds as "
        "printed (published). Star: see the note in the table; scores of different protocols cannot be compared."
    )
    least = min(row.low if row.low is not None else row.accuracy for row in rows)
    with paper_style():
        height = sum(0.42 + ROW_IN * len(group) for _, group in panels) + 0.3
        figure = new_figure(columns=columns, height_in=height, caption=caption)
        grid = figure.subplots(
            len(panels), 1, sharex=True, squeeze=False, height_ratios=[len(group) + 1 for _, group in panels]
        )
        for axes, (protocol, group) in zip(grid[:, 0], panels, strict=True):
            for y, row in enumerate(group):
                colour = COLOURS["blue"] if row.own else INK if row.trained_on == ALONE else COLOURS["orange"]
                if row.low is not None and row.high is not None:
                    axes.hlines(y, row.low, row.high, color=colour, linewidth=2.2 if row.own else 1.0, alpha=0.5)
                marker = "o" if row.trained_on == ALONE else "D"
                axes.plot(row.accuracy, y, marker, color=colour, markersize=5 if row.own else 3.5)
            axes.set_yticks(range(len(group)), [row.system + (" *" if row.note else "") for row in group])
            for label, row in zip(axes.get_yticklabels(), group, strict=True):
                label.set(fontsize=SMALL_PT, fontweight="bold" if row.own else "normal")
            axes.set_ylim(len(group) - 0.4, -0.6)
            axes.set_title(f"{protocol}: {PROTOCOL_NOTES[protocol].title}")
            axes.tick_params(axis="y", length=0)
            axes.spines["left"].set_visible(False)
        grid[-1, 0].set_xlim(max(0.0, least - 4), 100)
        grid[-1, 0].set_xlabel("accuracy per track, %")
        for colour, marker, name in (
            (COLOURS["blue"], "o", "genrekit, GTZAN alone"),
            (INK, "o", "GTZAN alone"),
            (COLOURS["orange"], "D", "pre-trained on larger collections"),
        ):
            grid[0, 0].plot([], [], marker, color=colour, markersize=4, label=name)
        figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper left", ncols=3, labelcolor=GREY)
    names = ("protocol", "system", "accuracy", "low", "high", "trained_on", "folds", "source", "note", "own")
    return Picture(
        "beside_published", figure, caption, False, names,
        [tuple(getattr(row, name) for name in names) for row in rows],
    )  # fmt: skip


def table_beside_published(own: Sequence[OwnFigure]) -> str:
    """The same as a table in Markdown.

    Raises
    ------
    DataError : no score of our own
    """
    lines = [
        "| protocol | system | accuracy, % | trained on | split | note |",
        "|---|---|---|---|---|---|",
    ]
    for row in _rows(own):
        if row.own:
            name, accuracy = f"**{row.system}**", f"**{row.accuracy:.1f}** ({row.low:.1f} to {row.high:.1f})"
        else:
            # With the decimals that were printed.
            name, accuracy = row.system, str(row.accuracy)
            if row.deviation is not None:
                accuracy += f" ± {row.deviation}"
        lines.append(f"| {row.protocol} | {name} | {accuracy} | {row.trained_on} | {row.folds} | {row.note} |")
    return "\n".join(lines) + "\n"
