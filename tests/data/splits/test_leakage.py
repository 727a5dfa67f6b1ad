"""The leaks that the evaluation protocols state must come out of the proof."""

from __future__ import annotations

import json
import warnings
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from genrekit.audio import AudioWarning
from genrekit.data import Dataset, Split, Track, make_split, prove, require_proof
from genrekit.data.parts import Protocol
from genrekit.data.relations import groups, listed_artists, normalise
from genrekit.data.splits.leakage import Proof
from genrekit.errors import DataError, LeakError


def _split(train: str, test: str, protocol: str = "custom", valid: str = "") -> Split:
    return Split(
        "hand",
        protocol,  # type: ignore[arg-type]
        "track",
        {"train": tuple(train), "valid": tuple(valid), "test": tuple(test)},
    )


@pytest.fixture
def letters() -> Dataset:
    return Dataset(
        "letters",
        ("g",),
        (
            Track("a", "g", artist="X", title="One", sha256="1"),
            Track("b", "g", artist="x", title="one!", sha256="2"),
            Track("c", "g", artist="X", title="Two", sha256="3"),
            Track("d", "g", sha256="3"),
            Track("e", "g", artist="Y", title="One"),
            Track("f", "g"),
        ),
    )


def test_published_split_leaks_28_of_290_by_artist(gtzan_without_audio: Dataset) -> None:
    proof = require_proof(make_split(gtzan_without_audio, "filtered"), gtzan_without_audio)
    artists = proof.between("train+valid", "test", "artist")
    # 27 where a text of the index is one artist; "Barbra Streisand; Donna Summer" is two.
    assert (artists.n_second, artists.n_second_total) == (28, 290)
    assert proof.n_test_touched == 28
    # Ten artists cross into the test part; three more are in training and validation only, as Slayer is.
    assert artists.n_shared == 10
    assert proof.crossing == {"track": 0, "copy": 0, "recording": 0, "artist": 13}


def test_random_folds_share_artists_for_83_percent(gtzan_without_audio: Dataset) -> None:
    shares = []
    for fold in range(10):
        split = make_split(gtzan_without_audio, "random_folds", fold=fold, valid_fraction=0)
        artists = prove(split, gtzan_without_audio).between("train", "test", "artist")
        shares.append(artists.n_second / artists.n_second_total)
    # 82 where a text of the index is one artist, however many it names.
    assert np.mean(shares) == pytest.approx(0.83, abs=0.005)


def test_counts_of_the_index(gtzan_without_audio: Dataset) -> None:
    tracks = gtzan_without_audio.tracks
    artists = [(track.genre, track.artist) for track in tracks if track.artist is not None]
    assert len({normalise(text) for _, text in artists}) == 271
    assert len({key for _, text in artists for key in listed_artists(text)}) == 276
    for genre, count in {"blues": 9, "jazz": 13}.items():
        assert len({normalise(text) for of, text in artists if of == genre}) == count
    for genre, count in {"reggae": 62, "hiphop": 57}.items():
        assert (
            sum(n for _, n in Counter(normalise(text) for of, text in artists if of == genre).most_common(3)) == count
        )
    for relation, n_groups, redundant in (("recording", 59, 68), ("copy", 14, 14)):
        repeated = [n for n in Counter(groups(gtzan_without_audio, (relation,))).values() if n > 1]
        assert (len(repeated), sum(repeated) - len(repeated)) == (n_groups, redundant)


def test_the_published_artist_folds_are_not_strictly_disjoint(gtzan_without_audio: Dataset) -> None:
    """The index was corrected after these folds were published."""
    touched = []
    for fold in range(3):
        split = make_split(gtzan_without_audio, "artist_folds", fold=fold)
        require_proof(split, gtzan_without_audio)
        touched.append(prove(split, gtzan_without_audio).n_test_touched)
        with pytest.raises(LeakError, match="artists"):
            require_proof(replace(split, protocol="P4"), gtzan_without_audio)
    assert touched == [81, 64, 45]


@pytest.mark.parametrize("fold", [0, 1, 2])
def test_artist_disjoint_shares_nothing(fold: int, gtzan_without_audio: Dataset) -> None:
    proof = require_proof(make_split(gtzan_without_audio, "artist_disjoint", fold=fold), gtzan_without_audio)
    assert proof.n_test_touched == 0
    assert set(proof.crossing.values()) == {0}
    assert proof.n_unknown_artists == 17


def test_contaminated_splits_pass_only_as_such(gtzan_without_audio: Dataset) -> None:
    split = make_split(gtzan_without_audio, "b_folds")
    proof = require_proof(split, gtzan_without_audio)
    assert proof.between("train+valid", "test", "track").n_shared > 600
    with pytest.raises(LeakError, match=r"train and test share \d+ tracks"):
        require_proof(replace(split, protocol="P2"), gtzan_without_audio)


