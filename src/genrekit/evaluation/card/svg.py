"""The drawings of a report card as inline SVG: no plotting library, colours from the page's style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from genrekit.evaluation.calibration import Reliability

__all__ = ["Dot", "confusion_svg", "dots_svg", "reliability_svg"]

CHARACTER_WIDTH_PX = 7.4
# Above this share the cell is dark enough for the inverse text colour.
DARK_SHARE = 0.5


@dataclass(frozen=True)
class Dot:
    """A row of a dot plot: accuracy in percent with an optional range, and how it is drawn."""

    label: str
    value: float
    low: float | None
    high: float | None
    ours: bool
    pretrained: bool
    by_excerpt: bool


def confusion_svg(confusion: NDArray[np.int64], genres: Sequence[str]) -> str:
    """Shares of each true genre's decisions, percent in the cells; right ones in one colour, wrong ones in another."""
    n, cell = len(genres), 46
    longest = CHARACTER_WIDTH_PX * max(len(genre) for genre in genres)
    left, top = 30 + longest, 36 + 0.72 * longest
    edge = left + n * cell
    totals = confusion.sum(axis=1)
    out = [
        _text("axis", left, 13, "decided"),
        _text("axis", left - 10, top - 8, "true", anchor="end"),
        _text("axis", edge + 44, top - 8, "n", anchor="end"),
    ]
    for j, genre in enumerate(genres):
        place = f"translate({left + (j + 0.45) * cell:.1f} {top - 8:.1f}) rotate(-40)"
        out.append(f'<text class="label" transform="{place}">{escape(genre)}</text>')
    for i, truth in enumerate(genres):
        y = top + i * cell
        middle = y + cell / 2 + 3
        out.append(_text("label", left - 10, middle, truth, anchor="end"))
        out.append(_text("small", edge + 44, middle, str(totals[i]), anchor="end"))
        for j, decision in enumerate(genres):
            count, x = int(confusion[i, j]), left + j * cell
            share = count / totals[i] if totals[i] else 0.0
            out.append(f"<g><title>{escape(f'{truth} taken for {decision}: {count} of {totals[i]}')}</title>")
            out.append(_rect("cell", x, y, cell - 2, cell - 2))
            if count:
                out.append(_rect("right" if i == j else "wrong", x, y, cell - 2, cell - 2, 0.08 + 0.92 * share))
                tone = "on" if share > DARK_SHARE else "off"
                out.append(_text(tone, x + cell / 2 - 1, middle, f"{100 * share:.0f}", anchor="middle"))
            out.append("</g>")
    return _svg(edge + 50, top + n * cell + 8, "Confusion matrix: row true genre, column decision", out)


def reliability_svg(reliability: Reliability) -> str:
    """Accuracy against confidence in bins beside the diagonal of honest confidence; below, tracks per bin."""
    left, top, side, bars = 52, 12, 320, 64
    floor, base = top + side, top + side + 14 + bars
    most = max(int(reliability.n.max()), 1)
    out = []
    for tick in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        y = top + (1 - tick) * side
        out.append(_line("grid", left, y, left + side, y))
        out.append(_text("small", left - 8, y + 4, f"{tick:.1f}", anchor="end"))
        out.append(_text("small", left + tick * side, base + 17, f"{tick:.1f}", anchor="middle"))
    columns = (reliability.low, reliability.high, reliability.n, reliability.mean_confidence, reliability.accuracy)
    for low, high, n, confidence, accuracy in zip(*columns, strict=True):
        if not n:
            continue
        x, width = left + low * side + 1, (high - low) * side - 2
        y_right, y_sure = top + (1 - accuracy) * side, top + (1 - confidence) * side
        tall = max(1.5, bars * n / most)
        tip = f"confidence {low:.2f} to {high:.2f}: {n} tracks, on average {confidence:.3f} sure, {accuracy:.3f} right"
        out.append(f"<g><title>{escape(tip)}</title>")
        out.append(_rect("right", x, y_right, width, floor - y_right, 0.8))
        out.append(_rect("gap", x, min(y_right, y_sure), width, abs(y_right - y_sure)))
        out.append(_rect("count", x, base - tall, width, tall) + "</g>")
    out += [
        _line("diagonal", left, floor, left + side, top),
        _line("edge", left, floor, left + side, floor),
        _line("edge", left, base, left + side, base),
        _text("small", left - 8, base - bars + 9, str(most), anchor="end"),
        _text("axis", left + side / 2, base + 40, "confidence", anchor="middle"),
        _upright("axis", 13, top + side / 2, "accuracy"),
        _upright("axis", 13, base - bars / 2, "tracks"),
    ]
    return _svg(left + side + 16, base + 48, "Reliability: accuracy by confidence, and tracks per bin", out)


def dots_svg(dots: Sequence[Dot]) -> str:
    """Accuracies side by side: ours marked, pre-trained systems as diamonds, excerpt-wise ones hollow."""
    row, side, top = 24, 430, 8
    left = 16 + CHARACTER_WIDTH_PX * max(len(dot.label) for dot in dots)
    width, bottom = left + side + 62, top + row * len(dots)
    lowest = min(dot.value if dot.low is None else dot.low for dot in dots)
    start = float(min(90, max(0, 10 * np.floor((lowest - 1) / 10))))

    def at(value: float) -> float:
        return left + (min(max(value, start), 100.0) - start) / (100 - start) * side

    stripes = [_rect("stripe", 0, top + index * row, width, row) for index, dot in enumerate(dots) if dot.ours]
    out = stripes
    for tick in np.arange(start, 101, 10):
        out.append(_line("grid", at(tick), top, at(tick), bottom))
        out.append(_text("small", at(tick), bottom + 16, f"{tick:.0f}", anchor="middle"))
    out.append(_text("axis", left + side / 2, bottom + 34, "accuracy, %", anchor="middle"))
    for index, dot in enumerate(dots):
        y, x = top + (index + 0.5) * row, at(dot.value)
        tone = "ours" if dot.ours else "theirs"
        shape = f"dot {tone}{' hollow' if dot.by_excerpt else ''}"
        out.append(_text(f"label {tone}", left - 12, y + 4, dot.label, anchor="end"))
        out.append(_text(f"small {tone}", width - 6, y + 4, f"{dot.value:.1f}", anchor="end"))
        if dot.low is not None and dot.high is not None:
            out.append(_line(f"range {tone}", at(dot.low), y, at(dot.high), y))
        if dot.pretrained:
            out.append(f'<path class="{shape}" d="M{x:.1f} {y - 5.5:.1f}l5.5 5.5l-5.5 5.5l-5.5-5.5z"/>')
        else:
            out.append(f'<circle class="{shape}" cx="{x:.1f}" cy="{y:.1f}" r="4.6"/>')
    return _svg(width, bottom + 42, "Published accuracies of this protocol beside ours, percent", out)


def _svg(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" role="img" aria-label="{escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def _text(kind: str, x: float, y: float, text: str, *, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _upright(kind: str, x: float, y: float, text: str) -> str:
    place = f"translate({x:.1f} {y:.1f}) rotate(-90)"
    return f'<text class="{kind}" transform="{place}" text-anchor="middle">{escape(text)}</text>'


def _rect(kind: str, x: float, y: float, width: float, height: float, opacity: float | None = None) -> str:
    strength = "" if opacity is None else f' fill-opacity="{opacity:.3f}"'
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"{strength}/>'


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
