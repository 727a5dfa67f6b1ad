"""One system under all protocols that it was run under: a page that sets them side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from genrekit.errors import DataError
from genrekit.evaluation.card.content import interval_text, percent, spread_text
from genrekit.evaluation.card.parts import COMPUTED, Bullets, Cell, Fact, ReportContent, Section, Table
from genrekit.evaluation.protocols import PROTOCOL_NOTES, note_of
from genrekit.evaluation.recipe_identity import is_free
from genrekit.evaluation.runs import StoredRun, proofs_of
from genrekit.evaluation.summary import Evaluation

__all__ = ["folder_of_runs", "group_by_protocol", "protocol_folder", "protocols_content", "protocols_dict"]

STOPPED_ON_TEST = "stopped on the scored part"
# What may differ in a recipe besides what is free: what tells the protocol, and the name.
OF_THE_PROTOCOL = ("name", "split.")


def group_by_protocol(runs: Sequence[StoredRun]) -> tuple[tuple[StoredRun, ...], ...]:
    """The runs of each protocol, in the order of the protocols; runs that stopped on the scored part stand apart.

    Raises
    ------
    DataError : runs of several protocols are of different systems or data sets (the difference is named)
    """
    order = list(PROTOCOL_NOTES)
    groups: dict[tuple[int, bool], list[StoredRun]] = {}
    for run in runs:
        stopped = run.split is not None and run.split.validates_on_test
        groups.setdefault((order.index(run.predictions.protocol), stopped), []).append(run)
    if len(groups) > 1:
        for run in runs[1:]:
            _require_one_system(runs[0], run)
    return tuple(tuple(groups[key]) for key in sorted(groups))


def _require_one_system(first: StoredRun, other: StoredRun) -> None:
    one, two = first.predictions, other.predictions
    known: list[tuple[str, object, object]] = [
        ("data set", one.dataset, two.dataset),
        ("genres", ", ".join(one.genres), ", ".join(two.genres)),
    ]
    if first.recipe is not None and other.recipe is not None:
        # A key that one of them lacks is younger than it, and at its default.
        both = first.recipe.keys() & other.recipe.keys()
        keys = sorted(key for key in both if not is_free(key) and not key.startswith(OF_THE_PROTOCOL))
        known += [(key, first.recipe.get(key), other.recipe.get(key)) for key in keys]
    for what, mine, theirs in known:
        if mine != theirs:
            raise DataError(
                f"One card shows one system: {what} is {mine!r} in {first.name} and {theirs!r} in {other.name}. "
                "Evaluate them one by one, or compare them with 'genrekit compare'."
            )


def protocol_folder(evaluation: Evaluation) -> str:
    """Name of the folder that a protocol's own card lies in, below the page of all."""
    return _folder(evaluation.protocol, _stopped(evaluation))


def folder_of_runs(runs: Sequence[StoredRun]) -> str:
    """`protocol_folder` of what becomes of these runs, of one protocol."""
    stopped = any(run.split is not None and run.split.validates_on_test for run in runs)
    return _folder(runs[0].predictions.protocol, stopped)


def _folder(protocol: str, stopped: bool) -> str:
    return protocol.lower() + ("_stopped_on_test" if stopped else "")


def protocols_content(evaluations: Sequence[Evaluation]) -> ReportContent:
    """The page of several protocols, in the order given."""
    first = evaluations[0]
    systems = ", ".join(dict.fromkeys(e.system for e in evaluations))
    lacking = [name for name in ("P1", "P2", "P3", "P4", "P5") if name not in {e.protocol for e in evaluations}]
    banner = ""
    if any(e.contaminated for e in evaluations):
        banner = "CONTAMINATED where marked: training has heard the tracks of the test part."
    return ReportContent(
        title=f"{systems} on {first.dataset}, protocol by protocol",
        banner=banner,
        lead="One system, tested in several ways. What it gains where test tracks share something with training, it "
        "will not have on music by artists that it never heard.",
        facts=tuple(
            Fact(
                f"{_name(e)}, %",
                percent(e.headline.scores.accuracy),
                f"95 %: {interval_text(e.headline.intervals['accuracy'])}",
            )
            for e in evaluations
        ),
        sections=(
            Section(
                "Accuracy",
                (
                    f"Percent; per track by {first.fusion}, with a 95 % bootstrap "
                    "interval over artists or, where none is known, tracks. Mean ± deviation is over folds and seeds. "
                    "A protocol's own card has the rest: genres, confusion, calibration, and what its parts share.",
                ),
                (_table(evaluations),),
            ),
            Section(
                "What each asks",
                blocks=(
                    Bullets(
                        (
                            *(f"{_name(e)}: {note_of(e.protocol, n_artists=e.n_artists).meaning}" for e in evaluations),
                            *((f"Not among these runs: {', '.join(lacking)}.",) if lacking else ()),
                        )
                    ),
                ),
            ),
        ),
        footer=(f"{COMPUTED}. To compute it again: genrekit evaluate RUN... --output DIR.",),
    )


def protocols_dict(evaluations: Sequence[Evaluation]) -> dict[str, Any]:
    """JSON-ready headline of each protocol, with the folder of its own card; scores as shares 0..1."""
    return {
        "format": 1,
        "dataset": evaluations[0].dataset,
        "part": evaluations[0].part,
        "protocols": [
            {
                "protocol": e.protocol,
                "contaminated": e.contaminated,
                "stopped_on_test": _stopped(e),
                "folder": protocol_folder(e),
                "system": e.system,
                "accuracy": e.headline.scores.accuracy,
                "accuracy_low": e.headline.intervals["accuracy"].low,
                "accuracy_high": e.headline.intervals["accuracy"].high,
                "excerpt_accuracy": e.view(None).scores.accuracy,
                "n_tracks": e.n_tracks,
                "folds": list(e.folds),
                "seeds": list(e.seeds),
                "n_readings": None if e.n_readings is None else list(e.n_readings),
            }
            for e in evaluations
        ],
    }


def _table(evaluations: Sequence[Evaluation]) -> Table:
    header = ("protocol", "recipe", "per track", "95 %", "mean ± deviation", "per excerpt", "folds × seeds", "tracks")
    rows = tuple(
        (
            Cell(_name(e), strong=True),
            Cell(e.system),
            Cell(percent(e.headline.scores.accuracy), strong=True),
            Cell(interval_text(e.headline.intervals["accuracy"])),
            Cell(spread_text(e.spread["accuracy"])),
            Cell(percent(e.view(None).scores.accuracy)),
            Cell(f"{len(e.folds)} × {len(e.seeds)}"),
            Cell(str(e.n_tracks)),
            Cell(_shared(e)),
        )
        for e in evaluations
    )
    return Table((*header, "share something with training"), rows, text_columns=frozenset({0, 1}))


def _shared(e: Evaluation) -> str:
    """How many test tracks share a track, copy, recording or artist with what was trained on."""
    proofs = proofs_of(e.splits)
    if not proofs:
        return "not recorded"
    return f"{sum(proof.n_test_touched for proof in proofs)} of {sum(proof.n_test for proof in proofs)}"


def _name(e: Evaluation) -> str:
    mark = "CONTAMINATED: " if e.contaminated else ""
    title = note_of(e.protocol, n_artists=e.n_artists).title
    return f"{mark}{e.protocol}, {title}{', ' + STOPPED_ON_TEST if _stopped(e) else ''}"


def _stopped(e: Evaluation) -> bool:
    return any(split.validates_on_test for split in e.splits)
