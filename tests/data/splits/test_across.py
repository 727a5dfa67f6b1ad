from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from genrekit.data import Dataset, Track, require_proof
from genrekit.data.dataset import Fault
from genrekit.data.splits.across import (
    Heard,
    across,
    collection_of,
    heard_by,
    losses,
    of_part,
    require_another,
    unheard,
)
from genrekit.errors import DataError


@pytest.fixture
def other_data() -> Dataset:
    """Another collection with a song of GTZAN's index, another song of its artist, and a stranger."""
    known = next(track for track in heard_by(["gtzan"]).tracks if track.artist and track.title)
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


def test_what_a_model_of_gtzan_heard(other_data: Dataset) -> None:
    heard = heard_by(["gtzan_archive"])
    assert len(heard.tracks) == 1000 and heard.is_known
    # One of the three has no title.
    assert [note.partition(":")[0] for note in heard.notes(other_data)] == [
        "Of 1 of 3 tracks artist or title is not known"
    ]
    assert heard.notes(replace(other_data, tracks=other_data.tracks[:2])) == ()


def test_what_a_model_of_anything_else_heard_is_not_known(other_data: Dataset) -> None:
    for names, why in [((), "its card names no data set"), (("my music",), "no list of the recordings of 'my music'")]:
        heard = heard_by(names)
        assert not heard.tracks and not heard.is_known
        assert "What the model heard is not known: " in heard.notes(other_data)[0] and why in heard.notes(other_data)[0]
    both = heard_by(["my music", "gtzan"])
    assert len(both.tracks) == 1000 and not both.is_known and "of 'my music'." in both.notes(other_data)[0]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("gtzan_table_10s", "gtzan6", True),
        ("fma_small", "fma_medium_gtzan_genres", True),
        ("fma_medium", "fma_medium", True),
        ("jamendo_gtzan_genres", "jamendo", True),
        ("jamendo", "fma_small", False),
        ("my music", "My Music", True),
        ("fma of mine", "fma_small", False),
    ],
)
def test_one_collection_has_many_names(one: str, other: str, same: bool, other_data: Dataset) -> None:
    assert (collection_of(one) == collection_of(other)) == same
    data = replace(other_data, name=other)
    if same:
        with pytest.raises(DataError, match=f"trained on data set '{one}', .*same collection as '{other}'"):
            require_another(data, ["a", one])
    else:
        require_another(data, [one])


def test_recordings_that_may_have_been_heard_are_left_out_and_artists_counted(other_data: Dataset) -> None:
    heard = heard_by(["gtzan"])
    new = unheard(other_data, heard)
    assert [track.track_id for track in new.tracks] == ["2", "3"]
    split, both = across(heard.tracks, new)
    assert (split.protocol, len(split.parts["train"]), split.parts["test"]) == ("P5", 1000, ("2", "3"))
    proof = require_proof(split, both)
    shared = proof.between("train", "test", "artist")
    assert (shared.n_shared, shared.n_second, proof.n_test_touched) == (1, 1, 1)


def test_artists_with_numbers_for_names_are_unknown_to_another_collection(other_data: Dataset) -> None:
    heard = heard_by(["gtzan"])
    known, unknown = (
        require_proof(
            *across(heard.tracks, replace(other_data, tracks=other_data.tracks[1:], numbered_artists=numbered))
        )
        for numbered in (False, True)
    )
    assert unknown.n_unknown_artists == known.n_unknown_artists + 2
    assert unknown.between("train", "test", "artist").n_shared == 0


def test_the_collection_that_was_trained_on_is_refused(gtzan_without_audio: Dataset) -> None:
    with pytest.raises(DataError, match=r"'gtzan' has tracks that the model was trained on, such as 'blues\.00000'"):
        unheard(gtzan_without_audio, heard_by(["gtzan_archive"]))


@pytest.mark.parametrize("name", ["blues/blues.00000.ogg", "x/Metal_00099.mp3"])
def test_gtzan_in_own_folders_is_known_by_its_files(name: str, other_data: Dataset) -> None:
    track = Track(name, "rock", Path("/music") / name)
    with pytest.raises(DataError, match=f"such as '{name}'"):
        unheard(replace(other_data, tracks=(track,)), heard_by(["gtzan"]))


def test_files_are_hashed_where_they_may_be_copies(tmp_path: Path, other_data: Dataset) -> None:
    sound = b"a song that was heard"
    heard = Heard(
        (Track("rock.00001", "rock", sha256=hashlib.sha256(sound).hexdigest()),), sizes=frozenset({len(sound)})
    )
    tracks = []
    for name, content in {"a.wav": sound, "b.wav": sound[::-1], "c.wav": b"longer than " + sound}.items():
        (tmp_path / name).write_bytes(content)
        tracks.append(Track(name, "rock", tmp_path / name))
    new = unheard(replace(other_data, tracks=(*tracks, Track("gone", "ska", tmp_path / "gone"))), heard)
    assert [track.track_id for track in new.tracks] == ["b.wav", "c.wav", "gone"]
    assert [track.sha256 is None for track in new.tracks] == [False, True, True]


def test_bit_identical_copies_are_left_out(other_data: Dataset) -> None:
    heard = heard_by(["gtzan"])
    copy = replace(other_data.tracks[2], sha256=heard.tracks[7].sha256)
    assert unheard(replace(other_data, tracks=(other_data.tracks[1], copy)), heard).tracks == other_data.tracks[1:2]
    with pytest.raises(DataError, match=r"may have heard the recordings of all 1 tracks .*'other'; none is left"):
        unheard(replace(other_data, tracks=(copy,)), heard)


def test_of_unknown_training_there_is_nothing_to_prove(other_data: Dataset) -> None:
    split, both = across((), other_data)
    assert both.tracks == other_data.tracks and not split.parts["train"] and not split.notes


def test_one_part_of_a_collection_has_its_tracks_and_its_faults(other_data: Dataset) -> None:
    gone = tuple(Fault("missing", name, "no file", genre="ska") for name in ("4", "5"))
    parts = {"1": "train", "2": "test", "3": "test", "4": "test", "5": "train"}
    whole = replace(other_data, published_parts=parts, faults=gone)
    assert of_part(whole, None) is whole
    tested = of_part(whole, "test")
    assert (tuple(tested.index), [fault.track_id for fault in tested.faults]) == (("2", "3"), ["4"])
    assert losses(tested, replace(tested, tracks=tested.tracks[:1]), ("ska",)) == (
        "Tracks of other that are not here: 1 of 3.",
        "Tracks left out, whose recordings the model may have heard: 1.",
    )
    assert losses(tested, tested, ("rock",)) == ()


def test_a_part_that_cannot_be_asked_about(other_data: Dataset) -> None:
    with pytest.raises(DataError, match="did not come with a split of its own"):
        of_part(other_data, "test")
    with pytest.raises(DataError, match=r"No track of the valid part .* \(the part has 0\); there are 3 of test"):
        of_part(replace(other_data, published_parts=dict.fromkeys(("1", "2", "3"), "test")), "valid")
    with pytest.raises(DataError, match="None of the 0 tracks of data set 'other' has its audio here"):
        of_part(replace(other_data, tracks=()), None)
