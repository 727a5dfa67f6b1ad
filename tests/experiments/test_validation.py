from __future__ import annotations

import pytest

from genrekit.experiments.validation import Validation, read_validation
from genrekit.training.recipes.recipe import Recipe, parse_recipe
from genrekit.training.run import Run

LOG = """epoch,train_loss,train_accuracy,valid_loss,valid_accuracy,valid_file_accuracy
0,2.0,0.2,2.1,0.5,0.4
1,1.0,0.4,1.1,0.7,0.6
2,0.9,0.5,1.0,0.7,0.8
3,0.8,0.6,1.2,0.6,0.7
"""


def recipe(**optimisation) -> Recipe:
    values = {
        "name": "any",
        "data": {"dataset": "gtzan_archive"},
        "split": {"name": "a_folds"},
        "excerpts": {"window_s": 3.0, "hop_s": 3.0},
        "features": "archive_log_mel",
        "model": {"name": "res_cnn"},
        "optimisation": {"learning_rate": 1, "max_epochs": 9, **optimisation},
    }
    return parse_recipe(values, source="test")


@pytest.mark.parametrize(
    ("changes", "kept_epoch", "monitor"),
    [
        ({"monitor": "valid_accuracy"}, 2, 0.7),
        ({"monitor": "valid_file_accuracy"}, 3, 0.8),
        ({"monitor": "valid_loss"}, 3, 1.0),
        ({"keep": "last"}, 4, 0.6),
    ],
)
def test_the_kept_epoch_is_the_one_that_training_keeps(tmp_path, changes, kept_epoch, monitor):
    (tmp_path / "metrics.csv").write_text(LOG)
    reached = read_validation(Run(tmp_path), recipe(**changes))
    assert (reached.epochs, reached.kept_epoch, reached.monitor) == (4, kept_epoch, monitor)


def test_before_the_first_epoch_and_without_validation(tmp_path):
    kept_last = recipe(keep="last")
    assert read_validation(Run(tmp_path), kept_last) is None
    (tmp_path / "metrics.csv").write_text(LOG.splitlines()[0] + "\n")
    assert read_validation(Run(tmp_path), kept_last) is None
    (tmp_path / "metrics.csv").write_text(LOG.splitlines()[0] + "\n0,2.0,0.2,,,\n")
    assert read_validation(Run(tmp_path), kept_last) == Validation(1, 1, None, None, None)


def test_epochs_without_labels_count_and_come_first(tmp_path):
    with_both = parse_recipe(
        {
            **recipe(keep="last").model_dump(exclude={"ensemble"}),
            "excerpts": {"window_s": 3.0, "hop_s": 3.0, "train": "random"},
            "pretraining": {"epochs": 3},
        },
        source="test",
    )
    assert with_both.max_epochs == 3 + 9
    (tmp_path / "pretraining.csv").write_text("epoch,contrast_loss\n0,3.1\n1,2.9\n")
    assert read_validation(Run(tmp_path), with_both) == Validation(2, None, None, None, None)
    (tmp_path / "pretraining.csv").write_text("epoch,contrast_loss\n0,3.1\n1,2.9\n2,2.8\n")
    (tmp_path / "metrics.csv").write_text(LOG)
    reached = read_validation(Run(tmp_path), with_both)
    assert (reached.epochs, reached.kept_epoch) == (7, 7)
