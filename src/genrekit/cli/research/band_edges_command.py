"""`genrekit data band-edges`: how high tracks reach, and how far that alone gives their genre away."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from genrekit.cli.arguments.dataset_options import Name, Root, load
from genrekit.cli.help.examples import examples
from genrekit.cli.terminal import messages
from genrekit.cli.terminal.progress import progress_bar
from genrekit.cli.terminal.text_output import Format, Output, columns, require_output, write

if TYPE_CHECKING:
    from genrekit.data.checks.band_edges import BandEdges

__all__ = ["band_edges", "render_band_edges"]


@examples(
    """
    # Does GTZAN say which genre a file is of by where it was cut off?
    genrekit data band-edges gtzan_archive --root ~/data/gtzan

    # Your own files, a folder a genre, before you train on them
    genrekit data band-edges "My Genres/"
    """
)
def band_edges(
    name: Name,
    root: Root = None,
    format: Annotated[Format, typer.Option("--format", help="A table for people, or JSON with everything.")] = "table",
    output: Output = None,
) -> None:
    """How high the sound of each genre's tracks reaches, and how often that alone tells the genre.

    Where a file is cut off comes from its rate, coding and resampler, not from its music. A model that sees the edge
    learns where the collector had its files from; features that end below the edges (archive_log_mel_9_khz) do not.
    """
    from genrekit.data.checks.band_edges import find_band_edges

    require_output(output, "the edges")
    dataset = load(name, root)
    with progress_bar("listening") as progress:
        found = find_band_edges(dataset, on_progress=progress)
    if found.skipped:
        n_skipped, n_tracks = len(found.skipped), len(dataset.tracks)
        messages.warning(f"{n_skipped} of {n_tracks} tracks cannot be heard, first {found.skipped[0]}; left out")
    text = json.dumps(asdict(found), indent=1, ensure_ascii=False) if format == "json" else render_band_edges(found)
    write(text, output)


def render_band_edges(found: BandEdges) -> str:
    """Edges as a table for people, and what they tell."""
    import numpy as np

    from genrekit.evaluation.wilson import wilson_interval

    rows: list[tuple[str, ...]] = [("genre", "tracks", "lowest", "median", "highest", "not cut off")]
    for one in found.genres:
        hz = (f"{edge_hz / 1000:.1f} kHz" for edge_hz in (one.lowest_hz, one.median_hz, one.highest_hz))
        rows.append((one.genre, str(one.n_tracks), *hz, f"{100 * one.n_open / one.n_tracks:.0f} %"))
    lines = [columns(rows), ""]
    n = np.array([tells.n_tracks for tells in found.tells])
    intervals = wilson_interval(np.array([tells.accuracy for tells in found.tells]) * n, n)
    for tells, low, high in zip(found.tells, *intervals, strict=True):
        lines.append(
            f"the edge alone tells the genre of {100 * tells.accuracy:.1f} % ({100 * low:.1f} to {100 * high:.1f}) of "
            f"{tells.n_tracks} tracks under {tells.split}; by chance {100 * tells.chance:.1f} %"
        )
    if not found.tells:
        lines.append("too few tracks a genre to say what the edge tells")
    return "\n".join(lines)
