from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, precision_recall_fscore_support
from sklearn.metrics import confusion_matrix as sklearn_confusion

from genrekit.errors import DataError
from genrekit.evaluation.fusion import fuse
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.scores import Spread, confusion_matrix, macro_metrics, per_run, score, spread

Make = Callable[..., Predictions]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60))
@settings(max_examples=150)
def test_macro_metrics_agree_with_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    truth, answer = (np.array(column) for column in zip(*pairs, strict=True))
    confusion = confusion_matrix(truth, answer, 5)
    np.testing.assert_array_equal(confusion, sklearn_confusion(truth, answer, labels=range(5)))
    ours = macro_metrics(confusion)
    precision, recall, f1, _ = precision_recall_fscore_support(
        truth, answer, labels=np.unique(truth), average="macro", zero_division=0
    )
    expected = {"accuracy": accuracy_score(truth, answer), "precision": precision, "recall": recall, "f1": f1}
    for name, value in expected.items():
        assert ours[name] == pytest.approx(value, abs=1e-12), name


def test_many_matrices_are_scored_at_once() -> None:
    matrices = np.random.default_rng(0).integers(0, 9, (4, 3, 5, 5))
    together = macro_metrics(matrices)["f1"]
    assert together.shape == (4, 3)
    assert together[2, 1] == macro_metrics(matrices[2, 1])["f1"]


def test_a_matrix_without_counts_has_no_score() -> None:
    assert all(math.isnan(value) for value in macro_metrics(np.zeros((3, 3))).values())


def test_known_accuracy_comes_out(make_predictions: Make) -> None:
    scores = score(fuse(make_predictions(accuracy=0.75), "mean"))
    assert scores.accuracy == 0.75
    assert scores.n == 40
    assert scores.confusion.sum() == 40
    assert np.trace(scores.confusion) == 30


def test_seeds_are_averaged_not_pooled(make_predictions: Make) -> None:
    tables = [make_predictions(seed=s, accuracy=a, generator_seed=s) for s, a in enumerate((0.5, 0.7, 0.9))]
    pooled = score(Predictions.concatenate(tables))
    assert pooled.f1 == pytest.approx(np.mean([score(table).f1 for table in tables]))
    assert pooled.accuracy == pytest.approx(0.7)
    assert pooled.confusion.sum() == 3 * 40 * 3


def test_genres_are_scored_one_by_one(make_predictions: Make) -> None:
    genres = score(fuse(make_predictions(accuracy=0.5), "mean")).per_genre()
    assert [g.genre for g in genres] == ["blues", "classical", "country", "disco"]
    assert sum(g.n for g in genres) == 40
    assert np.mean([g.recall for g in genres if g.recall is not None]) == 0.5
    for genre in genres:
        assert genre.taken_for != genre.genre


def test_a_genre_that_does_not_occur_has_no_recall(make_predictions: Make) -> None:
    table = make_predictions()
    scores = score(table.take(np.flatnonzero(table.label != 2)))
    country = scores.per_genre()[2]
    assert (country.n, country.recall, country.f1, country.taken_for) == (0, None, None, None)


def test_runs_are_listed_by_fold_and_seed(make_predictions: Make) -> None:
    table = Predictions.concatenate([make_predictions(fold=f, seed=s) for f in (1, 0) for s in (5, 2)])
    runs = per_run(table)
    assert [(run.fold, run.seed) for run in runs] == [(0, 2), (0, 5), (1, 2), (1, 5)]
    assert spread(runs)["accuracy"].n_runs == 4


def test_nothing_to_score_is_said(make_predictions: Make) -> None:
    with pytest.raises(DataError, match="has no rows"):
        score(make_predictions().select(part="train"))


@pytest.mark.parametrize(
    ("folds", "mean", "deviation"),
    [
        ((74.34, 75.82, 79.58, 79.16, 76.79), 77.14, 1.99),  # report A, table 3
        ((73.82, 73.92, 64.97, 78.42, 77.61), 73.75, 4.77),
        ((81.5, 85.0, 86.0, 96.5, 95.5), 88.9, 5.99),  # report A, table 4
        ((83.0, 79.5, 74.5, 97.0, 92.0), 85.2, 8.21),
        ((85.0, 87.5, 84.5, 85.0, 82.0), 84.8, 1.75),  # report A, table 5
    ],
)
def test_the_deviation_is_that_of_report_a(folds: tuple[float, ...], mean: float, deviation: float) -> None:
    result = Spread.of(folds)
    assert result.mean == pytest.approx(mean, abs=0.006)
    assert result.deviation == pytest.approx(deviation, abs=0.006)


def test_repeated_runs_per_fold_are_pooled_as_in_report_a() -> None:
    folds = ((84.5, 0.41), (78.83, 3.40), (81.17, 1.65), (80.50, 2.68), (80.17, 1.25))  # report A, table 5
    # Two runs a fold with the fold's mean and deviation.
    runs = [value for mean, deviation in folds for value in (mean - deviation, mean + deviation)]
    result = Spread.of(runs)
    assert result.mean == pytest.approx(81.03, abs=0.006)
    assert result.deviation == pytest.approx(2.87, abs=0.006)


def test_one_run_has_no_deviation() -> None:
    assert Spread.of([0.6]) == Spread(0.6, None, 1)
    with pytest.raises(DataError, match="at least one run"):
        Spread.of([])
