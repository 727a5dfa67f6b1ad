"""Results of an earlier `genrekit classify --format json`, so that a night's work is not done again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genrekit.audio import display_name
from genrekit.inference import UNKNOWN
from genrekit.inference.result_file import path_key
from genrekit.library.errors import TagError

__all__ = ["StoredResult", "read_results"]


@dataclass(frozen=True)
class StoredResult:
    """What is needed of a result.

    Attributes
    ----------
    genre : the decision; "unknown" below the model's threshold
    probabilities : genre -> 0..1
    error : why the file failed; "" if it did not
    """

    genre: str = ""
    probabilities: dict[str, float] | None = None
    error: str = ""


def read_results(path: Path) -> dict[str, StoredResult]:
    """Results by `path_key` of their files; of several for one file the last.

    Parameters
    ----------
    path : JSON lines; an interrupted run's `FILE.part` will do, its last line may be cut

    Raises
    ------
    TagError : if it cannot be read, or a line is no result
    """
    results: dict[str, StoredResult] = {}
    try:
        with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith("\n"):
                    break
                try:
                    values = json.loads(line)
                    results[path_key(values["path"])] = _stored(values)
                except (ValueError, TypeError, KeyError, AttributeError) as error:
                    raise TagError(
                        f"{display_name(path)}, line {number}: not a result of genrekit classify --format json"
                    ) from error
    except OSError as error:
        raise TagError(f"{display_name(path)}: cannot read the results: {error.strerror or error}") from error
    return results


def _stored(values: Any) -> StoredResult:
    if "error" in values:
        return StoredResult(error=str(values["error"]))
    probabilities = {str(genre): float(p) for genre, p in values["probabilities"].items()}
    genre = str(values["genre"])
    if genre != UNKNOWN and genre not in probabilities:
        raise ValueError(f"{genre} has no probability")
    return StoredResult(genre, probabilities)
