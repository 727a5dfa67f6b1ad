from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import replace
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from stored_splits import split_values

from genrekit.errors import DataError
from genrekit.evaluation.calibration import reliability_table
from genrekit.evaluation.card.content import report_content
from genrekit.evaluation.card.html import render_html
from genrekit.evaluation.card.markdown import render_markdown
from genrekit.evaluation.card.svg import Dot, confusion_svg, dots_svg, reliability_svg
from genrekit.evaluation.card.writing import write_report
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.runs import StoredSplit
from genrekit.evaluation.summary import Evaluation, evaluate_predictions

Make = Callable[..., Predictions]
GOLDEN = Path(__file__).parent / "golden" / "report.md"
GENRES = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")
VOID = {"meta", "link", "br", "hr", "img"}


def split_of(fold: int, n_folds: int) -> StoredSplit:
    shared = [
        {
            "first": first,
            "second": "test",
            "relation": relation,
            "n_shared": count,
            "n_first": count,
            "n_second": 2 * count,
            "n_second_total": 60,
        }
        for first in ("train", "train+valid")
        for relation, count in (("track", 0), ("copy", 0), ("recording", 1), ("artist", 7))
    ]
    proof = {"shared": shared, "n_test": 60, "n_test_touched": 15, "n_unknown_artists": 4}
    return StoredSplit.from_dict(f"run-{fold}", split_values(fold=fold, n_folds=n_folds, proof=proof))


@pytest.fixture(scope="session")
def evaluation(make_predictions: Make) -> Evaluation:
    tables = []
    for fold in range(2):
        for seed in range(3):
            table = make_predictions(
                n_tracks=60, genres=GENRES, fold=fold, seed=seed, generator_seed=fold * 3 + seed, accuracy=0.8
            )
            tracks = np.array([f"{name}-{fold}" for name in table.track])
            tables.append(replace(table, track=tracks))
    return evaluate_predictions(
        Predictions.concatenate(tables), splits=[split_of(fold, 2) for fold in range(2)] * 3, n_readings=[1] * 6
    )


class Balance(HTMLParser):
    """Fails on a tag that is not closed, or closed by another."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_markdown_card_is_the_golden_one(evaluation: Evaluation) -> None:
    text = render_markdown(report_content(evaluation))
    if os.environ.get("GENREKIT_UPDATE_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_markdown_tables_are_rectangular(evaluation: Evaluation) -> None:
    width = 0
    for line in render_markdown(report_content(evaluation)).splitlines():
        cells = line.replace("\\|", "").count("|") if line.startswith("|") else 0
        assert not (width and cells) or cells == width, line
        width = cells


def test_the_page_is_whole_and_needs_nothing_else(evaluation: Evaluation) -> None:
    page = render_html(report_content(evaluation))
    balance = Balance()
    balance.feed(page)
    assert balance.open == []
    assert balance.addresses == []
    assert "<script" not in page and "@import" not in page and "url(" not in page
    assert "prefers-color-scheme: dark" in page and "@media print" in page
    assert page.count("<svg") == 3


def test_both_cards_say_the_same_figures(evaluation: Evaluation) -> None:
    content = report_content(evaluation)
    page, text = render_html(content), render_markdown(content)
    for fact in content.facts:
        assert f"<dt>{escape(fact.label)}</dt><dd><b>{escape(fact.value)}</b>" in page
        assert f"| {fact.label} | **{fact.value}** |" in text
    for section in content.sections:
        assert f"<h2>{section.title}</h2>" in page and f"## {section.title}" in text


def test_the_proof_is_summed_over_folds_not_over_seeds(evaluation: Evaluation) -> None:
    text = render_markdown(report_content(evaluation))
    assert "| train+valid and test | 0 | 0 | **2 (4 of 120 tracks)** | **14 (28 of 120 tracks)** |" in text
    assert "30 of 120 test tracks share anything" in text


def test_contamination_cannot_be_overlooked(make_predictions: Make) -> None:
    content = report_content(evaluate_predictions(make_predictions(protocol="P1")))
    page, text = render_html(content), render_markdown(content)
    assert text.startswith("# CONTAMINATED: ")
    assert "> **CONTAMINATED. Training has heard" in text
    assert "<title>CONTAMINATED: " in page and 'class="banner" role="alert">CONTAMINATED.' in page
    assert "meaningless for new music" in page and "meaningless for new music" in text
    clean = render_html(report_content(evaluate_predictions(make_predictions())))
    assert "CONTAMINATED" not in clean and 'role="alert"' not in clean


def test_what_is_missing_has_its_place(make_predictions: Make) -> None:
    text = render_markdown(report_content(evaluate_predictions(make_predictions(n_tracks=3, n_excerpts=1))))
    assert "Missing: these runs hold no proof of their split" in text
    assert "One run: no deviation can be stated." in text
    assert "No published figure belongs to P2 with these genres." in text
    assert "| disco | 0 | 0.0 | no track | no track | none |" in text


def test_names_cannot_break_the_markup(make_predictions: Make) -> None:
    genres = ("<b>rock</b>", "r|b", "drum & bass", "`x` *y*")
    content = report_content(evaluate_predictions(make_predictions(genres=genres, recipe="a</title><script>")))
    page = render_html(content)
    balance = Balance()
    balance.feed(page)
    assert balance.open == []
    assert "<script" not in page and "<b>rock" not in page
    for line in render_markdown(content).splitlines():
        assert "\\<b>rock" in line or "<b>rock" not in line


@pytest.mark.parametrize("n_genres", [2, 10, 20])
def test_drawings_are_well_formed(n_genres: int) -> None:
    genres = tuple(f"genre <{i}>" for i in range(n_genres))
    confusion = np.eye(n_genres, dtype=np.int64) * 3
    confusion[0] = 0
    drawing = ElementTree.fromstring(confusion_svg(confusion, genres))
    cells = [rect for rect in drawing.iter("{http://www.w3.org/2000/svg}rect") if rect.get("class") == "cell"]
    assert len(cells) == n_genres**2
    for drawn in (
        reliability_svg(reliability_table([0.0, 0.5, 1.0], [False, True, True])),
        dots_svg([Dot("a & b", 99.0, 98.0, 100.5, True, False, False), Dot("c", 0.5, None, None, False, True, True)]),
    ):
        root = ElementTree.fromstring(drawn)
        width, height = map(float, root.get("viewBox", "").split()[2:])
        for shape in root.iter("{http://www.w3.org/2000/svg}rect"):
            box = [float(shape.get(name, "nan")) for name in ("x", "y", "width", "height")]
            assert min(box) >= 0 and box[0] + box[2] <= width + 0.5 and box[1] + box[3] <= height + 0.5


def test_files_are_written_and_replaced(tmp_path: Path, evaluation: Evaluation) -> None:
    for _ in range(2):
        paths = write_report(evaluation, tmp_path / "new" / "folder")
    assert [path.name for path in paths] == ["report.md", "report.html", "scores.json"]
    assert sorted(path.name for path in paths[0].parent.iterdir()) == ["report.html", "report.md", "scores.json"]
    scores = json.loads(paths[2].read_text(encoding="utf-8"))
    assert scores["views"][1]["accuracy"] == pytest.approx(0.8)
    assert scores["spread"]["accuracy"]["n_runs"] == 6
    assert "parts" not in scores["splits"][0]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, evaluation: Evaluation) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file")
    with pytest.raises(DataError, match=r"report cannot be written to .*taken.*--output"):
        write_report(evaluation, taken)
