from __future__ import annotations

from dataclasses import replace

import pytest

from genrekit.data import Dataset, Track, require_proof
from genrekit.data.across import across, heard_tracks, unheard
from genrekit.errors import DataError


@pytest.fixture
def other() -> Dataset:
    """Another collection with a song of GTZAN's index, another song of its artist, and a stranger."""
    known = next(track for track in heard_tracks("gtzan") or () if track.artist and track.title)
    assert known.artist and known.title
    return Dataset(
        "other",
        ("rock", "ska"),
        (
            Track("1", "rock", artist=known.artist.upper(), title=f"{known.title}!"),
            Track("2", "ska", artist=known.artist, title="A song that nobody wrote"),
            Track("3", "ska", artist="Nobody at all"),
        ),
    )


def test_what_a_model_of_gtzan_heard() -> None:
    assert len(heard_tracks("gtzan_archive") or ()) == 1000
    assert heard_tracks("my music") is None and heard_tracks("") is None


def test_recordings_that_may_have_been_heard_are_left_out_and_artists_counted(other: Dataset) -> None:
    heard = heard_tracks("gtzan")
    assert heard is not None
    new = unheard(other, heard)
    assert [track.track_id for track in new.tracks] == ["2", "3"]
    split, both = across(heard, new)
    assert (split.protocol, len(split.parts["train"]), split.parts["test"]) == ("P5", 1000, ("2", "3"))
    proof = require_proof(split, both)
    shared = proof.between("train", "test", "artist")
    assert (shared.n_shared, shared.n_second, proof.n_test_touched) == (1, 1, 1)


def test_the_collection_that_was_trained_on_is_refused(gtzan_without_audio: Dataset) -> None:
    with pytest.raises(DataError, match=r"trained on tracks of data set 'gtzan', such as 'blues\.00000'"):
        unheard(gtzan_without_audio, heard_tracks("gtzan_archive") or ())


def test_bit_identical_copies_are_left_out(other: Dataset) -> None:
    heard = heard_tracks("gtzan") or ()
    copy = replace(other.tracks[2], sha256=heard[7].sha256)
    assert len(unheard(replace(other, tracks=(copy,)), heard)) == 0


def test_of_unknown_training_there_is_nothing_to_prove(other: Dataset) -> None:
    split, both = across((), other)
    assert both.tracks == other.tracks and not split.parts["train"] and not split.notes
