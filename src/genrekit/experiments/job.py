"""What goes to a worker and what comes back; both can travel between processes and machines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from genrekit.data.parts import Part
from genrekit.evaluation.run_folder import SCORED
from genrekit.experiments.plan import PlannedRun
from genrekit.training.recipes.recipe import Recipe
from genrekit.training.run import Run
from genrekit.training.run_lock import is_held

__all__ = ["Job", "Outcome"]


@dataclass(frozen=True)
class Job:
    """One run to train.

    Attributes
    ----------
    recipe : resolved, with fold and seed
    runs : folder of run folders
    negatives : archive for recipes that leave its place open
    predicted : parts that get predictions; a search leaves the test part out
    """

    recipe: Recipe
    runs: Path
    negatives: Path | None = None
    predicted: tuple[Part, ...] = SCORED

    @property
    def run(self) -> Run:
        return Run.of(self.recipe, self.runs)

    @property
    def name(self) -> str:
        """Name of the run folder; no two jobs that are dispatched together share it."""
        return self.run.folder.name

    @property
    def label(self) -> str:
        """For people: recipe, fold and seed."""
        return PlannedRun(self.recipe, self.run).label

    @property
    def done(self) -> bool:
        """Whether the run is trained and has the predictions that this job asks for."""
        run = self.run
        return run.done and not set(run.left_out) & set(self.predicted)

    @property
    def held(self) -> bool:
        """Whether some process trains this run right now, or a member of its ensemble that is not done."""
        members = (Run.of(recipe, self.runs) for recipe in self.recipe.members)
        return is_held(self.run) or any(is_held(member) for member in members if not member.done)

    @property
    def data_key(self) -> tuple[object, ...]:
        """What a worker must hold in memory for this job; equal keys share their data."""
        return (self.recipe.data, self.recipe.front_end, self.recipe.excerpts.span_s)


@dataclass(frozen=True)
class Outcome:
    """How a job ended.

    Attributes
    ----------
    kind : "finished"; "failed" with an error that trying again would meet again; "busy" if another process trains this
        very run or a member of its ensemble; "died" if the worker was killed or crashed
    reason : what happened, for people; "" if finished
    seconds : wall clock of loading and training in this session
    """

    kind: Literal["finished", "failed", "busy", "died"]
    reason: str = ""
    seconds: float = 0.0
