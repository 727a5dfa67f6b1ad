"""The trials of a search: which settings are next, which runs they lack, and what they reached."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Literal

from genrekit.errors import RunError
from genrekit.experiments.dispatch import Event
from genrekit.experiments.job import Job
from genrekit.experiments.plan import contaminated_mark, make_plan
from genrekit.experiments.space import Space, Value
from genrekit.experiments.study import StudyFolder
from genrekit.experiments.validation import Validation, read_validation
from genrekit.training.recipes.recipe import Recipe, load_recipe

if TYPE_CHECKING:
    from optuna.study import Study

__all__ = ["OpenTrials", "SearchTask", "TrialRecord", "read_trials"]

# A sampler that suggests so often in a row what was tried before has nothing new left.
MAX_REPEATS = 50


@dataclass(frozen=True)
class SearchTask:
    """What is searched.

    Attributes
    ----------
    recipe_path : YAML of the recipe that the settings change
    space : keys and their values
    overrides : further `key=value` that hold for all trials
    data : place of the data set, if the recipe leaves it open
    data_replaces : `data` also takes the place of one that the recipe names
    negatives : archive for recipes that train on negatives
    folds, seeds : a trial's score is the mean over them; None for the recipe's own
    sampler_seed : of the choices
    """

    recipe_path: Path
    space: Space
    overrides: tuple[str, ...] = ()
    data: Path | None = None
    data_replaces: bool = False
    negatives: Path | None = None
    folds: tuple[int, ...] | None = None
    seeds: tuple[int, ...] | None = None
    sampler_seed: int = 0

    @property
    def runs_per_trial(self) -> int:
        """How many runs each setting takes."""
        return len(self.folds or (0,)) * len(self.seeds or (0,))

    @property
    def mark(self) -> str:
        """What must stand before all results: "CONTAMINATED: " if the split of any setting is, else ""."""
        recipes = (self.recipe(self.space.settings(values)) for values in self.space.probes())
        return next((mark for mark in map(contaminated_mark, recipes) if mark), "")

    def label(self, job: Job) -> str:
        """For people: the settings of a trial's run, by the last words of their keys, and which run it is."""
        words = [f"{axis.key.rpartition('.')[2]} {_shown(_at(job.recipe, axis.key))}" for axis in self.space.axes]
        if self.runs_per_trial > 1:
            words.append(f"fold {job.recipe.split.fold} seed {job.recipe.seed}")
        return contaminated_mark(job.recipe) + " ".join(words)

    def recipe(self, settings: Sequence[str] = ()) -> Recipe:
        """The recipe with these settings, data in place.

        Raises
        ------
        RecipeError
            If a key or value is wrong.
        """
        recipe = load_recipe(self.recipe_path, (*self.overrides, *settings))
        return recipe.with_root(self.data, replace=self.data_replaces)

    def jobs(self, runs: Path, values: dict[str, Value]) -> list[Job]:
        """The runs of one trial, without predictions of the test part."""
        recipe = self.recipe(self.space.settings(values))
        folds = (recipe.split.fold,) if self.folds is None else self.folds
        plan = make_plan([recipe], runs, folds=folds, seeds=self.seeds)
        return [Job(planned.recipe, runs, self.negatives, predicted=("valid",)) for planned in plan.runs]


@dataclass(frozen=True)
class TrialRecord:
    """One setting that was tried.

    Attributes
    ----------
    number : of the trial in the study
    values : key -> value
    state : "complete", or "failed" when it was last tried
    score : mean of the recipe's monitor over folds and seeds; None if failed
    excerpt_accuracy, file_accuracy : on the validation part, means, 0 to 1
    epochs : mean of epochs trained
    seconds : of training, all runs together, as far as they were trained by this search
    reason : why it failed
    """

    number: int
    values: dict[str, Value]
    state: Literal["complete", "failed"]
    score: float | None
    excerpt_accuracy: float | None
    file_accuracy: float | None
    epochs: float | None
    seconds: float | None
    reason: str


