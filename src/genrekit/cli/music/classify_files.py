"""Files through a classifier, one result after the other: written, told, and counted as they come."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

import typer

from genrekit.cli.terminal import messages
from genrekit.cli.terminal.failures import tell_failure
from genrekit.cli.terminal.progress import display

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from genrekit.cli.terminal.progress import Display
    from genrekit.inference import Classifier, Failure, Result
    from genrekit.results.continued import ContinuedResults

__all__ = ["classify_files", "classify_missing", "tell_failed"]

EXIT_INTERRUPTED = 130


def classify_missing(
    classifier: Classifier,
    results: ContinuedResults,
    *,
    go_on: str,
    tally: Callable[[Result | Failure], None] = lambda outcome: None,
    count_genres: bool = False,
    jobs: int | None,
    debug: bool,
) -> int:
    """Classify what results lack, and make them whole; gives how many files failed. Ctrl-C leaves the part, and a word.

    Parameters
    ----------
    go_on : how to go on after Ctrl-C, behind where the part is
    tally : takes each outcome once it is written
    count_genres, jobs, debug : as in `classify_files`
    """
    with display(len(results.missing), results_on_stdout=False) as shown, results.opened() as file:

        def take(outcome: Result | Failure) -> None:
            file.add(outcome)
            tally(outcome)

        try:
            n_failed = classify_files(
                classifier, results.missing, shown, take, count_genres=count_genres, jobs=jobs, debug=debug
            )
            file.finish()
        except KeyboardInterrupt:
            messages.note(f"interrupted; what was done is in {file.part}{go_on}")
            raise typer.Exit(EXIT_INTERRUPTED) from None
    return n_failed


def classify_files(
    classifier: Classifier,
    files: Sequence[str],
    shown: Display,
    take: Callable[[Result | Failure], None],
    *,
    count_genres: bool,
    jobs: int | None,
    debug: bool,
) -> int:
    """Classify files, and tell failures and warnings; gives how many failed.

    Parameters
    ----------
    files : to classify
    shown : is told of each file that is done
    take : takes each outcome
    count_genres : say at the end how many are of each genre; programs count for themselves
    jobs : files at once; None for one a core
    debug : whether failures are told with where they arose
    """
    from genrekit.audio.file_processes import MANY_FILES
    from genrekit.inference import Failure

    n_failed = 0
    n_of_genre: Counter[str] = Counter()
    processes = len(files) >= MANY_FILES
    with closing(classifier.classify_many(files, n_jobs=jobs, processes=processes)) as outcomes:
        for outcome in outcomes:
            take(outcome)
            shown.advance()
            if isinstance(outcome, Failure):
                n_failed += 1
                tell_failure(outcome, debug=debug)
            else:
                n_of_genre[outcome.genre] += 1
                for warning in outcome.warnings:
                    messages.warning(f"{outcome.path}: {warning}")
    if count_genres:
        _tell_genres(n_of_genre)
    return n_failed


def _tell_genres(n_of_genre: Counter[str]) -> None:
    """Of several files, how many are of each genre, the most frequent first."""
    if (n_files := n_of_genre.total()) > 1:
        counts = ", ".join(f"{n} {genre}" for genre, n in n_of_genre.most_common())
        messages.note(f"{n_files} files: {counts}")


def tell_failed(n_failed: int, n_files: int) -> None:
    """Say at the end how many files failed, where they were several and some did."""
    if n_failed and n_files > 1:
        rest = "; the others are done" if n_failed < n_files else ""
        messages.note(f"{n_failed} of {n_files} could not be classified{rest}")
