"""`genrekit classify --output`: results into a file, gone on with where an earlier run left them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from genrekit.cli.music.classify_files import classify_missing
from genrekit.cli.music.classify_summary import Summary
from genrekit.cli.terminal import messages

if TYPE_CHECKING:
    from genrekit.inference import Classifier
    from genrekit.results.writers import ResultWriter

__all__ = ["classify_to_file"]


def classify_to_file(
    classifier: Classifier,
    files: Sequence[str],
    writer: ResultWriter,
    output: Path,
    *,
    folders: Sequence[str],
    summary: Summary,
    resume: bool,
    jobs: int | None,
    debug: bool,
) -> int:
    """Classify files into `output`; gives how many failed.

    Parameters
    ----------
    files : to classify; with `resume`, those that `output` has already are passed over
    writer : makes a row of each outcome
    folders : that were searched for files
    jobs, debug : as in `classify_files`
    """
    from genrekit.file_identity import file_sha256
    from genrekit.results.continued import resume_results, start_results
    from genrekit.results.writers import TableWriter

    sha256 = file_sha256(classifier.model_file.path)
    if resume:
        model = classifier.card.name
        results = resume_results(output, files, writer, model=model, model_sha256=sha256, folders=folders)
        summary.keep(results.text)
        again = f", {results.n_changed} changed since" if results.n_changed else ""
        messages.note(f"{output}: {len(files) - len(results.missing)} of {len(files)} are done already{again}")
    else:
        results = start_results(output, files, writer, model_sha256=sha256)
    is_table = isinstance(writer, TableWriter)
    go_on = "" if is_table else ", and --resume goes on with it"
    return classify_missing(
        classifier, results, go_on=go_on, tally=summary.add, count_genres=is_table, jobs=jobs, debug=debug
    )
