"""Results of an earlier `genrekit classify`, so that a night's work is not done again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genrekit.audio import display_name
from genrekit.file_identity import file_state, same_sound
from genrekit.results.errors import ResultsError
from genrekit.results.file_states import States, read_states
from genrekit.results.result_file import part_of, path_key
from genrekit.results.rows import read_rows

__all__ = ["StoredResult", "StoredResults", "read_results"]

PART = ".part"


@dataclass(frozen=True)
class StoredResult:
    """What is needed of a result.

    Attributes
    ----------
    genre : the decision; "unknown" below the model's threshold
    probabilities : genre -> 0..1
    error : why the file failed, or why its result is not its own any more; "" if neither
    warnings : what was told of the file when it was heard, such as that it ends early
    """

    genre: str = ""
    probabilities: dict[str, float] | None = None
    error: str = ""
    warnings: tuple[str, ...] = ()


class StoredResults:
    """Results of files; what stands beside them says whether the files are still those that were heard.

    Parameters
    ----------
    results : by `path_key` of the files
    states : what the files were when they were heard; None if that was not written down
    """

    def __init__(self, results: Mapping[str, StoredResult], states: States | None) -> None:
        self._results, self._states = results, states

    @property
    def knows_changes(self) -> bool:
        """Whether it was written down what the files were, so that one which changed since is told."""
        return self._states is not None

    def of(self, path: str | os.PathLike[str]) -> StoredResult | None:
        """The result of a file; None if there is none. A result of what is another file now is an error."""
        key = path_key(path)
        result = own = self._results.get(key)
        if self._states is None:
            return result
        if own is None:
            result = self._results.get(self._states.key(path))
        if result is None or result.probabilities is None:
            return result
        if own is None or key not in self._states.of_key:
            return StoredResult(
                error="the results name it, but it was another file of this name, in another folder, that was heard; "
                "classify it too"
            )
        heard, now = self._states.of_key[key], file_state(path)
        if heard is not None and now is not None and not same_sound(heard, now):
            return StoredResult(error="changed since it was classified; classify it again, or go on by --resume")
        return result


def read_results(path: Path) -> StoredResults:
    """The results in a file; of several for one file the last.

    Parameters
    ----------
    path : JSON lines, CSV or Parquet, told by its content; an interrupted run's `FILE.part` will do, its last line may
        be cut

    Raises
    ------
    ResultsError : if it cannot be read, a line is no result, or a run that was to go on with it was interrupted: some
        of its results may be of files as they were before
    """
    unfinished = part_of(path)
    if unfinished.is_file():
        raise ResultsError(
            f"{display_name(path)}: {display_name(unfinished.name)} beside it is of a run that was interrupted; let it "
            "go on by --resume, or give that file"
        )
    states = read_states(path.with_name(path.name.removesuffix(PART)))
    key_of = path_key if states is None else states.key
    return StoredResults({key_of(values["path"]): _stored(values) for values in read_rows(path)}, states)


def _stored(values: Mapping[str, Any]) -> StoredResult:
    if "error" in values:
        return StoredResult(error=values["error"])
    return StoredResult(values["genre"], values["probabilities"], warnings=tuple(values.get("warnings", ())))
