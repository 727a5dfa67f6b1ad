"""`genrekit classify --output`: results into a file, gone on with where an earlier run left them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from genrekit.cli import messages
from genrekit.cli.classify_files import classify_files
from genrekit.cli.classify_summary import Summary
from genrekit.cli.progress import display

if TYPE_CHECKING:
    from genrekit.inference import Classifier
    from genrekit.results.writers import ResultWriter

__all__ = ["classify_to_file"]

EXIT_INTERRUPTED = 130


def classify_to_file(
    classifier: Classifier,
    files: Sequence[str],
    writer: ResultWriter,
    output: Path,
    *,
    folders: Sequence[str],
    summary: Summary,
    parquet: bool,
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
    parquet : whether rows become Parquet when all is done
    jobs, debug : as in `classify_files`
    """
    from genrekit.file_identity import file_sha256
    from genrekit.results.errors import ResultsError
    from genrekit.results.file_states import FileStates
    from genrekit.results.kept import kept_results
    from genrekit.results.parquet import parquet_to_json, write_parquet
    from genrekit.results.result_file import ResultFile, part_of, path_key
    from genrekit.results.writers import TableWriter

    text = ""
    # A table cannot be gone on with, and neither can a pipe.
    comparable = not isinstance(writer, TableWriter) and (output.is_file() or not output.exists())
    sha256 = file_sha256(classifier.model_file.path)
    states = FileStates(output, keep=resume, model_sha256=sha256) if comparable else None
    changed = states.look(files) if states is not None else frozenset()
    if resume:
        unpacked = parquet and output.is_file() and not part_of(output).is_file()
        if unpacked:
            parquet_to_json(output, part_of(output))
        keys = frozenset(path_key(file) for file in files)
        try:
            kept = kept_results(
                output,
                writer,
                model=classifier.card.name,
                retry=keys,
                changed=changed,
                folders=frozenset(map(path_key, folders)),
            )
            if states is not None:
                states.begin(files, kept.done)
        except ResultsError:
            if unpacked:
                part_of(output).unlink()
            raise
        text = kept.text
        summary.keep(text)
        n_all = len(files)
        files = [file for file in files if path_key(file) not in kept.done]
        again = f", {len(changed)} changed since" if changed else ""
        messages.note(f"{output}: {n_all - len(files)} of {n_all} are done already{again}")
    elif states is not None:
        states.begin()
    with display(len(files), results_on_stdout=False) as shown, ResultFile(output, text=text) as result_file:
        try:
            if not text:
                result_file.write(writer.header())
            n_failed = classify_files(
                classifier,
                files,
                writer,
                shown,
                result_file.write,
                tally=summary.add,
                states=states,
                jobs=jobs,
                debug=debug,
            )
            if parquet:
                write_parquet(result_file.part, output, classifier.genres)
                result_file.part.unlink()
            else:
                result_file.finish()
        except KeyboardInterrupt:
            advice = "" if isinstance(writer, TableWriter) else ", and --resume goes on with it"
            messages.note(f"interrupted; what was done is in {result_file.part}{advice}")
            raise typer.Exit(EXIT_INTERRUPTED) from None
    return n_failed
