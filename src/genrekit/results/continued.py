"""Results that a run begins, or goes on with where an earlier one was stopped: what is left, and where outcomes go.

`start_results` or `resume_results` says which files are left to classify; `opened` then takes what becomes of each.
What a file was when it was looked at is written down before its result is, so that a kill in between costs that result
and no more: a result without a state would be taken for that of whatever the file is by then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from genrekit.inference import Failure, Result
from genrekit.results.errors import ResultsError
from genrekit.results.file_states import FileStates
from genrekit.results.kept import Kept, kept_results
from genrekit.results.parquet import parquet_to_json, write_parquet
from genrekit.results.result_file import ResultFile, part_of, path_key
from genrekit.results.writers import LinesForParquet, ResultWriter, TableWriter

__all__ = ["ContinuedResults", "OpenResults", "resume_results", "start_results"]


def start_results(
    output: Path, files: Sequence[str], writer: ResultWriter, *, model_sha256: str | None = None
) -> ContinuedResults:
    """Results that begin anew; the states of an earlier run are forgotten.

    Parameters
    ----------
    output : where the results will be; held by `hold_output`
    files : to classify
    writer : makes a row of each outcome
    model_sha256 : as of `FileStates`

    Raises
    ------
    ResultsError : if the states cannot be written
    """
    states = _states(output, writer, keep=False, model_sha256=model_sha256)
    if states is not None:
        states.look(files)
        states.begin()
    return ContinuedResults(output, writer, states, missing=tuple(files))


def resume_results(
    output: Path,
    files: Sequence[str],
    writer: ResultWriter,
    *,
    model: str,
    model_sha256: str | None = None,
    folders: Sequence[str] = (),
) -> ContinuedResults:
    """Results that go on: what is done and unchanged is kept, the rest is left to classify; if there are none, all.

    Parameters
    ----------
    output, files, writer, model_sha256 : as of `start_results`; what `output` or its part has is as `writer` writes it,
        or finished Parquet if it is a `LinesForParquet`
    model : its name
    folders : that were searched for files; what failed there is tried again, or forgotten if it is gone

    Raises
    ------
    ResultsError : if the earlier results cannot be read, or are of another format, model or files of the same names;
        they are left as they were
    """
    states = _states(output, writer, keep=True, model_sha256=model_sha256)
    changed = states.look(files) if states is not None else frozenset[str]()
    with _unpacked(output, writer):
        kept = kept_results(
            output,
            writer,
            model=model,
            retry=frozenset(map(path_key, files)),
            changed=changed,
            folders=frozenset(map(path_key, folders)),
            key_of=states.known.key if states is not None else path_key,
        )
        if states is not None:
            states.begin(files, kept.done)
    missing = tuple(file for file in files if path_key(file) not in kept.done)
    return ContinuedResults(output, writer, states, missing=missing, kept=kept, changed=changed)


def _states(output: Path, writer: ResultWriter, *, keep: bool, model_sha256: str | None) -> FileStates | None:
    """None where nobody will ask: neither a table nor a pipe can be gone on with."""
    if isinstance(writer, TableWriter) or (output.exists() and not output.is_file()):
        return None
    return FileStates(output, keep=keep, model_sha256=model_sha256)


@contextmanager
def _unpacked(output: Path, writer: ResultWriter) -> Iterator[None]:
    """Finished Parquet as lines in the part, to which rows can be added; without them again if they are refused."""
    part = part_of(output)
    if not isinstance(writer, LinesForParquet) or not output.is_file() or part.is_file():
        yield
        return
    parquet_to_json(output, part)
    try:
        yield
    except ResultsError:
        part.unlink()
        raise


class ContinuedResults:
    """What is left to classify of the files of one output, and what is kept of an earlier run.

    Attributes
    ----------
    missing : files without a result that is kept, in the order given
    text : what is kept, as it is written; "" if nothing is
    n_kept : results that are kept, also of files that were not given now
    n_changed : files that sound otherwise than when they were classified
    """

    def __init__(
        self,
        output: Path,
        writer: ResultWriter,
        states: FileStates | None,
        *,
        missing: tuple[str, ...],
        kept: Kept | None = None,
        changed: Collection[str] = (),
    ) -> None:
        kept = kept or Kept()
        self.missing, self.text = missing, kept.text
        self.n_kept, self.n_changed = len(kept.done), len(changed)
        self._output, self._writer, self._states = output, writer, states

    @contextmanager
    def opened(self) -> Iterator[OpenResults]:
        """The part, with what is kept, for outcomes; it stays the part unless `OpenResults.finish` is called.

        Raises
        ------
        ResultsError : if it cannot be written
        """
        with ResultFile(self._output, text=self.text) as file:
            if not self.text:
                file.write(self._writer.header())
            yield OpenResults(file, self._writer, self._states)


class OpenResults:
    """Results that are being written; ResultsError on a full disk, and what was done stays in the part."""

    def __init__(self, file: ResultFile, writer: ResultWriter, states: FileStates | None) -> None:
        self._file, self._writer, self._states = file, writer, states

    @property
    def part(self) -> Path:
        """Where they are until all is done."""
        return self._file.part

    def add(self, outcome: Result | Failure) -> None:
        """Write what became of a file, and before it what the file was."""
        if self._states is not None and outcome.path is not None:
            self._states.record(outcome.path)
        self._file.write(self._writer.row(outcome))

    def finish(self) -> None:
        """Make the output whole of its part, which is then gone."""
        if isinstance(self._writer, LinesForParquet):
            write_parquet(self.part, self._file.path, self._writer.genres)
            self.part.unlink()
        else:
            self._file.finish()
