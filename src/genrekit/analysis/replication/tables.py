"""The two reports' tables beside our runs of the same systems, under every protocol that was run."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Literal, NamedTuple

import numpy as np

from genrekit.errors import DataError
from genrekit.evaluation.from_runs import evaluate_runs
from genrekit.evaluation.fusion import FusionMethod, fuse
from genrekit.evaluation.paired import PairedComparison, compare
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.run_folder import RunFolder
from genrekit.evaluation.runs import StoredRun, pool_runs
from genrekit.evaluation.summary import BOOTSTRAP_SEED, Evaluation

__all__ = [
    "COLUMNS",
    "NOT_RECORDED",
    "Column",
    "PairedStep",
    "Replication",
    "ReportRow",
    "Unit",
    "n_folds_of",
    "replicate",
    "report_rows",
]

Unit = Literal["excerpt", "mean", "vote"]
Column = Literal["P1", "P2 stopped on test", "P2", "P4"]
COLUMNS: tuple[Column, ...] = ("P1", "P2 stopped on test", "P2", "P4")
NOT_RECORDED = "not recorded"
# Recipes from audio run on all of GTZAN, or on the six genres of which the audio is there.
AUDIO = "audio"
AUDIO_DATASETS = ("gtzan", "gtzan6")


@dataclass(frozen=True)
class ReportRow:
    """A figure that a report prints, or a system of its that has none.

    Attributes
    ----------
    report, place, system : such as "A", "table 2", "SE-CNN, flatten"
    recipes : names of the recipes that are this system, by their data set, or under "audio"
    unit : what is counted: excerpts, or tracks by mean or by vote
    protocol : under which the report worked, whatever it calls it
    accuracy, deviation, precision, recall, f1 : percent as printed; None where the report prints none
    stopped_on_test : training stopped on the very fold that is scored
    folds : accuracy fold by fold, percent
    note : a caution
    one_excerpt : each track is one excerpt, so that excerpts cannot be mixed
    printed_by : who prints it, if not the report itself
    """

    report: str
    place: str
    system: str
    recipes: Mapping[str, tuple[str, ...]]
    unit: Unit
    protocol: str
    accuracy: float | None = None
    deviation: float | None = None
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    stopped_on_test: bool = False
    folds: tuple[float, ...] = ()
    note: str = ""
    one_excerpt: bool = False
    printed_by: str = ""

    @property
    def is_printed(self) -> bool:
        """Whether there is a figure, and not only a system."""
        return self.accuracy is not None or self.recall is not None

    @property
    def column(self) -> Column:
        """The column of ours that the printed figure is to be compared with."""
        if self.protocol == "P1":
            return "P1"
        return "P2 stopped on test" if self.stopped_on_test else "P2"

    def applies(self, column: Column) -> bool:
        """Whether the system can be run so; report B has a validation part of its own."""
        if column == "P1":
            return not self.one_excerpt
        return column != "P2 stopped on test" or self.report != "B"

    @property
    def fusion(self) -> FusionMethod:
        """How the report makes one decision per track: A by mean, B by vote."""
        return "vote" if self.report == "B" else "mean"

    @property
    def all_recipes(self) -> tuple[str, ...]:
        """Names of the recipes that are this system, on whatever data."""
        return tuple(name for names in self.recipes.values() for name in names)


class PairedStep(NamedTuple):
    """Two columns of a system compared on the same tracks, and on which folds; none are named if it is all."""

    comparison: PairedComparison
    folds: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Replication:
    """Our evaluations by recipe, data set and column; what was not run is not there.

    Attributes
    ----------
    rows : of the reports, in their order
    evaluations : (recipe name, data set, column) -> evaluation, whose headline is the report's own fusion
    datasets : data sets of which there is any run, in alphabetical order
    not_pooled : runs of one recipe, data set and column that do not belong together, and why
    tables : of each evaluation the predictions that it scores, excerpt by excerpt
    formats : of each evaluation the number formats that its runs were trained in, or `NOT_RECORDED`
    n_resamples : of the bootstrap
    """

    rows: tuple[ReportRow, ...]
    evaluations: Mapping[tuple[str, str, Column], Evaluation]
    datasets: tuple[str, ...]
    not_pooled: tuple[str, ...] = ()
    tables: Mapping[tuple[str, str, Column], Predictions] = field(default_factory=dict)
    formats: Mapping[tuple[str, str, Column], str] = field(default_factory=dict)
    n_resamples: int = 5000

    def key(self, row: ReportRow, dataset: str, column: Column) -> tuple[str, str, Column] | None:
        """Of our evaluation of a row's system on a data set; None if it was not run."""
        keys = ((recipe, dataset, column) for recipe in row.all_recipes)
        return next((key for key in keys if key in self.evaluations), None)

    def ours(self, row: ReportRow, dataset: str, column: Column) -> Evaluation | None:
        """Our evaluation of a row's system on a data set; None if it was not run."""
        key = self.key(row, dataset, column)
        return None if key is None else self.evaluations[key]

    def paired(self, row: ReportRow, dataset: str, step: tuple[Column, Column], unit: Unit) -> PairedStep | None:
        """The first column of a step compared with the second, on all tracks if both score the same ones.

        Otherwise on the folds of the same tracks on both sides, as of a partition of which one side has more folds:
        another fold may be easier by more than a leak is worth. None where there is no such fold.
        """
        keys = [self.key(row, dataset, column) for column in step]
        first, second = (None if key is None else self.tables[key] for key in keys)
        if first is None or second is None:
            return None
        folds: tuple[int, ...] = ()
        if _tracks_of(first) != _tracks_of(second):
            folds = tuple(
                fold
                for fold in np.intersect1d(first.fold, second.fold).tolist()
                if _tracks_of(first.select(fold=fold)) == _tracks_of(second.select(fold=fold))
            )
            if not folds:
                return None
            first, second = (
                Predictions.concatenate(table.select(fold=fold) for fold in folds) for table in (first, second)
            )
        by_excerpt = unit == "excerpt"
        one, two = (table if by_excerpt else fuse(table, row.fusion) for table in (first, second))
        generator = np.random.default_rng(BOOTSTRAP_SEED)
        comparison = compare(one, two, generator=generator, n_resamples=self.n_resamples, by_excerpt=by_excerpt)
        return PairedStep(comparison, folds)

    def systems(self) -> tuple[ReportRow, ...]:
        """One row of each system, in the order in which the reports name them."""
        first: dict[str, ReportRow] = {}
        for row in self.rows:
            first.setdefault(row.system, row)
        return tuple(first.values())

    def datasets_of(self, row: ReportRow) -> tuple[str, ...]:
        """Data sets that a row's system has a recipe for; of those from audio, the ones with runs, or GTZAN-6."""
        names: list[str] = []
        for source in row.recipes:
            there = [name for name in AUDIO_DATASETS if any(self.ours(row, name, column) for column in COLUMNS)]
            names += [source] if source != AUDIO else there or ["gtzan6"]
        others = [name for name in self.datasets if any(self.ours(row, name, column) for column in COLUMNS)]
        return tuple(dict.fromkeys((*names, *others)))


