from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from stored_splits import write_split

from genrekit.analysis.stored import read_scored
from genrekit.errors import DataError, RunError
from genrekit.evaluation.from_runs import compare_runs, evaluate_runs
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.run_folder import RunFolder
from genrekit.evaluation.runs import StoredSplit, find_all_runs, find_runs, load_run, pool_runs

RESULTS = Path(__file__).parents[2] / "results"
Make = Callable[..., Predictions]


def write_run(folder: Path, predictions: Predictions, *, epochs: int = 50, **split: object) -> Path:
    folder.mkdir(parents=True)
    predictions.write_parquet(folder / "predictions.parquet")
    recipe = {
        "name": predictions.recipe,
        "data": {"dataset": predictions.dataset, "root": str(folder)},
        "split": {"name": "filtered", "fold": int(predictions.fold[0])},
        "optimisation": {"max_epochs": epochs},
        "seed": int(predictions.seed[0]),
    }
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    if split:
        write_split(folder, **split)
    return folder


def test_a_run_is_read_by_its_folder_or_its_file(tmp_path: Path, make_predictions: Make) -> None:
    folder = write_run(tmp_path / "run", make_predictions(), name="filtered", proof={"n_test_touched": 7})
    for path in (folder, folder / "predictions.parquet"):
        run = load_run(path)
        assert (run.name, run.folder) == ("run", folder)
        assert repr(run) == f"<StoredRun run: {run.predictions!r}>"
        assert run.recipe is not None and run.recipe["optimisation.max_epochs"] == 50
        assert run.split is not None and run.split.split.name == "filtered"
        assert run.split.proof is not None and run.split.proof.n_test_touched == 7
    (folder / "split.json").unlink()
    assert load_run(folder).split is None


def test_a_proof_of_another_split_proves_nothing(tmp_path: Path, make_predictions: Make) -> None:
    folder = write_run(tmp_path / "run", make_predictions(), proof={"split_hash": "ab" * 32})
    with pytest.raises(DataError, match="Its proof is of another split, abababab"):
        load_run(folder)


def test_a_proof_that_does_not_count_tracks_has_those_of_the_split(tmp_path: Path, make_predictions: Make) -> None:
    folder = write_run(tmp_path / "run", make_predictions(), proof={})
    values = json.loads((folder / "split.json").read_text())
    del values["proof"]["n_tracks"]
    (folder / "split.json").write_text(json.dumps(values))
    stored = load_run(folder).split
    assert stored is not None and stored.proof is not None and stored.proof.n_tracks == 3


def test_every_stored_run_has_a_proof() -> None:
    folders = [path.parent for path in RESULTS.rglob("predictions.parquet") if "robustness" not in path.parts]
    assert folders
    for folder in folders:
        values = RunFolder(folder).split_values()
        assert values is not None and StoredSplit.from_dict(folder.name, values).proof is not None, folder


def test_a_folder_of_runs_gives_all_of_them(tmp_path: Path, make_predictions: Make) -> None:
    for seed in (1, 0):
        write_run(tmp_path / f"run-{seed}", make_predictions(seed=seed))
    (tmp_path / "notes").mkdir()
    assert [run.name for run in find_runs(tmp_path)] == ["run-0", "run-1"]
    assert [run.name for run in find_runs(tmp_path / "run-1")] == ["run-1"]


def test_what_an_experiment_keeps_beside_its_runs_is_passed_over(tmp_path: Path, make_predictions: Make) -> None:
    write_run(tmp_path / "run-0", make_predictions())
    (tmp_path / "logs").mkdir()
    for name in ("experiment.json", "journal.jsonl"):
        (tmp_path / name).write_text("{}")
    assert [run.name for run in find_all_runs(sorted(tmp_path.iterdir()))] == ["run-0"]
    with pytest.raises(RunError, match="logs has no predictions"):
        find_all_runs([tmp_path / "logs"])
    (tmp_path / "notes").mkdir()
    with pytest.raises(RunError, match="notes has no predictions"):
        find_all_runs(sorted(tmp_path.iterdir()))


def test_tables_side_by_side_have_a_record_each(tmp_path: Path, make_predictions: Make) -> None:
    for name, seed in (("base", 0), ("narrow", 1)):
        make_predictions(generator_seed=seed).write_parquet(tmp_path / f"{name}.parquet")
        run = load_run(tmp_path / f"{name}.parquet")
        assert evaluate_runs([run], command="genrekit evaluate").n_readings == (1,)
        assert (tmp_path / name / "readings.jsonl").is_file()
        read_scored([run], command="genrekit analyse labels")
        assert len(run.readings("test")) == 1


