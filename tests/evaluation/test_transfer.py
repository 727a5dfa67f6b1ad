from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrekit.data import Dataset, Track
from genrekit.errors import DataError
from genrekit.evaluation.transfer import Answer, shared_genres, transfer

OTHER = Dataset(
    "other",
    ("folk", "jazz", "metal", "rock"),
    (
        Track("a", "jazz", artist="X"),
        Track("b", "metal"),
        Track("c", "jazz", artist="Y"),
        Track("d", "folk"),
    ),
)
KNOWN = ("blues", "jazz", "metal", "rock")


def _answer(genre: str, blues: float, jazz: float, metal: float) -> Answer:
    return Answer(genre, {"blues": blues, "jazz": jazz, "metal": metal, "rock": 1 - blues - jazz - metal})


ANSWERS = {
    "a": _answer("jazz", 0.1, 0.6, 0.2),
    "b": _answer("unknown", 0.4, 0.3, 0.2),
    "c": _answer("rock", 0.0, 0.0, 0.0),
    "d": _answer("rock", 0.0, 0.0, 0.0),
}


def test_shared_genres_are_known_to_one_and_played_in_the_other() -> None:
    assert shared_genres(KNOWN, OTHER) == ("jazz", "metal")
    assert shared_genres((*KNOWN, "folk"), OTHER, only=["metal", "folk"]) == ("folk", "metal")


def test_fewer_than_two_are_refused() -> None:
    with pytest.raises(DataError, match=r"At least two shared genres are needed; 1 .*has tracks of folk, jazz, metal"):
        shared_genres(("jazz", "Metal"), OTHER)
    with pytest.raises(DataError, match="1 would be asked for"):
        shared_genres(KNOWN, OTHER, only=["jazz"])
    with pytest.raises(DataError, match=r"'jaz' is not shared \(did you mean 'jazz'\?\). Shared: jazz, metal"):
        shared_genres(KNOWN, OTHER, only=["jaz", "metal"])


def test_probabilities_are_divided_by_their_sum_and_losses_counted() -> None:
    result = transfer(OTHER, ANSWERS, ("jazz", "metal"), model="m")
    table = result.predictions
    assert (table.protocol, table.dataset, table.recipe, table.contaminated) == ("P5", "other", "m", False)
    assert table.track.tolist() == ["a", "b", "c"] and set(table.part.tolist()) == {"test"}
    assert table.label.tolist() == [0, 1, 0]
    assert table.artist is not None and table.artist.tolist() == ["X", "", "Y"]
    # Of nothing but other genres nothing is known: neither of the shared ones is more likely.
    np.testing.assert_allclose(table.probabilities, [[0.75, 0.25], [0.6, 0.4], [0.5, 0.5]], rtol=1e-6)
    assert (result.n_unknown, result.n_elsewhere, result.n_failed) == (1, 2, 0)
    notes = " ".join(result.notes())
    assert "3 tracks are scored over the 2 genres" in notes and "jazz 2, metal 1" in notes and "1 of these" in notes


def test_tracks_without_an_answer_failed() -> None:
    result = transfer(OTHER, {"b": ANSWERS["b"]}, ("jazz", "metal"), model="m")
    assert result.n_failed == 2 and "not scored: 2" in result.notes()[-1]
    with pytest.raises(DataError, match="None of the 3 tracks of data set 'other' has an answer"):
        transfer(OTHER, {"d": ANSWERS["d"]}, ("jazz", "metal"), model="m")


def test_an_answer_in_other_genres_is_refused() -> None:
    with pytest.raises(DataError, match="track 'b' has no probability of metal"):
        transfer(OTHER, {"b": Answer("jazz", {"jazz": 1.0})}, ("jazz", "metal"), model="m")


@given(st.lists(st.lists(st.floats(0, 1), min_size=4, max_size=4), min_size=1, max_size=8))
def test_any_answers_make_a_table_that_keeps_the_order_of_the_shared_genres(rows: list[list[float]]) -> None:
    tracks = tuple(Track(f"{k}", "jazz") for k in range(len(rows)))
    answers = {f"{k}": Answer("rock", dict(zip(KNOWN, row, strict=True))) for k, row in enumerate(rows)}
    table = transfer(replace(OTHER, tracks=tracks), answers, ("jazz", "metal"), model="m").predictions
    for p, row in zip(table.probabilities, rows, strict=True):
        assert p.sum() == pytest.approx(1, abs=1e-6)
        assert (row[1] <= row[2] or p[0] >= p[1]) and (row[2] <= row[1] or p[1] >= p[0])
