"""Confusion, reliability and folds: the numbers beside the pictures are those of the predictions."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest
from stored_splits import write_split

from genrekit.analysis.captions import panel_mark
from genrekit.analysis.confusion import draw_confusion
from genrekit.analysis.fold_metrics import draw_folds, fold_metrics
from genrekit.analysis.reliability import draw_reliability
from genrekit.analysis.stored import Scored, group_runs, read_scored
from genrekit.errors import DataError
from genrekit.evaluation.from_runs import evaluate_runs
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.runs import find_runs


def test_confusion(tmp_path: Path, write_run, table_of) -> None:
    scored = read_scored(find_runs(write_run(tmp_path / "run")), command="test")
    rows = {(row["true"], row["decided"]): row for row in table_of(draw_confusion(scored))}
    assert len(rows) == 9
    # The last six of thirty tracks are wrong, two of each genre, each taken for the next one.
    assert {key: int(row["n"]) for key, row in rows.items() if row["n"] != "0"} == {
        ("blues", "blues"): 8, ("jazz", "jazz"): 8, ("rock", "rock"): 8,
        ("blues", "jazz"): 2, ("jazz", "rock"): 2, ("rock", "blues"): 2,
    }  # fmt: skip
    assert float(rows["blues", "jazz"]["share"]) == 0.2


@pytest.mark.parametrize("columns", [1, 2])
def test_confusion_draws_each_number_once(tmp_path: Path, write_run, columns: int) -> None:
    scored = read_scored(find_runs(write_run(tmp_path / "run")), command="test")
    picture = draw_confusion(scored, columns=columns)
    assert sorted(text.get_text() for text in picture.figure.axes[0].texts) == ["20"] * 3 + ["80"] * 3
    assert "Accuracy 80.0 %" in picture.caption


@pytest.mark.parametrize(
    ("n_genres", "columns", "legible"), [(16, 1, True), (24, 1, True), (24, 2, True), (60, 2, False)]
)
def test_confusion_of_many_genres_has_smaller_type_and_no_numbers_that_none_can_read(
    n_genres: int, columns: int, legible: bool
) -> None:
    rng, label = np.random.default_rng(0), np.arange(20 * n_genres) % n_genres
    n = len(label)
    predictions = Predictions(
        genres=tuple(f"g{k:02}" for k in range(n_genres)),
        track=np.array([f"t{k:05}" for k in range(n)]),
        start_s=np.zeros(n),
        part=np.full(n, "test"),
        fold=np.zeros(n, int),
        seed=np.zeros(n, int),
        label=label,
        probabilities=rng.dirichlet(np.ones(n_genres), n),
        protocol="P2",
        contaminated=False,
        recipe="any",
        dataset="many",
    )
    scored = Scored(predictions, "any", "mean", n_folds=1, validates_on_test=False, excerpts_sha256="")
    picture = draw_confusion(scored, columns=columns)
    axes = picture.figure.axes[0]
    assert bool(axes.texts) == legible == ("cells in % of their row" in picture.caption)
    picture.figure.canvas.draw()
    names = [label.get_window_extent() for label in axes.get_yticklabels()]
    assert not any(one.overlaps(two) for one, two in pairwise(names))
    assert [row[:2] for row in picture.rows[:2]] == [("g00", "g00"), ("g00", "g01")]


def test_reliability(tmp_path: Path, write_run, table_of) -> None:
    runs = find_runs(write_run(tmp_path / "run", n_right=21))
    picture = draw_reliability(read_scored(runs, command="test"))
    rows = table_of(picture)
    assert len(rows) == 15
    (filled,) = [row for row in rows if row["n"] != "0"]
    assert (int(filled["n"]), float(filled["accuracy"])) == (30, 0.7)
    assert float(filled["mean_confidence"]) == pytest.approx(0.8, abs=1e-6)
    card = evaluate_runs(runs, command="test").calibration
    assert picture.facts["expected_calibration_error"] == card.error == pytest.approx(0.1, abs=1e-6)
    assert picture.facts["brier"] == card.brier
    # Thirty tracks that are 80 % sure: their share of right ones alone varies by 7 points.
    assert picture.facts["error_if_calibrated_95_percent"] == card.if_calibrated.high == pytest.approx(0.14, abs=0.03)
    assert f"(by chance alone up to {100 * card.if_calibrated.high:.1f} %)" in picture.figure.axes[0].get_title("left")
    assert [row["accuracy"] for row in rows if row["n"] == "0"] == [""] * 14


@pytest.mark.parametrize("protocol", ["P1", "P2"])
@pytest.mark.parametrize("columns", [1, 2])
def test_nothing_lies_on_the_bins_of_a_reliability_diagram(
    tmp_path: Path, write_run, protocol: str, columns: int
) -> None:
    runs = find_runs(write_run(tmp_path / "run", protocol=protocol, n_unsure=3))
    figure = draw_reliability(read_scored(runs, command="test"), columns=columns).figure
    figure.draw_without_rendering()
    upper, (legend,) = figure.axes[0], figure.legends
    assert not upper.texts and "NLL" in upper.get_title("left")
    frame, title, explained = (part.get_window_extent() for part in (upper.patch, upper._left_title, legend))
    radius = max(upper.collections[1].get_sizes()) ** 0.5 / 2 * figure.dpi / 72
    assert title.y0 > frame.y1 + radius and explained.y0 > title.y1
    assert max(title.x1, explained.x1) <= figure.bbox.x1
    suptitle = figure._suptitle
    if protocol == "P1":
        first = min(text.get_window_extent().y1 for text in legend.get_texts())
        assert first < suptitle.get_window_extent().y0
    else:
        assert suptitle is None


def test_a_reliability_diagram_explains_its_signs_and_shows_the_size_of_bins(tmp_path: Path, write_run) -> None:
    runs = find_runs(write_run(tmp_path / "run", n_right=21, n_unsure=3))
    figure = draw_reliability(read_scored(runs, command="test")).figure
    upper, lower = figure.axes
    words = " ".join(text.get_text() for text in figure.legends[0].get_texts())
    for sign in ("accuracy of a bin", "more tracks", "95 % interval", "gap to mean confidence", "perfect calibration"):
        assert sign in words
    gaps, discs, intervals = upper.collections
    few, many = discs.get_sizes()
    assert many == pytest.approx(few * 3)  # By the root of 3 and 27 tracks.
    assert sorted(bar.get_height() for bar in lower.patches)[-2:] == [3, 27]
    assert discs.get_offsets().tolist() == [pytest.approx([0.5, 1.0]), pytest.approx([0.8, 18 / 27])]
    assert [segment[:, 1].tolist() for segment in gaps.get_segments()] == [
        pytest.approx([0.5, 1.0]), pytest.approx([0.8, 18 / 27]),
    ]  # fmt: skip
    expected = binomtest(18, 27).proportion_ci(0.95, method="wilson")
    assert intervals.get_segments()[1][:, 1].tolist() == pytest.approx([expected.low, expected.high])


def test_folds(tmp_path: Path, write_run, table_of) -> None:
    for fold, right in enumerate((21, 24, 27)):
        write_run(tmp_path / "clean" / str(fold), fold=fold, n_right=right, first_track=100 * fold)
    write_run(tmp_path / "leak", protocol="P1", n_right=30)
    runs = [*find_runs(tmp_path / "clean"), *find_runs(tmp_path / "leak")]
    systems = [fold_metrics(read_scored(group, command="test")) for group in group_runs(runs)]
    picture = draw_folds(systems)
    rows = table_of(picture)
    assert "A lone dot is one fold" in picture.caption and "Line and band" in picture.caption
    assert [(row["system"], row["fold"], float(row["accuracy"])) for row in rows] == [
        ("se_cnn, P2", "0", 0.7), ("se_cnn, P2", "1", 0.8), ("se_cnn, P2", "2", 0.9), ("se_cnn, P1", "0", 1.0),
    ]  # fmt: skip
    accuracy = picture.facts["systems"][0]["spread_ddof_0"]["accuracy"]
    assert (accuracy["mean"], accuracy["deviation"]) == pytest.approx((0.8, np.std([0.7, 0.8, 0.9])))
    assert picture.contaminated and "CONTAMINATED where marked" in picture.figure.get_suptitle()
    marked = [
        text.get_text() for axes in picture.figure.axes for text in axes.texts if "CONTAMINATED" in text.get_text()
    ]
    assert marked == ["(b) CONTAMINATED: se_cnn, P1"]
    assert len(picture.figure.axes) == 8
    # Drawn and stored are the same numbers.
    (points,) = [line for line in picture.figure.axes[0].lines if line.get_marker() == "o"]
    assert points.get_ydata() == pytest.approx([70, 80, 90])
    # Folds have the numbers of recipes and run folders.
    assert [tick.get_text() for tick in picture.figure.axes[0].get_xticklabels()] == ["0", "1", "2"]


def test_one_fold_has_no_mean(tmp_path: Path, write_run) -> None:
    runs = find_runs(write_run(tmp_path / "run", n_folds=5, title="SE-CNN (report A)"))
    picture = draw_folds([fold_metrics(read_scored(runs, command="test"))])
    assert "1 of 5 folds" in picture.caption and not picture.caption.startswith("(")
    assert "band" not in picture.caption and "one fold with one seed" in picture.caption
    for axes in picture.figure.axes:
        assert [len(line.get_xdata()) for line in axes.lines] == [1, 1] and not axes.patches
        assert "±" not in axes.get_title("right")


def test_rows_of_folds_are_called_as_in_the_curves(tmp_path: Path, write_run, table_of) -> None:
    for protocol in ("P2", "P4"):
        write_run(tmp_path / protocol, protocol=protocol, title="SE-CNN (report A)")
    systems = [fold_metrics(read_scored(group, command="test")) for group in group_runs(find_runs(tmp_path))]
    picture = draw_folds(systems)
    titles = [text.get_text() for axes in picture.figure.axes for text in axes.texts]
    assert titles == ["(a) SE-CNN (report A), P2", "(b) SE-CNN (report A), P4"]
    assert picture.caption.startswith("(a) se_cnn on gtzan_archive; P2") and " (b) se_cnn on" in picture.caption
    # A table is read by the names of recipes.
    assert [row["system"] for row in table_of(picture)] == ["se_cnn, P2", "se_cnn, P4"]


def test_what_was_stopped_on_the_scored_part_is_called_so_beside_what_was_not(
    tmp_path: Path, write_run, table_of
) -> None:
    for validation in ("test", "inner"):
        write_split(write_run(tmp_path / validation, n_folds=1), validation=validation)
    systems = [
        fold_metrics(read_scored(find_runs(tmp_path / validation), command="test")) for validation in ("inner", "test")
    ]
    picture = draw_folds(systems)
    titles = [text.get_text() for axes in picture.figure.axes for text in axes.texts]
    assert titles == ["(a) se_cnn, P2", "(b) se_cnn, P2 stopped on test"]
    assert [row["system"] for row in table_of(picture)] == ["se_cnn, P2", "se_cnn, P2 stopped on test"]


def test_more_rows_than_letters_are_called_by_two() -> None:
    assert [panel_mark(index, 800) for index in (0, 25, 26, 27, 51, 52, 701, 702)] == [
        "(a) ", "(z) ", "(aa) ", "(ab) ", "(az) ", "(ba) ", "(zz) ", "(aaa) ",
    ]  # fmt: skip
    assert panel_mark(0, 1) == ""


def test_no_runs_are_no_picture() -> None:
    with pytest.raises(DataError, match="No runs to draw"):
        draw_folds([])