def test_counts_by_hand(letters: Dataset) -> None:
    proof = prove(_split("ace", "bd", valid="f"), letters)
    assert proof.between("train", "test", "track").n_shared == 0
    assert proof.between("train", "test", "copy").examples == (("c", "d"),)
    recording = proof.between("train", "test", "recording")
    assert (recording.n_shared, recording.n_first, recording.n_second) == (1, 1, 1)
    artist = proof.between("train", "test", "artist")
    # One of the two has it by its copy alone.
    assert (artist.n_shared, artist.n_first, artist.n_second, artist.n_second_total) == (1, 2, 2, 2)
    assert proof.n_test_touched == 2
    assert proof.n_unknown_artists == 1
    assert proof.between("valid", "test", "artist").n_shared == 0


def test_recordings_found_by_ear_count(letters: Dataset) -> None:
    split = _split("e", "f")
    assert not prove(split, letters).refused
    proof = prove(split, letters, pairs=[("e", "f")])
    assert proof.refused == ("train and test share 1 recordings, such as 'e' and 'f'.",)


@pytest.mark.parametrize(
    ("train", "test", "refusing"),
    [
        ("a", "a", {"P2", "P3", "P4", "P5", "published", "custom"}),
        ("c", "d", {"P3", "P4", "P5", "custom"}),
        ("a", "b", {"P4", "P5", "custom"}),
        ("a", "c", {"P4"}),
        ("a", "e", set()),
        ("d", "f", set()),
    ],
)
def test_what_each_protocol_refuses(train: str, test: str, refusing: set[str], letters: Dataset) -> None:
    for protocol in get_args(Protocol):
        proof = prove(_split(train, test, protocol), letters)
        assert bool(proof.refused) == (protocol in refusing), protocol


def test_validation_counts_too(letters: Dataset) -> None:
    with pytest.raises(LeakError, match="valid and test share 1 bit-identical copies"):
        require_proof(_split("e", "d", valid="c"), letters)


def test_validating_on_test_is_no_leak_from_training(letters: Dataset) -> None:
    split = replace(_split("e", "ab", "P2", valid="ab"), validation="test")
    proof = require_proof(split, letters)
    assert proof.n_test_touched == 0
    assert proof.crossing["artist"] == 0


def test_unknown_tracks_are_an_error(letters: Dataset) -> None:
    with pytest.raises(DataError, match="1 of the 2 tracks"):
        prove(_split("a", "z"), letters)


def test_all_tracks_train_with_a_validation_part_that_shares_nothing(gtzan_without_audio: Dataset) -> None:
    split = make_split(gtzan_without_audio, "all")
    proof = require_proof(split, gtzan_without_audio)
    assert set(proof.crossing.values()) == {0}
    assert len(split.parts["train"]) + len(split.parts["valid"]) == 1000


def test_a_proof_is_read_back_as_it_was_written(letters: Dataset) -> None:
    proof = replace(prove(_split("ab", "cdf", "P2", valid="e"), letters), n_tracks_missing=3)
    assert proof.between("train", "test", "artist").examples
    assert Proof.from_dict(json.loads(json.dumps(proof.to_dict()))) == proof


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_test": None}, "n_test is None, expected a whole number"),
        ({"n_test_touched": "3"}, "n_test_touched is '3'"),
        ({"crossing": {"artist": 1.5}}, "artist is 1.5"),
        ({"n_heard": 3}, "unexpected keyword argument 'n_heard'"),
        ({"shared": [{"first": "train"}]}, "missing 6 required positional arguments"),
        ({"shared": 3}, "not iterable"),
    ],
)
def test_what_is_no_proof_is_refused(letters: Dataset, change: dict[str, object], message: str) -> None:
    values = prove(_split("ab", "cd", "P2"), letters).to_dict()
    with pytest.raises(DataError, match=message):
        Proof.from_dict({**values, **change})
    for key in ("shared", "n_test", "refused"):
        with pytest.raises(DataError, match=key):
            Proof.from_dict({name: value for name, value in values.items() if name != key})


def test_a_proof_of_recordings_that_nobody_compared_says_so(letters: Dataset) -> None:
    split = _split("a", "f")
    files = replace(letters, tracks=tuple(replace(one, path=Path(one.track_id)) for one in letters.tracks))
    with pytest.warns(AudioWarning, match=r"'letters' were not compared by ear.*with_same_recordings\(dataset\)"):
        prove(split, files)
    with pytest.warns(AudioWarning, match="not compared"):
        require_proof(split, files)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Compared; of names alone there is nothing to hear; two collections are compared as they are spelt.
        prove(split, replace(files, same_recordings=()))
        prove(split, letters)
        prove(_split("a", "f", "P5"), files)


def test_a_proof_shows_its_verdict_in_a_line(letters: Dataset) -> None:
    assert repr(prove(_split("a", "f", "P4"), letters)) == (
        "<Proof under P4: nothing refused; 0 of 1 test tracks share something with what is learnt from; "
        "artist unknown of 1 of 2 tracks>"
    )
    assert "<Proof under P4: refused, train and test share 1 artists" in repr(prove(_split("a", "c", "P4"), letters))