def test_a_folder_of_folders_of_runs_names_one(tmp_path: Path, make_predictions: Make) -> None:
    inner = write_run(tmp_path / "recipe" / "p2" / "run", make_predictions())
    with pytest.raises(RunError, match=rf"no run in {tmp_path} itself\. Name what lies below, such as {inner}"):
        find_runs(tmp_path)
    (tmp_path / "tables").mkdir()
    make_predictions().write_parquet(tmp_path / "tables" / "base.parquet")
    with pytest.raises(RunError, match=r"such as .*base\.parquet"):
        find_runs(tmp_path / "tables")


def test_what_is_no_run_is_said(tmp_path: Path, make_predictions: Make) -> None:
    with pytest.raises(RunError, match="No run at"):
        find_runs(tmp_path / "missing")
    with pytest.raises(RunError, match="not a run folder, or its training has not finished"):
        find_runs(tmp_path)
    folder = write_run(tmp_path / "run", make_predictions())
    (folder / "split.json").write_text("{")
    with pytest.raises(DataError, match=r"split\.json, cannot be read"):
        load_run(folder)
    (folder / "split.json").write_text("[]")
    with pytest.raises(DataError, match="not a JSON object"):
        load_run(folder)
    (folder / "split.json").write_text("{}")
    with pytest.raises(DataError, match=r"split\.json: A split needs the keys"):
        load_run(folder)
    (folder / "split.json").unlink()
    (folder / "recipe.yaml").write_text("a: [")
    with pytest.raises(DataError, match=r"recipe\.yaml, cannot be read"):
        load_run(folder)


def test_seeds_and_folds_are_pooled(tmp_path: Path, make_predictions: Make) -> None:
    runs = [
        load_run(write_run(tmp_path / f"{fold}{seed}", make_predictions(fold=fold, seed=seed)))
        for fold in range(2)
        for seed in range(2)
    ]
    assert len(pool_runs(runs)) == 4 * 120
    with pytest.raises(DataError, match="named twice"):
        pool_runs([runs[0], runs[0]])
    with pytest.raises(DataError, match="No run"):
        pool_runs([])


@pytest.mark.parametrize(
    ("what", "value"), [("recipe", "mlp"), ("dataset", "gtzan6"), ("protocol", "P3"), ("genres", ("a", "b", "c", "d"))]
)
def test_runs_that_do_not_belong_together_are_refused(
    tmp_path: Path, make_predictions: Make, what: str, value: object
) -> None:
    one = load_run(write_run(tmp_path / "one", make_predictions()))
    two = load_run(write_run(tmp_path / "two", replace(make_predictions(seed=1), **{what: value})))
    with pytest.raises(DataError, match=f"different {what.removesuffix('s')}s cannot be pooled"):
        pool_runs([one, two])


def test_recipes_of_one_name_but_other_settings_are_refused(tmp_path: Path, make_predictions: Make) -> None:
    one = load_run(write_run(tmp_path / "one", make_predictions(), epochs=50))
    two = load_run(write_run(tmp_path / "two", make_predictions(seed=1), epochs=60))
    with pytest.raises(DataError, match=r"optimisation\.max_epochs is 50 in one and 60 in two"):
        pool_runs([one, two])


def test_a_setting_that_both_have_is_named_before_one_that_is_younger_than_a_run(
    tmp_path: Path, make_predictions: Make
) -> None:
    folders = [write_run(tmp_path / str(n), make_predictions(seed=n), epochs=n) for n in (50, 60)]
    recipe = yaml.safe_load((folders[1] / "recipe.yaml").read_text())
    (folders[1] / "recipe.yaml").write_text(yaml.safe_dump({**recipe, "augmentation": {"mixup_alpha": 0.0}}))
    with pytest.raises(DataError, match=r"optimisation\.max_epochs is 50 in 50 and 60 in 60"):
        pool_runs([load_run(folder) for folder in folders])


