"""What is written of the bundled model is what its stored predictions give."""

from __future__ import annotations

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def write_results(load_script):
    pytest.importorskip("onnx")
    return load_script("write_results")


@pytest.fixture(scope="module")
def accuracies(write_results):
    return {group: write_results.accuracy_of(group) for group in write_results.GROUPS}


@pytest.fixture(scope="module")
def values(write_results):
    return {**write_results.read_json("calibration.json"), **write_results.confidences()}


def test_the_tables_in_readme_and_docs_are_of_the_stored_scores(write_results, accuracies, values) -> None:
    tables = write_results.page_tables(accuracies, values)
    for name, wanted in write_results.PAGES.items():
        page = (REPOSITORY / name).read_text(encoding="utf-8")
        for one in wanted:
            assert write_results.with_table(page, one, tables[one]) == page, (name, one)


def test_the_card_is_of_the_stored_scores_and_stands_in_the_model_file(write_results, accuracies, values) -> None:
    from genrekit.inference import ModelFile

    text = write_results.card_text(accuracies, values)
    assert (REPOSITORY / "results" / "default_model" / "model_card.md").read_text(encoding="utf-8") == text
    assert ModelFile.read(write_results.ASSET).card.text == text


def test_a_page_without_a_place_for_a_table_is_told(write_results) -> None:
    with pytest.raises(SystemExit, match="0 places for the table 'aims'"):
        write_results.with_table("nothing here", "aims", "| a |")


def test_each_fold_is_answered_by_a_calibration_of_the_others(write_results) -> None:
    scores = write_results.pooled("p4")
    held_out = write_results.held_out_confidence(scores)
    calibration = write_results.calibration_of(write_results.read_json("calibration.json"))
    fitted = write_results.confidence_of(scores, calibration)
    assert held_out != fitted
    assert held_out.share_answered == pytest.approx(fitted.share_answered, abs=0.03)


def test_confusions_are_counted_the_most_frequent_first(write_results) -> None:
    found = write_results.confusions("p4")
    accuracy = write_results.accuracy_of("p4").accuracy
    assert sum(n for *_, n in found) == pytest.approx(999 * (1 - accuracy))
    assert [n for *_, n in found] == sorted((n for *_, n in found), reverse=True)
