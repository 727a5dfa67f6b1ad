"""Files through a classifier, one result after the other: written, told, and counted as they come."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

from genrekit.cli import messages
from genrekit.cli.failures import tell_failure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from genrekit.cli.progress import Display
    from genrekit.inference import Classifier, Failure, Result
    from genrekit.results.file_states import FileStates
    from genrekit.results.writers import ResultWriter

__all__ = ["classify_files", "tell_failed"]


def classify_files(
    classifier: Classifier,
    files: Sequence[str],
    writer: ResultWriter,
    shown: Display,
    emit: Callable[[str], None],
    *,
    tally: Callable[[Result | Failure], None] = lambda outcome: None,
    states: FileStates | None = None,
    jobs: int | None,
    debug: bool,
) -> int:
    """Classify files, and tell failures and warnings; gives how many failed.

    Parameters
    ----------
    files : to classify
    writer : makes a row of each outcome
    shown : is told of each file that is done
    emit : takes each row
    tally : takes each outcome
    states : what files were like is recorded here; None if nobody will ask
    jobs : files at once; None for one a core
    debug : whether failures are told with where they arose
    """
    from genrekit.audio.file_processes import MANY_FILES
    from genrekit.inference import Failure
    from genrekit.results.writers import TableWriter

    n_failed = 0
    n_of_genre: Counter[str] = Counter()
    processes = len(files) >= MANY_FILES
    with closing(classifier.classify_many(files, n_jobs=jobs, processes=processes)) as outcomes:
        for outcome in outcomes:
            if states is not None and outcome.path is not None:
                states.record(outcome.path)
            emit(writer.row(outcome))
            tally(outcome)
            shown.advance()
            if isinstance(outcome, Failure):
                n_failed += 1
                tell_failure(outcome, debug=debug)
            else:
                n_of_genre[outcome.genre] += 1
                for warning in outcome.warnings:
                    messages.warning(f"{outcome.path}: {warning}")
    # Programs count for themselves.
    if isinstance(writer, TableWriter):
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