def test_runs_of_one_recipe_hash_are_pooled_though_a_later_version_wrote_more_fields(
    tmp_path: Path, make_predictions: Make
) -> None:
    folders = [write_run(tmp_path / str(seed), make_predictions(seed=seed)) for seed in range(3)]
    recipe = yaml.safe_load((folders[1] / "recipe.yaml").read_text())
    (folders[1] / "recipe.yaml").write_text(yaml.safe_dump({**recipe, "augmentation": {"mixup_alpha": 0.0}}))
    with pytest.raises(DataError, match=r"augmentation\.mixup_alpha is None in 0 and 0\.0 in 1"):
        pool_runs([load_run(folder) for folder in folders[:2]])
    for folder, recipe_hash in zip(folders, ("abc", "abc", "def"), strict=True):
        (folder / "run.json").write_text(json.dumps({"hash": recipe_hash}))
    assert len(pool_runs([load_run(folder) for folder in folders[:2]])) == 2 * 120
    with pytest.raises(DataError, match=r"augmentation\.mixup_alpha is 0\.0 in 1 and None in 2"):
        pool_runs([load_run(folder) for folder in folders[1:]])
    (folders[0] / "run.json").write_text("{")
    with pytest.raises(DataError, match=r"run\.json, cannot be read"):
        load_run(folders[0])


def test_the_first_look_is_recorded_and_the_second_is_not(tmp_path: Path, make_predictions: Make) -> None:
    runs = [load_run(write_run(tmp_path / str(seed), make_predictions(seed=seed))) for seed in range(3)]
    for _ in range(2):
        evaluation = evaluate_runs(runs, command="genrekit evaluate")
    assert evaluation.n_readings == (1, 1, 1)
    make_predictions(seed=2, generator_seed=99).write_parquet(tmp_path / "2" / "predictions.parquet")
    evaluation = evaluate_runs([*runs[:2], load_run(tmp_path / "2")], command="genrekit evaluate")
    assert evaluation.n_readings == (1, 1, 2)
    assert any("was read 2 times" in note for note in evaluation.notes)


def test_what_is_refused_is_no_look_at_the_test_part(tmp_path: Path, make_predictions: Make) -> None:
    one = load_run(write_run(tmp_path / "one", make_predictions()))
    two = load_run(write_run(tmp_path / "two", make_predictions(n_tracks=20)))
    with pytest.raises(DataError, match="Unknown fusion 'max'"):
        evaluate_runs([one], fusion="max")  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"the first, 'se_cnn', has 20 of 40 that the second, 'se_cnn', lacks"):
        compare_runs([one], [two])
    assert [run.readings("test") for run in (one, two)] == [(), ()]


def test_validation_may_be_looked_at_freely(tmp_path: Path, make_predictions: Make) -> None:
    run = load_run(write_run(tmp_path / "run", make_predictions(part="valid")))
    evaluation = evaluate_runs([run], command="c", part="valid")
    assert not (tmp_path / "run" / "readings.jsonl").exists()
    assert any("not a test result" in note for note in evaluation.notes)
    with pytest.raises(DataError, match="no predictions of the test part"):
        evaluate_runs([run], command="c")


def test_a_comparison_records_both_sides_and_says_what_is_unfair(tmp_path: Path, make_predictions: Make) -> None:
    one = load_run(write_run(tmp_path / "one", make_predictions(accuracy=0.9)))
    two = load_run(write_run(tmp_path / "two", make_predictions(recipe="leaky", protocol="P1")))
    result = compare_runs([one], [two], command="genrekit compare")
    assert result.comparison.difference == pytest.approx(0.2)
    assert result.contaminated
    assert result.cautions[0].startswith("CONTAMINATED: leaky has heard the test tracks")
    assert "The systems differ in protocol too: P2 and P1." in result.cautions
    assert [len(run.readings("test")) for run in (one, two)] == [1, 1]
    assert (result.first, result.second) == ("se_cnn (gtzan_archive, P2)", "leaky (gtzan_archive, P1)")


@pytest.mark.parametrize(
    ("record", "told", "not_told"),
    [
        ({"parts_predicted": ["valid", "test"]}, "the file is gone", "ensemble"),
        ({"parts_left_out": ["valid", "test"]}, "as a member of an ensemble", "is gone"),
        ({}, "either as a member of an ensemble, .* Or though they were written: the file is gone", "nothing else"),
    ],
)
def test_why_a_finished_run_has_no_predictions_is_told(
    record: dict[str, object], told: str, not_told: str, tmp_path: Path
) -> None:
    (tmp_path / "run.json").write_text(json.dumps(record))
    with pytest.raises(RunError, match=told) as caught:
        load_run(tmp_path)
    assert not_told not in str(caught.value) and "genrekit train --resume" in str(caught.value)
