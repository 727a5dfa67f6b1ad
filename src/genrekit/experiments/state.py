"""The state of an experiment on disk: what is planned, what happened, and how each run stands.

The run folders are the truth: a run is done when its folder says so, whoever trained it. `experiment.json` adds what is
planned, `journal.jsonl` what happened, such as why a run failed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock

from genrekit.errors import NoSuchRunError, RunError
from genrekit.evaluation.run_folder import JOURNAL_NAME, LOGS_NAME, PLAN_NAME
from genrekit.experiments.journal import Journal
from genrekit.experiments.plan import Plan, contaminated_mark
from genrekit.experiments.validation import Validation, read_validation
from genrekit.training.recipes.recipe import Recipe
from genrekit.training.run import Run, write_text_atomically
from genrekit.training.run_lock import is_held

__all__ = ["Experiment", "RunState"]

FORMAT = 1
PLAN_LOCK_S = 60


@dataclass(frozen=True)
class RunState:
    """How one run stands.

    Attributes
    ----------
    name : of its folder
    recipe, fold, seed : what it trains
    contaminated : its split mixes the excerpts of a track
    kind : "done"; "running" somewhere right now; "failed" when it was last tried; "begun" and stopped before its end;
        "waiting" if it was never begun
    max_epochs : of its recipe
    validation : scores so far; None before the first epoch has ended
    seconds : of the session that finished it; None if it is not known
    reason : why it failed; "" otherwise
    """

    name: str
    recipe: str
    fold: int
    seed: int
    contaminated: bool
    kind: Literal["done", "running", "failed", "begun", "waiting"]
    max_epochs: int
    validation: Validation | None
    seconds: float | None
    reason: str


@dataclass(frozen=True)
class Experiment:
    """A folder of runs with a plan.

    Attributes
    ----------
    folder : holds the run folders, `experiment.json`, `journal.jsonl` and `logs`
    """

    folder: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", Path(self.folder))

    @property
    def plan_path(self) -> Path:
        return self.folder / PLAN_NAME

    @property
    def logs(self) -> Path:
        return self.folder / LOGS_NAME

    @property
    def journal(self) -> Journal:
        return Journal(self.folder / JOURNAL_NAME)

    def add(self, plan: Plan) -> None:
        """Add a plan's runs to what is planned in this folder; several experiments may share one.

        Raises
        ------
        RunError
            If the folder cannot be written, or what is planned there cannot be read.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self.folder / ".experiment.lock", timeout=PLAN_LOCK_S):
                before = self._planned()
                planned = dict(before)
                for run in plan.runs:
                    recipe = run.recipe
                    planned[run.name] = {
                        "run": run.name,
                        "recipe": recipe.name,
                        "hash": recipe.hash,
                        "fold": recipe.split.fold,
                        "seed": recipe.seed,
                        "max_epochs": recipe.max_epochs,
                        "contaminated": contaminated_mark(recipe) != "",
                    }
                if planned != before:
                    lines = ",\n".join("  " + json.dumps(entry) for entry in planned.values())
                    write_text_atomically(self.plan_path, f'{{"format": {FORMAT}, "runs": [\n{lines}\n]}}\n')
        except OSError as error:
            raise RunError(
                f"Cannot write to {self.folder}: {error.strerror or error}. Choose another folder (--runs)."
            ) from error

    def states(self) -> tuple[RunState, ...]:
        """How each planned run stands, in the order of the plan.

        Raises
        ------
        RunError
            If the folder holds no experiment, or it cannot be read.
        """
        planned = self._planned()
        if not planned:
            raise NoSuchRunError(
                f"{self.folder} holds no experiment: it has no {self.plan_path.name}. Name the folder that was given "
                "as --runs."
            )
        last: dict[str, dict[str, Any]] = {}
        for entry in self.journal.read():
            if entry.get("run") in planned and entry["event"] != "interrupted":
                last[entry["run"]] = entry
        return tuple(self._state(entry, last.get(name, {})) for name, entry in planned.items())

    def _state(self, entry: Mapping[str, Any], last: Mapping[str, Any]) -> RunState:
        run = Run(self.folder / entry["run"])
        recipe = run.recipe() if run.recipe_path.is_file() else None
        kind: Literal["done", "running", "failed", "begun", "waiting"]
        if run.done:
            kind = "done"
        elif is_held(run):
            kind = "running"
        elif last.get("event") == "failed":
            kind = "failed"
        else:
            kind = "begun" if recipe is not None else "waiting"
        return RunState(
            name=entry["run"],
            recipe=entry["recipe"],
            fold=entry["fold"],
            seed=entry["seed"],
            contaminated=entry["contaminated"] if "contaminated" in entry else _is_contaminated(recipe),
            kind=kind,
            max_epochs=entry["max_epochs"],
            validation=read_validation(run, recipe) if recipe is not None else None,
            seconds=last.get("seconds") if kind == "done" else None,
            reason=str(last.get("reason", "")) if kind == "failed" else "",
        )

    def _planned(self) -> dict[str, dict[str, Any]]:
        try:
            values = json.loads(self.plan_path.read_text(encoding="utf-8"))
            if values["format"] != FORMAT:
                raise RunError(
                    f"{self.plan_path} has format {values['format']}; this version reads format {FORMAT}. Use the "
                    "version that wrote it, or choose another folder."
                )
            return {entry["run"]: entry for entry in values["runs"]}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RunError(
                f"{self.plan_path} is not the plan of an experiment ({error!r}). Move it away: the run folders are "
                "complete without it, and the same command plans anew."
            ) from error


def _is_contaminated(recipe: Recipe | None) -> bool:
    """Of a run in a plan of an older version, which does not say it."""
    return recipe is not None and contaminated_mark(recipe) != ""
