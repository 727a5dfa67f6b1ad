from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from genrekit.analysis.curves import find_curves, group_curves, load_curves
from genrekit.analysis.curves_figure import draw_curves
from genrekit.errors import DataError, NoSuchRunError, RunError
from genrekit.training.recipes.recipe import parse_recipe


def test_the_numbers_of_a_picture_are_those_of_the_runs(tmp_path: Path, write_metrics, table_of) -> None:
    write_metrics(tmp_path / "runs" / "a", accuracy=[0.3, 0.5, 0.6])
    write_metrics(tmp_path / "runs" / "b", accuracy=[0.4, 0.7], fold=1)
    (configuration,) = group_curves(find_curves([tmp_path / "runs"]))
    picture = draw_curves([configuration])
    rows = table_of(picture)
    assert [(row["run"], int(row["epoch"]), float(row["valid_accuracy"])) for row in rows] == [
        ("a", 0, 0.2), ("a", 1, 0.4), ("a", 2, 0.5), ("b", 0, 0.3), ("b", 1, 0.6),
    ]  # fmt: skip
    # The mean is over the epochs that both folds have.
    epochs, mean = configuration.mean("valid_accuracy")
    assert epochs.tolist() == [0, 1] and mean == pytest.approx([0.25, 0.5])
    lines = {line.get_label(): line for line in picture.figure.axes[0].lines}
    assert lines["validation, mean"].get_ydata() == pytest.approx([25, 50])
    assert lines["validation, mean"].get_xdata() == pytest.approx([1, 2])
    assert not picture.contaminated and picture.figure.get_suptitle() == ""


def test_clean_stands_above_contaminated_of_the_same_configuration(tmp_path: Path, write_metrics) -> None:
    write_metrics(tmp_path / "leak", accuracy=[0.9], protocol="P1")
    write_metrics(tmp_path / "other", accuracy=[0.5], learning_rate=0.1)
    write_metrics(tmp_path / "clean", accuracy=[0.6])
    configurations = group_curves(find_curves([tmp_path / name for name in ("leak", "other", "clean")]))
    assert [[run.run for run in c.runs] for c in configurations] == [["clean"], ["leak"], ["other"]]
    picture = draw_curves(configurations)
    assert picture.contaminated
    titles = [text.get_text() for axes in picture.figure.axes for text in axes.texts]
    assert [title for title in titles if "CONTAMINATED" in title] == ["(b) CONTAMINATED: SE-CNN, P1"]
    # Two rows would read alike: their folders tell them apart.
    assert [title for title in titles if "P2" in title] == ["(a) SE-CNN, P2, clean", "(c) SE-CNN, P2, other"]


def test_what_was_stopped_on_the_scored_part_says_so(tmp_path: Path, write_metrics) -> None:
    stopped = write_metrics(tmp_path / "stopped", accuracy=[0.7])
    split = json.loads((stopped / "split.json").read_text())
    (stopped / "split.json").write_text(json.dumps({**split, "validation": "test"}))
    write_metrics(tmp_path / "clean", accuracy=[0.6], learning_rate=0.1)
    picture = draw_curves(group_curves(find_curves([tmp_path / name for name in ("stopped", "clean")])))
    titles = {text.get_text()[4:] for axes in picture.figure.axes for text in axes.texts}
    assert titles >= {"SE-CNN, P2 stopped on test", "SE-CNN, P2"}


def test_runs_of_before_a_recipe_had_a_new_field_are_of_one_configuration(tmp_path: Path, write_metrics) -> None:
    recipe = parse_recipe(
        {
            "name": "se_cnn",
            "title": "SE-CNN",
            "data": {"dataset": "gtzan_archive"},
            "split": {"name": "a_folds"},
            "excerpts": {"window_s": 3.0, "hop_s": 1.5},
            "features": "archive_log_mel",
            "model": {"name": "se_cnn"},
            "optimisation": {"learning_rate": 0.001, "max_epochs": 9},
        },
        source="test",
    )
    values = yaml.safe_load(recipe.to_yaml())
    old = {**values, "augmentation": {"share": 1.0}, "data": {"dataset": "gtzan_archive", "root": None}}
    del old["pretraining"]
    old["split"] = {"name": "a_folds", "fold": 1}
    for fold, recipe_values in enumerate((values, old)):
        folder = write_metrics(tmp_path / f"fold{fold}", accuracy=[0.5], fold=fold)
        (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe_values))
    other = write_metrics(tmp_path / "other", accuracy=[0.5])
    values["optimisation"]["learning_rate"] = 0.002
    (other / "recipe.yaml").write_text(yaml.safe_dump(values))
    grouped = group_curves(find_curves([tmp_path / name for name in ("fold0", "fold1", "other")]))
    assert [[run.run for run in configuration.runs] for configuration in grouped] == [["fold0", "fold1"], ["other"]]