class OpenTrials:
    """What one call of a search is at.

    Parameters
    ----------
    task, place, study : what is searched and where, from `StudyFolder.open`
    n_trials : complete trials wanted in all

    Attributes
    ----------
    is_grid : whether the trials suffice for every setting of the space, which are then tried in order
    done_before : runs of the trials that earlier calls completed
    """

    def __init__(self, task: SearchTask, place: StudyFolder, study: Study, *, n_trials: int) -> None:
        from optuna.trial import TrialState

        self._task, self._place, self._study, self._n_trials = task, place, study, n_trials
        self._fail = TrialState.FAIL
        self._queue: deque[Job] = deque()
        self._missing: dict[int, set[str]] = {}
        self._jobs: dict[str, tuple[int, Job]] = {}
        self._tried: set[frozenset[str]] = set()
        self._n_counted = 0
        self._repeats = 0
        self.done_before: list[Job] = []
        size = task.space.size
        self.is_grid = size is not None and n_trials >= size
        failed: dict[frozenset[str], dict[str, Value]] = {}
        for trial in study.get_trials(deepcopy=False):
            if not _is_whole(trial.params, task.space):
                # A kill came before the trial had all its values.
                if trial.state == TrialState.RUNNING:
                    study.tell(trial.number, state=TrialState.FAIL)
                continue
            values = dict(trial.params)
            jobs = task.jobs(place.runs, values)
            names = frozenset(job.name for job in jobs)
            if trial.state == TrialState.COMPLETE:
                self.done_before += jobs
                self._tried.add(names)
                self._n_counted += 1
            elif trial.state == TrialState.RUNNING:
                self._open(trial.number, values)
            elif trial.state == TrialState.FAIL:
                failed[names] = values
        # What failed in an earlier call is tried again: it may have been the machine's fault.
        self._again = deque(values for names, values in failed.items() if names not in self._tried)

    def take(self) -> Job | None:
        """The next run to train, if any."""
        while not self._queue and self._n_counted < self._n_trials and self._repeats < MAX_REPEATS:
            if not self._ask():
                break
        return self._queue.popleft() if self._queue else None

    def see(self, event: Event) -> None:
        """Take in how a run ended."""
        if event.job is None or event.kind not in ("finished", "known", "failed"):
            return
        number, job = self._jobs[event.job.name]
        if number not in self._missing:
            return
        reached = read_validation(job.run, job.recipe)
        score = None if reached is None else reached.monitor
        if event.kind == "failed" or score is None or not math.isfinite(score):
            del self._missing[number]
            self._queue = deque(job for job in self._queue if self._jobs[job.name][0] != number)
            self._study.tell(number, state=self._fail)
            return
        self._missing[number].discard(job.name)
        if not self._missing[number]:
            del self._missing[number]
            scores = [_reached(job).monitor for owner, job in self._jobs.values() if owner == number]
            self._study.tell(number, fmean(score for score in scores if score is not None))

    def _ask(self) -> bool:
        """Open one more trial, or find that its settings were tried already; False if there is none."""
        from optuna.samplers import TPESampler

        number = len(self._study.get_trials(deepcopy=False))
        if self._again:
            self._study.enqueue_trial(self._again.popleft())
        elif self.is_grid:
            left = (values for values in self._task.space.grid() if self._names(values) not in self._tried)
            values = next(left, None)
            if values is None:
                return False
            self._study.enqueue_trial(values)
        # A sampler of its own for each trial: what it draws must not depend on how many draws this process has made.
        self._study.sampler = TPESampler(seed=(self._task.sampler_seed * 1_000_003 + number) % 2**32)
        trial = self._study.ask()
        values = self._task.space.suggest(trial)
        if self._names(values) in self._tried:
            self._study.tell(trial.number, state=self._fail)
            self._repeats += 1
            return True
        self._repeats = 0
        self._open(trial.number, values)
        return True

    def _open(self, number: int, values: dict[str, Value]) -> None:
        jobs = self._task.jobs(self._place.runs, values)
        self._tried.add(frozenset(job.name for job in jobs))
        self._n_counted += 1
        self._jobs |= {job.name: (number, job) for job in jobs}
        self._missing[number] = {job.name for job in jobs}
        self._queue.extend(jobs)

    def _names(self, values: dict[str, Value]) -> frozenset[str]:
        """What tells one setting from another: the runs that it takes."""
        return frozenset(job.name for job in self._task.jobs(self._place.runs, values))


def read_trials(task: SearchTask, place: StudyFolder, study: Study) -> tuple[TrialRecord, ...]:
    """Every setting that was tried once, best first and the failed ones last."""
    from optuna.trial import TrialState

    seconds: dict[str, float] = {}
    reasons: dict[str, str] = {}
    for entry in place.journal.read():
        if "seconds" in entry:
            seconds[entry["run"]] = seconds.get(entry["run"], 0.0) + float(entry["seconds"])
        if "reason" in entry:
            reasons[entry["run"]] = entry["reason"]
    records: dict[frozenset[str], TrialRecord] = {}
    ended = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.FAIL))
    for trial in sorted(ended, key=lambda trial: (trial.state != TrialState.COMPLETE, trial.number)):
        if not _is_whole(trial.params, task.space):
            continue
        jobs = task.jobs(place.runs, dict(trial.params))
        names = frozenset(job.name for job in jobs)
        if names in records:
            continue
        complete = trial.state == TrialState.COMPLETE
        reached = [_reached(job) for job in jobs] if complete else []
        records[names] = TrialRecord(
            number=trial.number,
            values=dict(trial.params),
            state="complete" if complete else "failed",
            score=trial.value if complete else None,
            excerpt_accuracy=_mean([one.excerpt_accuracy for one in reached]),
            file_accuracy=_mean([one.file_accuracy for one in reached]),
            epochs=_mean([one.epochs for one in reached]),
            seconds=sum(seconds[name] for name in names if name in seconds) if names & set(seconds) else None,
            reason="" if complete else next((reasons[name] for name in sorted(names) if name in reasons), "no score"),
        )
    sign = 1 if study.direction.name == "MINIMIZE" else -1
    return tuple(
        sorted(
            records.values(),
            key=lambda record: (
                record.score is None,
                0.0 if record.score is None else sign * record.score,
                record.number,
            ),
        )
    )


def _reached(job: Job) -> Validation:
    reached = read_validation(job.run, job.recipe)
    if reached is None:
        raise RunError(
            f"{job.run.folder} has lost its {job.run.metrics_path.name}; move it away, and it is trained anew."
        )
    return reached


def _at(recipe: Recipe, key: str) -> Any:
    value: Any = recipe.model_dump(mode="json")
    for part in key.split("."):
        value = value[part]
    return value


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _is_whole(values: Mapping[str, object], space: Space) -> bool:
    return {axis.key for axis in space.axes} == set(values)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None
