"""Predictions of runs as pictures need them: readings recorded, folds and seeds pooled, excerpts fused or not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from genrekit.analysis.captions import STOPPED_ON_TEST, predictions_caption
from genrekit.analysis.style import contaminated_mark
from genrekit.errors import DataError
from genrekit.evaluation.fusion import fuse
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.recipe_identity import is_free
from genrekit.evaluation.runs import StoredRun, pool_runs

__all__ = ["Scored", "Unit", "group_runs", "read_scored"]

# What one decision is about: an excerpt, or a track after one of the two fusions.
Unit = Literal["excerpt", "mean", "vote"]


@dataclass(frozen=True, eq=False)
class Scored:
    """The decisions of folds and seeds of one recipe on one part.

    Attributes
    ----------
    predictions : a row an excerpt, or a row a track, fold and seed
    title : of the recipe; its name if it has none
    unit : which of them
    n_folds : that the split has
    validates_on_test : whether training stopped on the very part that is scored
    excerpts_sha256 : content of the excerpts' predictions, by which the run's record of readings knows them
    """

    predictions: Predictions
    title: str
    unit: Unit
    n_folds: int
    validates_on_test: bool
    excerpts_sha256: str

    @property
    def contaminated(self) -> bool:
        return self.predictions.contaminated

    @property
    def mark(self) -> str:
        """What must stand above a picture of it."""
        return contaminated_mark([self.contaminated])

    @property
    def caption(self) -> str:
        more = (STOPPED_ON_TEST,) if self.validates_on_test else ()
        return predictions_caption(self.predictions, unit=self.unit, n_folds=self.n_folds, more=more)

    def facts(self) -> dict[str, Any]:
        """What a picture's JSON says of where its numbers are from."""
        p = self.predictions
        return {
            "recipe": p.recipe,
            "dataset": p.dataset,
            "protocol": p.protocol,
            "part": str(p.part[0]),
            "unit": self.unit,
            "contaminated": p.contaminated,
            "genres": list(p.genres),
            "n_rows": len(p),
            "n_tracks": len(set(p.track.tolist())),
            "folds": sorted(set(p.fold.tolist())),
            "seeds": sorted(set(p.seed.tolist())),
            "validates_on_test": self.validates_on_test,
            "predictions_sha256": self.excerpts_sha256,
        }


def read_scored(runs: Sequence[StoredRun], *, command: str, part: str = "test", unit: Unit = "mean") -> Scored:
    """Pool runs of one recipe; a first look at their test part is recorded in each, before anything is computed.

    Parameters
    ----------
    command : recorded with the reading, such as "genrekit analyse confusion"
    unit : what one decision is about

    Raises
    ------
    DataError : runs that do not belong together, a part without rows, or a record that cannot be written
    """
    rows = pool_runs(runs).select(part=part)
    if not len(rows):
        raise DataError(f"{runs[0].name} has no predictions of the {part} part; take another part.")
    if part == "test":
        for run in runs:
            run.record_test_reading(command)
    splits = [run.split for run in runs if run.split is not None]
    return Scored(
        predictions=rows if unit == "excerpt" else fuse(rows, unit),
        title=str((runs[0].recipe or {}).get("title") or rows.recipe),
        unit=unit,
        n_folds=max((split.n_folds for split in splits), default=1),
        validates_on_test=any(split.validates_on_test for split in splits),
        excerpts_sha256=rows.sha256,
    )


def group_runs(runs: Sequence[StoredRun]) -> tuple[tuple[StoredRun, ...], ...]:
    """Runs that can be pooled together, system by system, in the order of their first run."""
    groups: dict[str, list[StoredRun]] = {}
    for run in runs:
        groups.setdefault(_system(run), []).append(run)
    return tuple(tuple(group) for group in groups.values())


def _system(run: StoredRun) -> str:
    recipe: object = run.recipe_hash
    if recipe is None:
        recipe = {key: value for key, value in (run.recipe or {}).items() if not is_free(key)}
    table = run.predictions
    return json.dumps([table.recipe, table.dataset, table.protocol, table.genres, recipe], sort_keys=True, default=str)
