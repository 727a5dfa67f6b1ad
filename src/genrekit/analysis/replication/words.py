"""How the page of a replication calls its columns, data sets, and what is not there."""

from __future__ import annotations

from collections.abc import Mapping

from genrekit.analysis.replication.tables import Column, ReportRow
from genrekit.evaluation.scores import Spread
from genrekit.evaluation.summary import Evaluation

__all__ = ["HEADINGS", "NOT_RUN", "data_name", "missing", "spread_of"]

NOT_RUN = "not run"
NOT_APPLICABLE = "does not apply"
HEADINGS: Mapping[Column, str] = {
    "P1": "P1, mixed: CONTAMINATED",
    "P2 stopped on test": "P2, stopped on test",
    "P2": "P2, by tracks",
    "P4": "P4, artist-disjoint",
}
# Scores of fewer genres must not pass for those of ten.
SHORT_NAMES = {"gtzan6": "gtzan6 (6 genres of 10)"}


def data_name(dataset: str) -> str:
    """A data set in a table."""
    return SHORT_NAMES.get(dataset, dataset)


def missing(row: ReportRow, *columns: Column) -> str:
    """What stands where a row's system has no runs under one of these columns."""
    return NOT_RUN if all(row.applies(column) for column in columns) else NOT_APPLICABLE


def spread_of(evaluation: Evaluation, unit: str) -> Spread:
    """Accuracy over runs, by excerpts or else by tracks."""
    return evaluation.excerpt_spread if unit == "excerpt" else evaluation.spread["accuracy"]
