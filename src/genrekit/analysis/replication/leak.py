"""How many points a system loses when a leak is closed, of its own figures and of the printed ones."""

from __future__ import annotations

from collections.abc import Mapping

from genrekit.analysis.replication.tables import Column, Replication, ReportRow, Unit
from genrekit.analysis.replication.words import data_name, missing, spread_of
from genrekit.evaluation.card.parts import Cell, Section, Table
from genrekit.evaluation.paired import PairedComparison
from genrekit.evaluation.summary import Evaluation

__all__ = ["leak_section"]

Step = tuple[Column, Column]
# What one column has that the next has not.
LEAKS: Mapping[Step, str] = {
    ("P1", "P2"): "tracks in two parts",
    ("P2 stopped on test", "P2"): "stopping on the scored fold",
    ("P2", "P4"): "artists in two parts",
}


def leak_section(replication: Replication) -> Section:
    """Points that go when the leak goes."""
    lines: list[tuple[Cell, ...]] = []
    for row in replication.systems():
        for dataset in replication.datasets:
            if not any(_is_measured(row, dataset, step, replication) for step in LEAKS):
                continue
            points = (Cell(_points(row, dataset, step, "excerpt", replication, "\n")) for step in LEAKS)
            printed = [r for r in replication.rows if r.system == row.system and r.accuracy is not None]
            said = dict.fromkeys(_leak_of_printed(r, dataset, replication) for r in printed)
            lines.append((Cell(row.system), Cell(data_name(dataset)), *points, Cell(";\n".join(said))))
    if not lines:
        return Section("How much of it is leak", ("No system was run both with and without a leak yet.",))
    header = ("system", "data", *LEAKS.values(), "of the printed figures")
    return Section(
        "How much of it is leak",
        (
            "Points of accuracy that are lost when a leak is closed: tracks in two parts (P1 less by tracks), the "
            "epoch chosen on the scored fold, artists in two parts (by tracks less artist-disjoint). The columns "
            "count excerpts; beside a printed figure stands what the same system loses here, on the data of the "
            "line, counted as the figure is. Training parts differ in size, too: by tracks a tenth of them is for "
            "validation, which stopping on the scored fold does without, and artist-disjoint folds train on fewer "
            "tracks. Where both sides score the same tracks, or one has more folds of the same partition (those that "
            "both have are compared, and named), the 95 % interval and the two-sided p of a paired bootstrap over "
            "artists follow: they say what other tracks would give, not other trainings, and p is not corrected for "
            "the number of comparisons. Elsewhere it is the difference of the folds that were run, whose tracks "
            "differ, too.",
            *_on_fewer_excerpts(replication),
        ),
        (Table(header, tuple(lines), text_columns=frozenset({0, 1, 5})),),
    )


def _is_measured(row: ReportRow, dataset: str, step: Step, replication: Replication) -> bool:
    return all(replication.ours(row, dataset, column) is not None for column in step)


def _points(
    row: ReportRow, dataset: str, step: Step, unit: Unit, replication: Replication, separator: str = " "
) -> str:
    """Accuracy that is lost from one column to the next, in points, or why it is not known."""
    above, below = (replication.ours(row, dataset, column) for column in step)
    if above is None or below is None:
        return missing(row, *step)
    paired = replication.paired(row, dataset, step, unit)
    if paired is None:
        return f"{100 * (spread_of(above, unit).mean - spread_of(below, unit).mean):+.1f}"
    found, folds = paired
    of = f" (fold{'s' if len(folds) > 1 else ''} {', '.join(map(str, folds))})" if folds else ""
    return f"{100 * found.difference:+.1f} {_interval_text(found)}{separator}{_p_text(found.p_value)}{of}"


def _interval_text(paired: PairedComparison) -> str:
    return f"[{100 * paired.interval.low:+.1f} to {100 * paired.interval.high:+.1f}]"


def _p_text(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def _leak_of_printed(row: ReportRow, dataset: str, replication: Replication) -> str:
    """How many points the same system loses here, of each leak that a printed figure has."""
    steps = [step for step in LEAKS if step[0] in (row.column, "P2")]
    lost = ", ".join(f"{LEAKS[step]} {_points(row, dataset, step, row.unit, replication)}" for step in steps)
    return f"{row.accuracy:.1f} ({row.place}): {lost}"


def _on_fewer_excerpts(replication: Replication) -> tuple[str, ...]:
    """One sentence on systems that train on fewer excerpts of a fold under P1 than by tracks."""
    found = []
    for row in replication.systems():
        for dataset in replication.datasets:
            mixed, by_tracks = (_n_trained(replication.ours(row, dataset, column)) for column in ("P1", "P2"))
            # Folds differ by a few excerpts.
            if mixed is not None and by_tracks is not None and mixed < 0.99 * by_tracks:
                found.append(f"{row.system} ({data_name(dataset)}) on {mixed} excerpts against {by_tracks}")
    if not found:
        return ()
    named = "; ".join(found)
    return (f"Under P1 a fold trains on fewer excerpts than by tracks, which understates that leak: {named}.",)


def _n_trained(evaluation: Evaluation | None) -> int | None:
    """Excerpts that the first fold on record was trained on; None if they are not on record."""
    if evaluation is None or not evaluation.splits:
        return None
    split = evaluation.splits[0].split
    members = split.parts["train"]
    if split.unit == "excerpt":
        return len(members)
    n_tracks_scored = sum(run.scores.n for run in evaluation.runs)
    return round(len(members) * evaluation.n_excerpts / n_tracks_scored)
