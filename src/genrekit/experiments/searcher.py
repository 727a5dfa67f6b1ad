"""A search for better settings by validation scores alone: the test part gets no predictions, let alone a reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from genrekit.data.dataset import Dataset
from genrekit.data.splits.split import Split
from genrekit.errors import RecipeError
from genrekit.experiments.dispatch import Event, Pool, dispatch
from genrekit.experiments.runner import record_event
from genrekit.experiments.study import StudyFolder
from genrekit.experiments.trials import OpenTrials, SearchTask, TrialRecord, read_trials
from genrekit.training.preparation import check, load_data
from genrekit.training.recipes.groups import Data
from genrekit.training.recipes.recipe import Recipe

__all__ = ["SearchResult", "SearchTask", "TrialRecord", "run_search"]


@dataclass(frozen=True)
class SearchResult:
    """All trials of a study, those of earlier calls included, best first and the failed ones last.

    Attributes
    ----------
    monitor : what the score is, such as "valid_accuracy"
    trials : one a setting that was tried
    is_grid : whether every setting of the space was to be tried
    """

    monitor: str
    trials: tuple[TrialRecord, ...]
    is_grid: bool

    @property
    def best(self) -> TrialRecord | None:
        """The complete trial with the best score, the earliest of equal ones; None if none is complete."""
        return self.trials[0] if self.trials and self.trials[0].state == "complete" else None


def run_search(
    task: SearchTask,
    folder: Path,
    pool: Pool,
    *,
    n_trials: int,
    on_event: Callable[[Event], None] = lambda event: None,
) -> SearchResult:
    """Try settings until the study has `n_trials` complete ones; the same call again goes on.

    All settings are tried in order if the trials suffice for that; otherwise Optuna's tree-structured Parzen estimator
    (Bergstra et al. 2011) chooses, seeded by `sampler_seed` and the trial's number, so that with one worker a search
    that was stopped and continued tries the same settings as one that was not. With several workers a choice depends
    on which trials have ended by then.

    Parameters
    ----------
    task : what is searched
    folder : of the study
    pool : of workers; the caller closes it
    n_trials : complete trials in all, earlier calls included
    on_event : told of all that happens

    Raises
    ------
    GenrekitError
        Before any training, if the recipe cannot be trained at the ends of the space or the study is another's. A run
        that fails raises nothing: its trial is in the result, and the next call tries it again.
    """
    base = task.recipe()
    if base.optimisation is None:
        raise RecipeError(
            f"Recipe {base.name!r} is an ensemble, which has nothing to monitor; search a recipe of one of its members."
        )
    _require_validation(base)
    place = StudyFolder(folder)
    _check_space(task, place)
    monitor = base.optimisation.monitor
    of = {
        "recipe": base.name,
        "hash": base.hash,
        "space": task.space.to_dict(),
        "folds": task.folds or (base.split.fold,),
        "seeds": task.seeds or (base.seed,),
        "monitor": monitor,
        "sampler_seed": task.sampler_seed,
    }
    with place.open(of, direction="minimize" if monitor == "valid_loss" else "maximize") as study:
        trials = OpenTrials(task, place, study, n_trials=n_trials)

        def see(event: Event) -> None:
            record_event(place.journal, event)
            trials.see(event)
            on_event(event)

        for job in trials.done_before:
            on_event(Event("known", job))
        try:
            dispatch(pool, trials.take, see)
        except KeyboardInterrupt:
            place.journal.append("interrupted")
            raise
        return SearchResult(monitor, read_trials(task, place, study), trials.is_grid)


def _require_validation(recipe: Recipe) -> None:
    if recipe.split.validation == "inner":
        return
    what = "its test part" if recipe.split.validation == "test" else "nothing"
    raise RecipeError(
        f"Recipe {recipe.name!r} validates on {what} (split.validation: {recipe.split.validation}); a search chooses "
        "by validation, which must not be the test part. Use --set split.validation=inner."
    )


def _require_inner_validation(split: Split) -> None:
    """Refuse a split, which a file may have brought, that is validated on what must not choose, or on nothing."""
    if split.validation == "test" or not split.tracks("valid"):
        what = "its test part" if split.validation == "test" else "nothing"
        raise RecipeError(
            f"The split {split.name!r} validates on {what}; a search chooses by validation, which must not be the test "
            "part. Give one with a validation part of its own."
        )


def _check_space(task: SearchTask, place: StudyFolder) -> None:
    """Refuse a space with settings that cannot be trained, before any work."""
    datasets: dict[Data, Dataset] = {}
    for values in task.space.probes():
        try:
            for job in task.jobs(place.runs, values):
                recipe = job.recipe
                _require_validation(recipe)
                if recipe.data not in datasets:
                    datasets[recipe.data] = load_data(recipe)
                _require_inner_validation(check(recipe, datasets[recipe.data], negatives_root=task.negatives))
        except RecipeError as error:
            raise RecipeError(f"With {' '.join(task.space.settings(values))}: {error}") from error
