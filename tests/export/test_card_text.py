from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("torch")

from genrekit.evaluation.summary import evaluate_predictions
from genrekit.export.calibration import Calibration
from genrekit.export.card_text import run_card_text
from genrekit.features import ARCHIVE_LOG_MEL
from genrekit.models import ModelSpec, WeightsHeader
from tests.evaluation.conftest import make_predictions

TRAINED_ON = {"dataset": "gtzan_archive", "name": "artist_disjoint", "fold": 2, "protocol": "P4"}


@pytest.fixture
def header() -> WeightsHeader:
    return WeightsHeader(("blues", "jazz"), ModelSpec("res_cnn", 2, 128), ARCHIVE_LOG_MEL, 10.0)


def text_of(header: WeightsHeader, **options: Any) -> str:
    options = {"trained_on": TRAINED_ON, "scores": None, "calibration": Calibration(), **options}
    return run_card_text("own", header, **options)


def test_says_what_it_is_and_that_nothing_more_is_known(header: WeightsHeader) -> None:
    text = text_of(header, trained_on={})
    assert text.startswith(
        "# own\n\nA res_cnn network on windows of 10 s at 22050 Hz. It gives one of 2 genres: blues, jazz."
    )
    assert "Not scored: `genrekit evaluate RUN` before the export" in text
    assert "Not calibrated: confidence is the network's own" in text
    assert "trained on gtzan_archive (artist_disjoint, fold 2)" in text_of(header)


def test_says_how_good_it_is_with_all_that_its_report_card_warns_of(
    header: WeightsHeader,
) -> None:
    scores = evaluate_predictions(make_predictions(protocol="P2")).to_dict()
    text = text_of(header, scores=scores)
    view = next(view for view in scores["views"] if view["name"] == "file-wise, mean")
    interval = view["intervals"]["accuracy"]
    assert f"Accuracy per track {100 * view['accuracy']:.1f} % (95 % interval {100 * interval['low']:.1f} to" in text
    assert f"on {scores['n_tracks']} tracks of the test part, under protocol P2" in text
    assert scores["notes"]
    for note in scores["notes"]:
        assert f"\n- {note}" in text


def test_a_record_of_another_form_is_no_score(header: WeightsHeader) -> None:
    assert "Not scored" in text_of(header, scores={"test": {"accuracy": 0.5}})


def test_says_by_what_it_was_calibrated(header: WeightsHeader) -> None:
    text = text_of(header, trained_on={**TRAINED_ON, "calibrated_on": "valid"}, calibration=Calibration(1.5, 0.75, 0.4))
    assert (
        "Calibrated on the valid part: temperature 1.500 for windows and 0.750 for files; below a confidence of 0.400"
        in text
    )
