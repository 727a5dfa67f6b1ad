from __future__ import annotations

import csv
import io

import pytest

from genrekit.analysis.beside_published import OwnFigure, draw_beside_published, table_beside_published
from genrekit.errors import DataError

OWN = [
    OwnFigure("ours", "P3", 0.612, 0.55, 0.67, "443/197/290"),
    OwnFigure("ours", "P4", 0.70, 0.65, 0.75, "3 folds"),
]


def test_ours_stands_where_its_score_belongs_among_all_of_the_same_protocols() -> None:
    lines = table_beside_published(OWN).splitlines()[2:]
    assert {line.split(" | ")[0] for line in lines} == {"| P3", "| P4"}
    systems = [line.split(" | ")[1] for line in lines if line.startswith("| P3")]
    assert systems.index("CLMR") + 1 == systems.index("**ours**") == systems.index("random CNN features + SVM") - 1
    assert "| P3 | **ours** | **61.2** (55.0 to 67.0) | GTZAN | 443/197/290 |  |" in lines
    assert "| P4 | CNN | 54 ± 2 | GTZAN | 3 folds |" in "\n".join(lines)


def test_picture_has_every_line_of_the_table_and_no_excerpt_scores() -> None:
    picture = draw_beside_published(OWN)
    rows = list(csv.DictReader(io.StringIO(picture.to_csv())))
    assert len(rows) == len(table_beside_published(OWN).splitlines()) - 2
    assert [row["system"] for row in rows if row["own"] == "True"] == ["ours", "ours"]
    assert not [row for row in rows if row["protocol"] not in {"P3", "P4"}]
    axes = picture.figure.get_axes()
    assert [len(ax.get_yticklabels()) for ax in axes] == [sum(r["protocol"] == p for r in rows) for p in ("P3", "P4")]


def test_published_figures_stand_as_they_were_printed() -> None:
    lines = table_beside_published([OwnFigure("ours", "P2", 0.8, 0.7, 0.9, "5 folds")]).splitlines()
    for printed in ("SE-CNN, GAP | 88.9 ± 5.99 |", "SE-CNN, flatten | 81.03 ± 2.87 |", "PANNs | 86.0 |"):
        assert any(printed in line for line in lines), printed


def test_nothing_of_our_own_is_an_error() -> None:
    with pytest.raises(DataError, match="no score of our own"):
        draw_beside_published([])