@pytest.mark.parametrize("columns", [1, 2])
def test_panels_keep_their_room(tmp_path: Path, write_metrics, columns: int) -> None:
    runs = [write_metrics(tmp_path / str(k), accuracy=[0.3, 0.6], learning_rate=0.1 * k) for k in range(1, 4)]
    figure = draw_curves(group_curves(find_curves(runs)), columns=columns).figure
    figure.draw_without_rendering()
    for axes in figure.axes:
        box = axes.get_position()
        assert box.width > 0.3 and box.height * figure.get_size_inches()[1] > 0.7


def test_a_run_without_validation_says_so(tmp_path: Path, write_metrics) -> None:
    (run,) = find_curves([write_metrics(tmp_path / "a", accuracy=[0.3, 0.5], valid=False)])
    picture = draw_curves(group_curves([run]))
    assert [t.get_text() for t in picture.figure.axes[0].texts if "validation" in t.get_text()] == [
        "no validation part"
    ]


def test_validation_on_the_test_part_is_said(tmp_path: Path, write_metrics) -> None:
    runs = find_curves([write_metrics(tmp_path / "a", accuracy=[0.3], validation="test")])
    assert "validated on the part that is scored" in draw_curves(group_curves(runs)).caption


def test_the_caption_names_the_data_set_of_a_table_and_the_folds_that_lack(
    tmp_path: Path, write_metrics, write_run
) -> None:
    for fold in range(2):
        run = write_metrics(tmp_path / str(fold), accuracy=[0.3], dataset="table", fold=fold, n_folds=5)
        write_run(run, fold=fold, dataset="gtzan6")
    unfinished = write_metrics(tmp_path / "leak", accuracy=[0.3], dataset="table", protocol="P1", n_folds=3)
    caption = draw_curves(group_curves(find_curves([tmp_path]))).caption
    assert caption.startswith("(a) gtzan6, 2 of 5 folds, 1 seed; (b) table, 1 of 3 folds, 1 seed.")
    (unfinished / "predictions.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match="predictions"):
        load_curves(unfinished)


def test_a_row_that_is_alone_has_no_letter(tmp_path: Path, write_metrics) -> None:
    picture = draw_curves(group_curves(find_curves([write_metrics(tmp_path / "a", accuracy=[0.3], n_folds=1)])))
    assert picture.caption.startswith("gtzan_archive, 1 fold, 1 seed.")
    assert [text.get_text() for text in picture.figure.axes[0].texts] == ["SE-CNN, P2"]


def test_an_epoch_that_was_begun_anew_counts_once(tmp_path: Path, write_metrics) -> None:
    run = write_metrics(tmp_path / "a", accuracy=[0.1, 0.2])
    with (run / "metrics.csv").open("a") as file:
        file.write("1,0.5,0.7,0.4,0.6,0.6\n2,0.4,0.8,0.3,0.7,0.7\n")
    curves = load_curves(run)
    assert curves.epoch.tolist() == [0, 1, 2]
    assert curves.values["train_accuracy"] == pytest.approx([0.1, 0.7, 0.8])


def test_what_is_no_run_is_named(tmp_path: Path, write_metrics) -> None:
    with pytest.raises(RunError, match="No run folder"):
        find_curves([tmp_path / "nowhere"])
    with pytest.raises(RunError, match=r"has no metrics\.csv"):
        find_curves([tmp_path])
    run = write_metrics(tmp_path / "run", accuracy=[0.1])
    (run / "metrics.csv").write_text("epoch,train_loss\nx,1\n")
    with pytest.raises(DataError, match="cannot be read"):
        load_curves(run)
    (run / "metrics.csv").write_text("epoch,train_loss\n")
    with pytest.raises(DataError, match="no epoch yet"):
        load_curves(run)
    with pytest.raises(DataError, match="No runs"):
        draw_curves([])
    assert np.isfinite(load_curves(write_metrics(tmp_path / "good", accuracy=[0.1])).values["train_loss"]).all()


def test_a_folder_of_folders_of_runs_names_one(tmp_path: Path, write_metrics) -> None:
    run = write_metrics(tmp_path / "runs" / "a" / "fold0", accuracy=[0.3])
    with pytest.raises(NoSuchRunError, match=f"no run in {tmp_path} itself. Name what lies below, such as {run}"):
        find_curves([tmp_path])


def test_metrics_of_something_else_are_told(tmp_path: Path, write_metrics) -> None:
    run = write_metrics(tmp_path / "a", accuracy=[0.3])
    (run / "metrics.csv").write_text("step,loss\n0,1.0\n")
    with pytest.raises(DataError, match="has no column epoch: it is not the record of a training"):
        load_curves(run)
