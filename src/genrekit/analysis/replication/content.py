"""The replication as a page: a table for each table of the reports, what is leak, and how much was run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from genrekit.analysis.captions import count
from genrekit.analysis.replication.leak import leak_section
from genrekit.analysis.replication.tables import COLUMNS, NOT_RECORDED, Column, Replication, ReportRow, n_folds_of
from genrekit.analysis.replication.words import HEADINGS, NOT_RUN, data_name, missing, spread_of
from genrekit.evaluation.card.content import interval_text, spread_text
from genrekit.evaluation.card.parts import COMPUTED, Cell, ReportContent, Section, Table
from genrekit.evaluation.cautions import on_missing_tracks
from genrekit.evaluation.summary import Evaluation

__all__ = ["replication_content"]

# Of a row of the reports that they do not have, as tables.json says it.
NOT_IN_THE_REPORT = "not in the report"
DATASETS = {
    "gtzan_archive": "GTZAN's log-mel archive: 10 genres, 999 tracks",
    "gtzan6": "GTZAN-6, audio: 6 genres, 600 tracks",
    "gtzan": "GTZAN, audio: 10 genres",
    "gtzan_table": "the public 30 s table: 10 genres, 1000 tracks",
    "gtzan_table_10s": "the public 10 s table: 10 genres, 990 tracks",
}


def replication_content(replication: Replication) -> ReportContent:
    """The page of a replication."""
    sections = [_reading()]
    for report, place in dict.fromkeys((row.report, row.place) for row in replication.rows):
        rows = [row for row in replication.rows if (row.report, row.place) == (report, place)]
        sections.append(_table_section(report, place, rows, replication))
    sections += [
        leak_section(replication),
        _fold_by_fold(replication),
        _figures_of_b(replication),
        _coverage(replication),
        _runs(replication),
    ]
    return ReportContent(
        title="The two reports, run again",
        banner="Columns under P1 are CONTAMINATED: training has heard the tracks that are scored.",
        lead=(
            "Each figure that the SE-CNN study (report A) and the RGLU study (report B) print, beside the same system "
            "trained and scored by genrekit under four protocols. What was not run says so."
        ),
        facts=(),
        sections=tuple(section for section in sections if section.blocks or section.paragraphs),
        footer=(f"{COMPUTED}. To compute it again: genrekit analyse replication RESULTS.",),
    )


def _reading() -> Section:
    return Section(
        "How to read the tables",
        (
            "Accuracy in percent. Ours is the mean and deviation over folds (and seeds), then a 95 % bootstrap "
            "interval over tracks, clustered by artist; where some folds were not run, how many were. 'Excerpts' "
            "counts excerpt by excerpt; 'tracks' counts one decision per track, by the mean of probabilities (report "
            "A) or by majority vote (report B).",
            "A printed figure stands in the column of the protocol that the report followed, whatever it calls it. P1 "
            "spreads the excerpts of one track over the parts. P2 keeps a track together: 'stopped on test' chooses "
            "the epoch on the very fold that is scored, as report A does, 'by tracks' on a validation part of its own. "
            "P4 lets no artist, recording or copy lie in two parts.",
            "GTZAN-6 has six of the ten genres, the ones whose audio is complete here. Six are easier to tell apart "
            "than ten: its figures are to be compared with each other, not with printed ones.",
        ),
    )


def _table_section(report: str, place: str, rows: Sequence[ReportRow], replication: Replication) -> Section:
    lines: list[tuple[Cell, ...]] = []
    for system in dict.fromkeys(row.system for row in rows):
        lines += _lines([row for row in rows if row.system == system], replication)
    header = ("system", "data", "counted", *(HEADINGS[column] for column in COLUMNS))
    notes = tuple(f"{row.system}: {row.note}." for row in rows if row.note)
    table = Table(header, tuple(lines), text_columns=frozenset({0, 1, 2}))
    title = f"Beside report {report}" if place == NOT_IN_THE_REPORT else f"Report {report}, {place}"
    return Section(title, notes, (table,))


def _lines(rows: Sequence[ReportRow], replication: Replication) -> Iterator[tuple[Cell, ...]]:
    """A line for each printed figure, then one for each of our data sets and units, or one that nothing was run."""
    row = rows[0]
    for printed in rows:
        if printed.is_printed:
            counted = "excerpts" if printed.unit == "excerpt" else f"tracks, {printed.unit}"
            figures = (Cell(_printed(printed) if column == printed.column else "", True) for column in COLUMNS)
            by = f"as printed by {printed.printed_by}" if printed.printed_by else "as printed"
            yield (Cell(row.system, True), Cell(by, True), Cell(counted, True), *figures)
    for dataset in replication.datasets_of(row):
        found = {column: replication.ours(row, dataset, column) for column in COLUMNS}
        if not any(found.values()):
            none = (Cell(missing(row, column)) for column in COLUMNS)
            yield (Cell(row.system), Cell(data_name(dataset)), Cell(""), *none)
            continue
        for unit in ("excerpt", "track"):
            if unit == "excerpt" and _is_whole_tracks(found):
                continue
            counted = "excerpts" if unit == "excerpt" else f"tracks, {row.fusion}"
            cells = [Cell(missing(row, column) if e is None else _ours(e, unit)) for column, e in found.items()]
            yield (Cell(row.system), Cell(data_name(dataset)), Cell(counted), *cells)


def _is_whole_tracks(found: Mapping[Column, Evaluation | None]) -> bool:
    """Whether there are evaluations, and each has one excerpt a track."""
    there = [evaluation for evaluation in found.values() if evaluation is not None]
    return bool(there) and all(evaluation.n_excerpts == evaluation.n_tracks for evaluation in there)


def _printed(row: ReportRow) -> str:
    if row.accuracy is None:
        return f"recall {row.recall:.2f}"
    deviation = "" if row.deviation is None else f" ± {row.deviation:.2f}"
    return f"{row.accuracy:.2f}{deviation}"


def _ours(evaluation: Evaluation, unit: str) -> str:
    view = evaluation.view(None) if unit == "excerpt" else evaluation.headline
    figures = f"{spread_text(spread_of(evaluation, unit))}\n[{interval_text(view.intervals['accuracy'])}]"
    n_folds = n_folds_of(evaluation)
    is_whole = n_folds is None or len(evaluation.folds) >= n_folds
    return figures if is_whole else f"{figures}\n{_folds_run(evaluation)}"


def _folds_run(evaluation: Evaluation) -> str:
    n_folds = n_folds_of(evaluation)
    n_here = len(evaluation.folds)
    return count(n_here, "fold") if n_folds is None else f"{n_here} of {count(n_folds, 'fold')}"


def _fold_by_fold(replication: Replication) -> Section:
    """Report A prints its folds."""
    lines: list[tuple[Cell, ...]] = []
    for row in replication.rows:
        if not row.folds:
            continue
        counted = "excerpts" if row.unit == "excerpt" else f"tracks, {row.unit}"
        figures = (Cell(f"{value:.2f}", True) for value in row.folds)
        lines.append(
            (Cell(row.system, True), Cell("as printed", True), Cell(counted, True), Cell(row.column), *figures)
        )
        for dataset in replication.datasets:
            for column in ("P2 stopped on test", "P2"):
                evaluation = replication.ours(row, dataset, column)
                if evaluation is not None:
                    by_fold = [_of_fold(evaluation, row.unit, fold) for fold in range(len(row.folds))]
                    ours = (Cell(text) for text in by_fold)
                    lines.append((Cell(row.system), Cell(data_name(dataset)), Cell(counted), Cell(column), *ours))
    n_folds = max(len(row.folds) for row in replication.rows)
    header = ("system", "data", "counted", "protocol", *(f"fold {number + 1}" for number in range(n_folds)))
    note = (
        "Accuracy in percent. Folds are counted from 1, as in print: fold 1 is split.fold=0. They are report A's own "
        "where the data are GTZAN whole; of 999 tracks they are dealt as its were, and hold other tracks. Ours is the "
        "mean over seeds."
    )
    return Section("Report A, fold by fold", (note,), (Table(header, tuple(lines), text_columns=frozenset(range(4))),))


def _of_fold(evaluation: Evaluation, unit: str, fold: int) -> str:
    found = [
        run.excerpt_accuracy if unit == "excerpt" else run.scores.accuracy
        for run in evaluation.runs
        if run.fold == fold
    ]
    return f"{100 * sum(found) / len(found):.2f}" if found else NOT_RUN


def _figures_of_b(replication: Replication) -> Section:
    """Report B prints precision, recall and F1 besides."""
    lines: list[tuple[Cell, ...]] = []
    for row in replication.rows:
        if row.report != "B" or not row.is_printed:
            continue
        printed = (row.accuracy, row.precision, row.recall, row.f1)
        figures = (Cell("" if value is None else f"{value:.2f}", True) for value in printed)
        place = row.printed_by or row.place
        lines.append((Cell(row.system, True), Cell(f"printed, {place}"), Cell(row.protocol), *figures))
        if row.printed_by:
            continue
        for dataset in replication.datasets:
            for column in COLUMNS:
                evaluation = replication.ours(row, dataset, column)
                if evaluation is None:
                    continue
                scores = (evaluation.view(None) if row.unit == "excerpt" else evaluation.headline).scores
                values = (scores.accuracy, scores.precision, scores.recall, scores.f1)
                figures = (Cell(f"{100 * value:.2f}") for value in values)
                lines.append((Cell(row.system), Cell(data_name(dataset)), Cell(column), *figures))
    header = ("system", "data", "protocol", "accuracy", "precision", "recall", "F1")
    note = "Macro means over genres, of all folds pooled; tables 2 and 3 by excerpts, table 4 by vote."
    return Section("Report B's metrics", (note,), (Table(header, tuple(lines), text_columns=frozenset({0, 1, 2})),))


def _runs(replication: Replication) -> Section:
    lines = [
        (
            Cell(recipe),
            Cell(dataset),
            Cell(column),
            Cell(" ".join(str(fold) for fold in evaluation.folds)),
            Cell(" ".join(str(seed) for seed in evaluation.seeds)),
            Cell(str(evaluation.n_tracks)),
            Cell(replication.formats[recipe, dataset, column]),
            Cell(_readings(evaluation)),
        )
        for (recipe, dataset, column), evaluation in replication.evaluations.items()
    ]
    if not lines:
        return Section("What was run", ("Nothing yet.",))
    header = ("recipe", "data", "protocol", "folds", "seeds", "test tracks", "number format", "test readings")
    named = tuple(f"{dataset}: {DATASETS[dataset]}." for dataset in replication.datasets if dataset in DATASETS)
    # Scores of a part of a data set must not pass for those of the whole.
    named += tuple(
        f"{recipe} on {dataset}, {column}: {incomplete}"
        for (recipe, dataset, column), evaluation in replication.evaluations.items()
        if (incomplete := on_missing_tracks(dataset, evaluation.splits))
    )
    named += _on_formats(replication)
    return Section("What was run", named, (Table(header, tuple(lines), text_columns=frozenset({0, 1, 2, 3, 4, 6})),))


def _readings(evaluation: Evaluation) -> str:
    """How often the test parts were read; training that stops on one reads it after each epoch."""
    if any(split.validates_on_test for split in evaluation.splits):
        return "every epoch"
    return NOT_RECORDED if evaluation.n_readings is None else str(sum(evaluation.n_readings))


def _on_formats(replication: Replication) -> tuple[str, ...]:
    """One sentence on systems whose columns are of more than one number format, or may be."""
    found = []
    for row in replication.systems():
        for dataset in replication.datasets:
            keys = (replication.key(row, dataset, column) for column in COLUMNS)
            formats = [replication.formats[key] for key in keys if key is not None]
            is_one = len(set(formats)) == 1 and formats[0] != NOT_RECORDED and "," not in formats[0]
            if len(formats) > 1 and not is_one:
                found.append(f"{row.system} ({data_name(dataset)})")
    if not found:
        return ()
    return (
        f"Runs that are compared here may differ in number format, which can tip a few decisions: {'; '.join(found)}.",
    )


def _coverage(replication: Replication) -> Section:
    """How many folds of each system there are, under each protocol, on each data set that it has a recipe for."""
    lines: list[tuple[Cell, ...]] = []
    for row in replication.systems():
        for dataset in replication.datasets_of(row):
            found = {column: replication.ours(row, dataset, column) for column in COLUMNS}
            folds = (Cell(missing(row, column) if e is None else _folds_run(e)) for column, e in found.items())
            lines.append((Cell(row.system), Cell(data_name(dataset)), *folds))
    header = ("system", "data", *(HEADINGS[column] for column in COLUMNS))
    return Section(
        "How much was run",
        (
            "To run what is missing: genrekit experiment NAME --folds all. recipes/README.md has the "
            "recipe of each system, and what to add for each protocol.",
            *(f"Left out, since they do not belong together: {text}" for text in replication.not_pooled),
        ),
        (Table(header, tuple(lines), text_columns=frozenset(range(len(header)))),),
    )
