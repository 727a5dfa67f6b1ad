from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from stored_splits import split_values

from genrekit.errors import DataError
from genrekit.evaluation.card.content import report_content
from genrekit.evaluation.cautions import cautions
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.published import GTZAN_GENRES, load_published, published_for
from genrekit.evaluation.runs import StoredSplit
from genrekit.evaluation.summary import evaluate_predictions

Make = Callable[..., Predictions]


def test_known_scores_come_out(make_predictions: Make) -> None:
    evaluation = evaluate_predictions(make_predictions(n_tracks=100, accuracy=0.8, confidence=0.6))
    assert evaluation.headline.name == "file-wise, mean"
    assert [view.scores.accuracy for view in evaluation.views] == [0.8, 0.8, 0.8]
    assert [view.scores.n for view in evaluation.views] == [300, 100, 100]
    assert evaluation.calibration.error == pytest.approx(0.2, abs=1e-6)
    assert evaluation.n_artists == 50
    assert evaluation.runs[0].scores.accuracy == 0.8
    interval = evaluation.headline.intervals["accuracy"]
    assert interval.low < 0.8 < interval.high


def test_what_was_computed_shows_itself_in_a_line(make_predictions: Make) -> None:
    evaluation = evaluate_predictions(make_predictions(accuracy=1.0, with_artists=False))
    figures = "accuracy 1.0000 (0.9124 to 1.0000)"
    assert repr(evaluation) == f"<Evaluation se_cnn on gtzan_archive, P2, test part, runs: 1; {figures} of 40 tracks>"
    assert repr(evaluation.headline) == f"<View file-wise, mean: {figures} of 40 tracks>"
    assert repr(evaluation.view(None)) == f"<View excerpt-wise: {figures} of 120 excerpts>"
    assert repr(evaluation.headline.scores) == (
        "<Scores accuracy 1.0000, precision 1.0000, recall 1.0000, f1 1.0000 of 40, 4 genres>"
    )


def test_only_the_chosen_part_counts(make_predictions: Make) -> None:
    both = Predictions.concatenate([make_predictions(accuracy=0.5), make_predictions(part="valid", accuracy=1.0)])
    assert evaluate_predictions(both).headline.scores.accuracy == 0.5
    assert evaluate_predictions(both, part="valid").headline.scores.accuracy == 1.0
    with pytest.raises(DataError, match="no predictions of the train part; parts that are there: test, valid"):
        evaluate_predictions(both, part="train")


def test_the_same_predictions_give_the_same_card(make_predictions: Make) -> None:
    one, two = (evaluate_predictions(make_predictions()).to_dict() for _ in range(2))
    assert one == two


def test_scores_are_plain_json_even_with_gaps(make_predictions: Make) -> None:
    table = make_predictions()
    values = evaluate_predictions(table.take(np.flatnonzero(table.label != 1))).to_dict()
    text = json.dumps(values, allow_nan=False)
    assert json.loads(text) == values
    assert values["views"][1]["per_genre"][1]["recall"] is None


def test_its_notes_are_the_cautions_of_the_part(make_predictions: Make) -> None:
    table = Predictions.concatenate([make_predictions(), make_predictions(part="valid")])
    splits = [StoredSplit.from_dict("run", split_values(n_folds=5, proof={}))]
    for part in ("test", "valid"):
        evaluation = evaluate_predictions(table, part=part, splits=splits, n_readings=[2])
        assert evaluation.notes == cautions(table.select(part=part), splits, [2])


@pytest.mark.parametrize(("artist", "known"), [("Ann", True), ("", False)])
def test_of_tracks_without_artists_no_promise_is_made_of_new_ones(
    make_predictions: Make, artist: str, known: bool
) -> None:
    table = make_predictions(protocol="P4")
    table = replace(table, artist=np.full(len(table), artist))
    evaluation = evaluate_predictions(table)
    notes = "\n".join(evaluation.notes)
    assert ("The intervals hold for artists that were never heard, as far" in notes) == known
    assert ("only if each track is by another one" in notes) != known
    lead = report_content(evaluation).lead
    assert ("no artist, no recording" in lead) == known
    assert ("No artist is known, so that artists may be in two parts unseen" in lead) != known


def test_contamination_is_in_the_title_and_the_notes(make_predictions: Make) -> None:
    mixed = evaluate_predictions(make_predictions(protocol="P1"))
    assert mixed.title.startswith("CONTAMINATED: ")
    assert "meaningless for new music" in mixed.notes[0]
    custom = evaluate_predictions(replace(make_predictions(), protocol="custom", contaminated=True))
    assert "meaningless for new music" in "\n".join(custom.notes)


def test_published_figures_belong_to_the_protocol() -> None:
    figures = load_published()
    assert {figure.protocol for figure in figures} == {"P1", "P2", "P3", "P4"}
    assert all(0 < figure.accuracy < 100 and figure.unit in ("track", "excerpt") for figure in figures)
    of_a = [figure for figure in figures if figure.source.startswith("report A") and figure.protocol == "P2"]
    assert len(of_a) == 10 and all("stopped on the fold that is scored" in figure.note for figure in of_a)
    genres = tuple(sorted(GTZAN_GENRES))
    alone = [figure.accuracy for figure in published_for("P3", genres, "gtzan_archive") if figure.trained_on == "GTZAN"]
    assert alone == [59.7, 57.6, 53.4]
    assert published_for("P3", genres[:6], "gtzan6") == ()
    assert published_for("custom", genres, "gtzan") == ()
    assert published_for("P3", genres, "jamendo_gtzan_genres") == published_for("P3", genres, "mine") == ()