def _tracks_of(table: Predictions) -> set[str]:
    return set(table.track.tolist())


def n_folds_of(evaluation: Evaluation) -> int | None:
    """How many folds the split of an evaluation has; None if it is not on record."""
    return max((split.n_folds for split in evaluation.splits), default=None)


def report_rows() -> tuple[ReportRow, ...]:
    """What the reports print, as shipped with the package."""
    text = resources.files("genrekit.analysis.replication").joinpath("tables.json").read_text(encoding="utf-8")
    rows = []
    for entry in json.loads(text):
        recipes = {source: tuple(names) for source, names in entry["recipes"].items()}
        rows.append(ReportRow(**{**entry, "recipes": recipes, "folds": tuple(entry.get("folds", ()))}))
    return tuple(rows)


def replicate(runs: Sequence[StoredRun], *, n_resamples: int = 5000) -> Replication:
    """Pool folds and seeds of each recipe under each protocol and score their test parts.

    A first look at a test part is recorded in its run. Runs of other systems, or under protocols that the tables do not
    have, are passed over; runs of one recipe, data set and protocol that do not belong together are named instead.
    """
    rows = report_rows()
    fusion_of: dict[str, FusionMethod] = {name: row.fusion for row in rows for name in row.all_recipes}
    groups: dict[tuple[str, str, Column], list[StoredRun]] = defaultdict(list)
    for run in runs:
        column = _column(run)
        name = run.predictions.recipe
        if column is not None and name in fusion_of:
            groups[name, run.predictions.dataset, column].append(run)
    evaluations, tables, formats, not_pooled = {}, {}, {}, []
    for key, group in sorted(groups.items()):
        try:
            evaluations[key] = evaluate_runs(
                group, command="genrekit analyse replication", fusion=fusion_of[key[0]], n_resamples=n_resamples
            )
        except DataError as error:
            not_pooled.append(f"{' '.join(key)}: {error}")
            continue
        tables[key] = pool_runs(group).select(part="test")
        formats[key] = ", ".join(sorted({_number_format(run) for run in group}))
    datasets = tuple(sorted({dataset for _, dataset, _ in evaluations}))
    return Replication(rows, evaluations, datasets, tuple(not_pooled), tables, formats, n_resamples)


def _column(run: StoredRun) -> Column | None:
    protocol = run.predictions.protocol
    if protocol == "P2":
        return "P2 stopped on test" if run.split is not None and run.split.validates_on_test else "P2"
    return "P1" if protocol == "P1" else "P4" if protocol == "P4" else None


def _number_format(run: StoredRun) -> str:
    """What a run computed in while it was trained, by its recipe, and where that leaves it open by its machine."""
    if (run.recipe or {}).get("optimisation.precision") == "float32":
        return "float32"
    environment = RunFolder(run.folder).environment()
    # A GPU always has bfloat16.
    quick = True if environment.get("device", "cpu") != "cpu" else environment.get("cpu_bfloat16")
    return NOT_RECORDED if quick is None else "bfloat16" if quick else "float32"
