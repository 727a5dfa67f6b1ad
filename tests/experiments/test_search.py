from __future__ import annotations

import json

import pytest

from genrekit.data.registry import load_dataset
from genrekit.data.splits.makers import make_split
from genrekit.errors import RecipeError, RunError
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.runs import find_runs
from genrekit.experiments.searcher import run_search
from genrekit.experiments.space import parse_space
from genrekit.experiments.study import StudyFolder
from genrekit.experiments.trials import SearchTask

pytest.importorskip("optuna")
GRID = ("model.options.width=2,3",)
RANGE = ("model.options.width=2,3", "optimisation.learning_rate=1e-4..1e-1/log")


def task_of(path, space=GRID, **options) -> SearchTask:
    return SearchTask(path, parse_space(space), overrides=("optimisation.max_epochs=1",), **options)


def tried(result) -> dict[int, dict]:
    return {trial.number: trial.values for trial in result.trials}


def test_a_grid_over_folds_is_covered_once_and_leaves_the_test_part_alone(write_recipe, tmp_path, same_pool):
    task = task_of(write_recipe(), folds=(0, 1))
    result = run_search(task, tmp_path / "study", same_pool, n_trials=10)
    assert result.is_grid and len(result.trials) == 2 and len(same_pool.trained) == 4
    assert sorted(trial.values["model.options.width"] for trial in result.trials) == ["2", "3"]
    scores = [trial.score for trial in result.trials]
    assert scores == sorted(scores, reverse=True) and result.best == result.trials[0]
    for stored in find_runs(tmp_path / "study" / "runs"):
        assert set(stored.predictions.part) == {"valid"}
        assert not stored.readings("test")
    # The score is what the stored predictions of the validation part give.
    best = task.jobs(tmp_path / "study" / "runs", result.best.values)
    tables = [Predictions.read_parquet(job.run.predictions_path) for job in best]
    hits = [(table.probabilities.argmax(1) == table.label).mean() for table in tables]
    assert result.best.score == pytest.approx(sum(hits) / 2, abs=1e-6)
    again = run_search(task, tmp_path / "study", same_pool, n_trials=10)
    assert again == result and len(same_pool.trained) == 4


class Stopped(Exception):
    pass


def test_a_search_that_was_stopped_tries_the_same_settings_as_one_that_was_not(write_recipe, tmp_path, same_pool):
    task = task_of(write_recipe(), RANGE)
    whole = run_search(task, tmp_path / "whole", same_pool, n_trials=4)
    assert len({str(values) for values in tried(whole).values()}) == 4

    def stop_at_the_third(event):
        if event.kind == "started" and event.job.name == same_pool.trained[6]:
            raise Stopped

    with pytest.raises(Stopped):
        run_search(
            task,
            tmp_path / "stopped",
            same_pool,
            n_trials=4,
            on_event=lambda event: stop_at_the_third(event) if len(same_pool.trained) > 6 else None,
        )
    same_pool.wait(0)
    resumed = run_search(task, tmp_path / "stopped", same_pool, n_trials=4)
    assert tried(resumed) == tried(whole)
    assert [trial.score for trial in resumed.trials] == [trial.score for trial in whole.trials]
    other = run_search(task_of(write_recipe(), RANGE, sampler_seed=1), tmp_path / "other", same_pool, n_trials=1)
    assert tried(other)[0] != tried(whole)[0]


def test_a_journal_that_a_kill_cut_off_is_gone_on_with(write_recipe, tmp_path, same_pool):
    task = task_of(write_recipe())
    run_search(task, tmp_path / "study", same_pool, n_trials=1)
    journal = tmp_path / "study" / "optuna.jsonl"
    journal.write_bytes(journal.read_bytes()[:-20])
    assert len(run_search(task, tmp_path / "study", same_pool, n_trials=2).trials) == 2
    assert len(set(same_pool.trained)) == len(same_pool.trained) == 2


def test_a_failed_trial_is_kept_and_tried_again_by_the_next_call(write_recipe, tmp_path, same_pool):
    task = task_of(write_recipe())
    blocked = task.jobs(tmp_path / "study" / "runs", {"model.options.width": "3"})[0].run
    blocked.folder.parent.mkdir(parents=True)
    blocked.folder.write_text("in the way")
    result = run_search(task, tmp_path / "study", same_pool, n_trials=2)
    assert [trial.state for trial in result.trials] == ["complete", "failed"]
    assert blocked.folder.name in result.trials[1].reason
    blocked.folder.unlink()
    result = run_search(task, tmp_path / "study", same_pool, n_trials=2)
    assert [trial.state for trial in result.trials] == ["complete", "complete"]


@pytest.mark.parametrize("validation", ["test", "none"])
def test_a_recipe_that_does_not_validate_on_a_part_of_its_own(write_recipe, tmp_path, same_pool, validation):
    path = write_recipe(
        split={"name": "artist_disjoint", "validation": validation},
        optimisation={"learning_rate": 0.01, "max_epochs": 1, "keep": "last"},
    )
    with pytest.raises(RecipeError, match=r"split\.validation=inner"):
        run_search(task_of(path), tmp_path / "study", same_pool, n_trials=1)
    assert not (tmp_path / "study").exists()


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ("model.options.widht=2,3", r"widht=2.*did you mean 'width'"),
        ("optimisation.lerning_rate=0.1..0.2", "unknown key"),
        ("features=archive_log_mel,power_spectrogram_a", "With features=power_spectrogram_a.*log-mels"),
        ("optimisation.batch_size=0,16", "batch_size"),
    ],
)
def test_a_space_that_cannot_be_trained_is_refused_before_any_work(write_recipe, tmp_path, same_pool, space, message):
    with pytest.raises(RecipeError, match=message):
        run_search(task_of(write_recipe(), (space,)), tmp_path / "study", same_pool, n_trials=1)
    assert not same_pool.trained and not (tmp_path / "study").exists()


def test_a_study_of_another_search_and_one_in_work(write_recipe, tmp_path, same_pool):
    task = task_of(write_recipe())
    of = {"recipe": "small", "space": {"a": [1]}}
    with (
        StudyFolder(tmp_path / "study").open(of, direction="maximize"),
        pytest.raises(RunError, match="Another process"),
    ):
        run_search(task, tmp_path / "study", same_pool, n_trials=1)
    with pytest.raises(RunError, match="is a study of another search"):
        run_search(task, tmp_path / "study", same_pool, n_trials=1)
    assert json.loads((tmp_path / "study" / "study.json").read_text())["recipe"] == "small"


def test_a_split_file_that_validates_on_the_test_part_is_refused(write_recipe, archive_path, tmp_path, same_pool):
    dataset = load_dataset("archive", archive_path)
    for options, what in (({"validation": "test"}, "its test part"), ({"valid_fraction": 0.0}, "nothing")):
        (tmp_path / "split.json").write_text(json.dumps(make_split(dataset, "random_folds", **options).to_dict()))
        optimisation = {"learning_rate": 0.01, "batch_size": 16, "max_epochs": 1, "keep": "last"}
        path = write_recipe(split={"file": str(tmp_path / "split.json")}, optimisation=optimisation)
        with pytest.raises(RecipeError, match=f"validates on {what}"):
            run_search(task_of(path), tmp_path / "study", same_pool, n_trials=2)
    assert not same_pool.trained
