"""The picture of a song: spectrogram above, stacked genres below, over one axis of minutes and seconds."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from genrekit.errors import GenrekitError
from genrekit.features.mel import hz_to_mel
from genrekit.genre_colours import colours_of
from genrekit.inference.result import UNKNOWN
from genrekit.pictures.spectrogram import RANGE_DB, SPEC
from genrekit.pictures.timeline import GenreTimeline
from genrekit.whole_file import written_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_timeline", "write_timeline"]

# White lines part the bands and each is named in the order of the stack, so that nothing hangs on hue alone.
OTHERS = "others"
OTHERS_COLOUR = "#DDDDDD"
MAX_BANDS = 10
MAX_TITLE_CHARACTERS = 80
WIDTH_IN, HEIGHT_IN, DPI = 8.0, 4.4, 150
TICKS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
MAX_TICKS = 10
TICKS_HZ = (500, 1000, 2000, 4000, 8000)


def write_timeline(
    path: Path,
    spectrogram: npt.NDArray[np.float32],
    timeline: GenreTimeline,
    *,
    title: str,
    format: Literal["png", "svg"] = "png",
) -> None:
    """Draw, and write `path` whole or not at all.

    Parameters
    ----------
    spectrogram : [n_mels, n_columns] of `picture_spectrogram`
    title : the song's name

    Raises
    ------
    GenrekitError : if the file cannot be written
    """
    import matplotlib

    settings: Any = {**matplotlib.rcParamsDefault, "svg.hashsalt": "genrekit", "axes.spines.top": False}
    settings |= {"axes.spines.right": False, "font.size": 9}
    settings.pop("backend", None)
    metadata: Any = {"Date": None} if format == "svg" else {"Software": None}
    try:
        with written_whole(path) as partial, matplotlib.rc_context(settings), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph")  # a name in a script that the font lacks
            figure = draw_timeline(spectrogram, timeline, title=title)
            figure.savefig(partial, format=format, dpi=DPI, metadata=metadata)
    except OSError as error:
        raise GenrekitError(f"{path}: cannot write the picture: {error.strerror or error}") from error


def draw_timeline(spectrogram: npt.NDArray[np.float32], timeline: GenreTimeline, *, title: str) -> Figure:
    """The figure; parameters as in `write_timeline`."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, MultipleLocator

    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[1, 1.1])
    end_s = float(timeline.edges_s[-1])
    if len(title) > MAX_TITLE_CHARACTERS:  # a longer one would leave the plots no room
        title = f"{title[: MAX_TITLE_CHARACTERS // 2]}…{title[-MAX_TITLE_CHARACTERS // 2 :]}"
    sure = "" if timeline.genre == UNKNOWN else f" ({timeline.confidence:.0%})"
    heading = f"{title}: {timeline.genre}{sure}"
    above.set_title(heading, loc="left", fontsize=10, parse_math=False)
    image = above.imshow(
        spectrogram,
        origin="lower",
        aspect="auto",
        extent=(0, end_s, 0, SPEC.n_bins),
        cmap="magma",
        vmin=-RANGE_DB,
        vmax=0,
    )
    above.set_yticks([_mel_band(hz) for hz in TICKS_HZ], [f"{hz / 1000:g}" for hz in TICKS_HZ])
    above.set_ylabel("frequency in kHz")
    bar = figure.colorbar(image, cax=above.inset_axes((1.01, 0, 0.015, 1)), label="dB")
    bar.ax.tick_params(labelsize=7)
    _stack(below, timeline)
    step_s = next((step for step in TICKS_S if end_s / step <= MAX_TICKS), TICKS_S[-1])
    below.xaxis.set_major_locator(MultipleLocator(step_s))
    below.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: _clock(seconds)))
    below.set_xlim(0, end_s)
    below.set_xlabel("time in minutes:seconds")
    return figure


def _stack(axes: Axes, timeline: GenreTimeline) -> None:
    weights = np.diff(timeline.edges_s)
    share = np.average(timeline.probabilities, axis=0, weights=weights if weights.sum() > 0 else None)
    # In the model's order, so that a genre has its place in every picture; the rarest become "others" where many.
    order = np.argsort(-share, kind="stable")
    shown = sorted(order[: MAX_BANDS if len(order) <= MAX_BANDS else MAX_BANDS - 1].tolist())
    names = [timeline.genres[i] for i in shown]
    # Ten genres have their colours whatever is shown; of more, those that are shown are told apart.
    colour = colours_of(timeline.genres if len(timeline.genres) <= MAX_BANDS else names)
    bands = [timeline.probabilities[:, i] for i in shown]
    colours = [colour[name] for name in names]
    if len(shown) < len(order):
        names.append(OTHERS)
        bands.append(timeline.probabilities[:, order[MAX_BANDS - 1 :]].sum(axis=1))
        colours.append(OTHERS_COLOUR)
    base = np.zeros(len(timeline.probabilities) + 1)
    for name, band, of_band in zip(names, bands, colours, strict=True):
        top = base + np.append(band, band[-1])
        mean = np.average(band, weights=weights if weights.sum() > 0 else None)
        label = f"{name}: {100 * mean:.0f} %"
        axes.fill_between(
            timeline.edges_s, base, top, step="post", color=of_band, label=label, edgecolor="white", linewidth=0.4
        )
        base = top
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
    axes.set_ylabel("probability")
    handles, labels = axes.get_legend_handles_labels()
    # The title has the answer for the whole file, which is another number.
    place: Any = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5), "frameon": False}
    axes.legend(handles[::-1], labels[::-1], title="mean over time", title_fontsize=7.5, fontsize=7.5, **place)


def _mel_band(frequency_hz: float) -> float:
    """Place of a frequency among the picture's mel bands."""
    mel, highest = hz_to_mel([frequency_hz, SPEC.sr / 2])
    return float(mel / highest * (SPEC.n_bins + 1) - 0.5)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
