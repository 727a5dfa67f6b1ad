"""How pictures look: the width of a paper's column, type that stays readable there, colours that everyone can tell."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from genrekit.errors import GenrekitError
from genrekit.genre_colours import colours_of

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "ALARM",
    "COLOURS",
    "CONTAMINATED",
    "FAINT",
    "GREY",
    "INK",
    "SMALL_PT",
    "TYPE_PT",
    "PaperWidth",
    "contaminated_mark",
    "legend_above",
    "new_figure",
    "paper_style",
    "row_title",
    "signs_of",
    "width_in",
    "wrapped",
]

# Columns of a paper: 1 is one column, 2 the whole page.
PaperWidth = Literal[1, 2]
WIDTHS_IN = {1: 3.5, 2: 7.16}

# Okabe and Ito 2008, "Color universal design": told apart with every kind of colour vision, and in print.
COLOURS = {
    "blue": "#0072B2",
    "orange": "#D55E00",
    "green": "#009E73",
    "purple": "#AA4499",
    "sky": "#56B4E9",
    "amber": "#E69F00",
}
INK = "#1A1A1A"
GREY = "#7A7A7A"
FAINT = "#D9D9D9"
ALARM = "#A50026"
CONTAMINATED = "CONTAMINATED"

# Ten colours are more than anyone keeps apart by hue alone, so each genre has a shape too.
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p")

TYPE_PT = 7.0
SMALL_PT = 6.0
# Mean width of a character of DejaVu Sans in its size, for wrapping captions.
CHARACTER_EM = 0.53

# Not of a picture, and not given back by Matplotlib's own context.
OF_THE_SESSION = frozenset({"backend", "backend_fallback", "interactive"})

STYLE: dict[str, Any] = {
    # DejaVu Sans comes with Matplotlib: the same picture on every machine. Text becomes paths for the same reason.
    "font.family": ["DejaVu Sans"],
    "svg.fonttype": "path",
    "svg.hashsalt": "genrekit",
    "pdf.fonttype": 42,
    "font.size": TYPE_PT,
    "axes.titlesize": TYPE_PT,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 4.0,
    "axes.labelsize": TYPE_PT,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.4,
    "text.color": INK,
    "xtick.labelsize": SMALL_PT,
    "ytick.labelsize": SMALL_PT,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.fontsize": SMALL_PT,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "legend.handletextpad": 0.5,
    "legend.columnspacing": 1.2,
    "legend.borderaxespad": 0.3,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "lines.solid_capstyle": "round",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "path.simplify": False,
}


def width_in(columns: PaperWidth) -> float:
    """Width of a picture over so many columns of a paper, in inches."""
    if columns not in WIDTHS_IN:
        raise GenrekitError(f"A picture spans {columns!r} columns; 1 ({WIDTHS_IN[1]} in) or 2 ({WIDTHS_IN[2]} in).")
    return WIDTHS_IN[columns]


@contextmanager
def paper_style() -> Iterator[None]:
    """Matplotlib's settings for drawing and for writing a picture; those of the caller come back afterwards."""
    import matplotlib

    with matplotlib.rc_context():
        # From Matplotlib's own defaults, so that nobody's matplotlibrc changes a published figure.
        settings: Any = matplotlib.rcParams
        settings.update({key: value for key, value in matplotlib.rcParamsDefault.items() if key not in OF_THE_SESSION})
        settings.update(STYLE)
        yield


def contaminated_mark(flags: Iterable[bool]) -> str:
    """What must stand above a picture of several systems, each contaminated or not; "" if none is."""
    flags = list(flags)
    if not any(flags):
        return ""
    if all(flags):
        return f"{CONTAMINATED}: training has heard the tracks that are scored"
    return f"{CONTAMINATED} where marked: training has heard the scored tracks"


def new_figure(*, columns: PaperWidth, height_in: float, caption: str, mark: str = "") -> Figure:
    """An empty figure with its caption below, and CONTAMINATED above where it must stand.

    Parameters
    ----------
    columns : of the paper, 1 or 2
    height_in : of the whole picture without the lines of its caption, inches
    caption : what the picture is from, in one line; it is broken where the picture ends
    mark : of `contaminated_mark`
    """
    from matplotlib.figure import Figure

    width = width_in(columns)
    lines, mark_lines = wrapped(caption, columns, SMALL_PT), wrapped(mark, columns, TYPE_PT * 1.15)
    height = height_in + (len(lines) * SMALL_PT + len(mark_lines) * TYPE_PT * 1.2) * 1.25 / 72
    figure = Figure(figsize=(width, height), layout="constrained")
    if lines:
        figure.supxlabel("\n".join(lines), x=0.01, ha="left", fontsize=SMALL_PT, color=GREY, linespacing=1.2)
    if mark:
        figure.suptitle("\n".join(mark_lines), x=0.01, ha="left", fontsize=TYPE_PT, fontweight="bold", color=ALARM)
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.06, wspace=0.04, hspace=0.05)  # type: ignore[union-attr, call-arg]
    return figure


def wrapped(text: str, columns: PaperWidth, size_pt: float) -> list[str]:
    """The lines of a text in this size that fit into a picture; bold type counts as 15 % larger."""
    return textwrap.wrap(text, int(width_in(columns) * 72 / (size_pt * CHARACTER_EM)))


def legend_above(
    figure: Figure,
    handles: Sequence[Artist],
    labels: Sequence[str],
    *,
    columns: PaperWidth,
    mark: str = "",
    loc: Literal["outside upper left", "outside upper center"] = "outside upper center",
    **options: Any,
) -> None:
    """A legend above all panels, below the mark of `new_figure` if there is one.

    Parameters
    ----------
    mark : as given to `new_figure`; Matplotlib would lay the legend over it
    options : of Matplotlib's legend
    """
    room = "\n".join(" " for _ in wrapped(mark, columns, TYPE_PT * 1.15))
    figure.legend(handles, labels, loc=loc, title=room or None, title_fontsize=TYPE_PT * 1.2, **options)


def row_title(axes: Axes, text: str, *, columns: PaperWidth, colour: str = INK, panel: str = "") -> None:
    """A bold title that may run over the panels to its right; room is kept above the panel for its lines only.

    `panel` is the title of the panel itself, which stands below.
    """
    lines = wrapped(text, columns, TYPE_PT * 1.3)
    axes.set_title("\n".join([*(" " for _ in lines), *([panel] if panel else [])]), loc="left")
    title = axes.annotate(
        "\n".join(lines),
        (0, 1),
        xytext=(0, 4 + (1.35 * TYPE_PT if panel else 0)),
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize=TYPE_PT,
        fontweight="bold",
        color=colour,
        va="bottom",
        linespacing=1.2,
    )
    title.set_in_layout(False)


def signs_of(genres: Sequence[str]) -> list[tuple[str, str]]:
    """Colour and marker of each genre, in the order given: no two have both in common, up to a hundred genres."""
    signs: list[tuple[str, str]] = []
    for index, colour in enumerate(colours_of(genres).values()):
        own = index % len(MARKERS)
        in_turn = MARKERS[own:] + MARKERS[:own]
        signs.append((colour, next((one for one in in_turn if (colour, one) not in signs), in_turn[0])))
    return signs
