"""`genrekit learn`: own genres from a folder of songs, as a model file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genrekit.cli.arguments.model_options import one_line
from genrekit.cli.help.examples import examples
from genrekit.cli.terminal import messages

if TYPE_CHECKING:
    from genrekit.learning.own_genres import Learned

__all__ = ["learn"]

EXIT_FAILED = 1


@examples(
    """
    # A folder of songs for each genre: five at least, better ten or more
    genrekit learn "My Genres/" --output mine.onnx

    # Use what was learnt
    genrekit classify "New Music/" --model mine.onnx
    """
)
def learn(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER", help="With a folder of songs for each genre: FOLDER/<genre>/.", show_default=False
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The model file to write.", show_default=False)
    ],
    model: Annotated[
        str,
        typer.Option("--model", "-m", metavar="NAME|FILE", help="The model to build on; it must not know the songs."),
    ] = "default",
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", min=1, metavar="N", help="Files at once; if not given, one per core.", show_default=False
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--name", callback=one_line, help="Name of the model; if not given, that of the file.", show_default=False
        ),
    ] = None,
) -> None:
    """Learn your own genres from songs of each: five at least, better ten or more.

    Songs are scored by cross-validation, so that no artist is heard before (FOLDER/artists.csv with the columns file
    and artist, or the files' tags, tell who that is). Use the result by: genrekit classify --model FILE. Exit code: 0
    all done; 1 done, but some file could not be used, or nothing done; 2 wrong usage.
    """
    from genrekit.cli.arguments.places import require_place
    from genrekit.cli.terminal.progress import progress_bar
    from genrekit.inference.bundled import SUFFIX
    from genrekit.learning.own_genres import learn as learn_genres
    from genrekit.learning.songs import FEW_SONGS

    if output.exists():
        raise typer.BadParameter(f"{output} exists; remove it, or give another name", param_hint="--output")
    if not output.suffix:
        raise typer.BadParameter(f"{output} needs a suffix, such as {output}.onnx", param_hint="--output")
    require_place(output, "the model")
    if output.suffix.lower() != SUFFIX:
        messages.note(f"{output}: the name of a model file ends in {SUFFIX} as a rule; this one can be used as well")
    with progress_bar("listening") as progress:
        learned = learn_genres(folder, model=model, n_jobs=jobs, progress=progress)
    made = learned.write(output, name=name)
    for left_out in learned.songs.left_out:
        said = messages.warning if left_out.failed else messages.note
        said(f"left out {left_out.name}: {left_out.reason}")
    few = [genre for genre, count in learned.counts.items() if count < FEW_SONGS]
    if few:
        messages.warning(f"fewer than {FEW_SONGS} songs of {', '.join(few)}: the score says little; add some")
    if n_unknown := learned.cross_validated.n_without_artist:
        messages.warning(
            f"no artist is known for {n_unknown} of {len(learned.songs.songs)} songs; songs of one artist may be on "
            "both sides, and the score too good"
        )
    if not_grouped := learned.cross_validated.not_grouped:
        messages.warning(
            f"{', '.join(not_grouped)}: not scored by artist, as few artists are known; other artists may fare worse"
        )
    typer.echo(_table(learned))
    messages.note(
        f"wrote {made.path}, {made.size_bytes / 1e6:.2f} MB; use it by: genrekit classify --model {made.path}"
    )
    if any(left_out.failed for left_out in learned.songs.left_out):
        raise typer.Exit(EXIT_FAILED)


def _table(learned: Learned) -> str:
    checked = learned.cross_validated
    rows = [("genre", "songs", "recall", "taken for")]
    for (genre, count), of_genre in zip(learned.counts.items(), checked.scores.per_genre(), strict=True):
        taken_for = "-" if of_genre.taken_for is None else f"{of_genre.taken_for} ({of_genre.n_taken_for})"
        recall = "-" if of_genre.recall is None else f"{100 * of_genre.recall:.0f} %"
        rows.append((genre, str(count), recall, taken_for))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}  {d}" for a, b, c, d in rows]
    interval = checked.accuracy_interval
    lines += [
        "",
        f"accuracy {100 * checked.scores.accuracy:.1f} % on songs held out ({checked.n_folds} folds), 95 % interval "
        f"{100 * interval.low:.1f} to {100 * interval.high:.1f} over {checked.units}",
        f"calibration error {100 * checked.calibration_error:.1f} % (by chance alone, on so few songs, up to "
        f"{100 * checked.error_if_calibrated.high:.1f}); 'unknown' below confidence "
        f"{learned.unknown_threshold:.2f}: {100 * learned.share_answered:.0f} % of the songs held out are answered"
        + (
            ""
            if learned.negatives_unknown is None
            else f"; of sounds that are no music {100 * learned.negatives_unknown:.0f} % are 'unknown'"
        ),
    ]
    return "\n".join(lines)
