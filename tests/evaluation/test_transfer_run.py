from __future__ import annotations

from pathlib import Path

import pytest

from genrekit.data import Dataset, Track
from genrekit.data.dataset import Fault
from genrekit.data.splits.across import Heard, heard_by, unheard
from genrekit.errors import LeakError, RunError
from genrekit.evaluation.runs import load_run
from genrekit.evaluation.transfer import Answer, transfer
from genrekit.evaluation.transfer_run import write_transfer

GENRES = ("jazz", "metal")
SURE = Answer("jazz", {"jazz": 0.7, "metal": 0.3})


@pytest.fixture
def heard() -> Heard:
    return heard_by(["gtzan"])


@pytest.fixture
def there(heard: Heard) -> Dataset:
    """Four songs, of which one is of GTZAN's index, and one that is not here."""
    song = next(track for track in heard.tracks if track.artist and track.title)
    return Dataset(
        "other",
        GENRES,
        (
            Track("1", "jazz", artist="A", title="One"),
            Track("2", "metal", artist="B", title="Two"),
            Track("3", "jazz", artist=song.artist, title=song.title),
            Track("4", "metal", artist="C", title="Four"),
        ),
        (Fault("missing", "5", "no file", genre="metal"),),
    )


def test_a_folder_as_of_a_run_says_what_is_shared_and_what_is_lost(
    there: Dataset, heard: Heard, tmp_path: Path
) -> None:
    asked = unheard(there, heard)
    scored = transfer(asked, {"1": SURE, "2": SURE}, GENRES, model="m")
    made = write_transfer(scored, tmp_path, there=there, asked=asked, heard=heard)
    stored = load_run(made.folder)
    assert (stored.predictions.protocol, stored.predictions.track.tolist()) == ("P5", ["1", "2"])
    assert stored.split is not None and stored.split.proof is not None
    # What failed is not scored, and so it is in no part.
    assert stored.split.split.parts["test"] == ("1", "2") and len(stored.split.split.parts["train"]) == 1000
    assert stored.split.proof.crossing["recording"] == 0 and stored.split.proof.refused == ()
    notes = " ".join(stored.split.split.notes)
    for told in (
        "2 tracks are scored over the 2 genres",
        "not scored: 1.",
        "Tracks of other that are not here: 1 of 5.",
        "whose recordings the model may have heard: 1.",
    ):
        assert told in notes, told


def test_where_nothing_is_known_of_training_there_is_no_proof_and_it_is_said(there: Dataset, tmp_path: Path) -> None:
    nothing = Heard(unlisted=("a folder",))
    scored = transfer(there, {"1": SURE, "2": SURE}, GENRES, model="m")
    stored = load_run(write_transfer(scored, tmp_path, there=there, asked=there, heard=nothing).folder)
    assert stored.split is not None and stored.split.proof is None
    assert any("What the model heard is not known" in note for note in stored.split.split.notes)


def test_scores_on_what_was_heard_are_refused_and_nothing_is_written(
    there: Dataset, heard: Heard, tmp_path: Path
) -> None:
    scored = transfer(there, {"2": SURE, "3": SURE}, GENRES, model="m")
    with pytest.raises(LeakError, match="recording"):
        write_transfer(scored, tmp_path, there=there, asked=there, heard=heard)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "split.json").mkdir()
    asked = unheard(there, heard)
    scored = transfer(asked, {"1": SURE, "2": SURE}, GENRES, model="m")
    with pytest.raises(RunError, match=r"Cannot write .*split\.json"):
        write_transfer(scored, tmp_path, there=there, asked=asked, heard=heard)
