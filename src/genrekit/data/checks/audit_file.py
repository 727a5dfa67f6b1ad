"""A stored audit as what spares a comparison: its pairs of one recording, of the very same tracks and files alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from genrekit.data.checks.audit import identity_of
from genrekit.data.checks.same_recordings import with_same_recordings
from genrekit.data.dataset import Dataset
from genrekit.errors import DataError

__all__ = ["read_audit", "with_audited_recordings"]


def read_audit(path: Path, dataset: Dataset) -> tuple[tuple[str, str], ...]:
    """The pairs of tracks that an audit of this data set found to hold one recording.

    Parameters
    ----------
    path : of what `Audit.to_json` gave
    dataset : that it must be the audit of. Pairs of other tracks would be passed over, and a split proved as if nothing
        were the same

    Raises
    ------
    DataError
        If it cannot be read, is no audit, or is one of another data set, or of tracks or files that were renamed or
        changed since.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        pairs = tuple((str(match["first"]), str(match["second"])) for match in found["matches"])
        audited = (found["dataset"], found["n_tracks"])
        identity = found.get("identity")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} is not the JSON of an audit ({error!r}); make one with 'genrekit data audit --format json'."
        ) from None
    if audited != (dataset.name, len(dataset)):
        raise DataError(
            f"{path} is the audit of {audited[1]} tracks of {audited[0]!r}; the data set is {dataset.name!r} with "
            f"{len(dataset)} tracks. Audit it anew, or leave --audit out: it is compared then."
        )
    if identity != identity_of(dataset):
        raise DataError(
            f"{path} is the audit of other tracks or other files of {dataset.name!r}: some were renamed or changed "
            "since. Audit it anew, or leave --audit out: it is compared then."
        )
    return pairs


def with_audited_recordings(dataset: Dataset, path: Path) -> Dataset:
    """The data set with the pairs of one recording that an audit of it found, instead of comparing it now.

    Raises
    ------
    DataError
        As `read_audit`.

    Warns
    -----
    AudioWarning : as `with_same_recordings`, of a table
    """
    pairs = read_audit(path, dataset)
    # A table's own recordings, or what its numbers tell, an audit does not know.
    known = dataset if dataset.table is None else with_same_recordings(dataset)
    return replace(known, same_recordings=(*(known.same_recordings or ()), *pairs))
