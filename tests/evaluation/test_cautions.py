"""Each fault of a table, a split or a record has its sentence, and what has no fault has none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from stored_splits import split_values

from genrekit.evaluation.cautions import cautions, comparison_cautions, on_missing_tracks
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.protocols import PROTOCOL_NOTES
from genrekit.evaluation.published import GTZAN_GENRES
from genrekit.evaluation.runs import StoredSplit

Make = Callable[..., Predictions]
TEN = tuple(sorted(GTZAN_GENRES))


def stored(**split: object) -> StoredSplit:
    return StoredSplit.from_dict("run", split_values(**{"proof": {}, **split}))


def without_proof() -> StoredSplit:
    return replace(stored(), proof=None)


@pytest.fixture
def sound(make_predictions: Make) -> Predictions:
    """A table that needs no caution but what its intervals hold for."""
    return Predictions.concatenate([make_predictions(genres=TEN, n_excerpts=1, seed=seed) for seed in range(3)])


def with_artists(rows: Predictions, n_artists: int) -> Predictions:
    """Each track by one of so many."""
    number = np.unique(rows.track, return_inverse=True)[1] % n_artists
    return replace(rows, artist=np.array([f"artist {i}" for i in number]))


def in_folds(rows: Predictions, *combinations: tuple[int, int]) -> Predictions:
    """The tables of these folds and seeds."""
    one = rows.select(seed=0)
    return Predictions.concatenate(
        [replace(one, fold=np.full(len(one), fold), seed=np.full(len(one), seed)) for fold, seed in combinations]
    )


def told(rows: Predictions, splits: Sequence[StoredSplit], n_readings: Sequence[int] | None) -> tuple[str, ...]:
    """The sentences behind the one on the intervals."""
    first, *others = cautions(rows, splits, n_readings)
    assert first == PROTOCOL_NOTES[rows.protocol].interval
    return tuple(others)


def test_of_what_is_sound_only_the_meaning_of_intervals_is_said(sound: Predictions) -> None:
    assert told(sound, [stored()], [1, 1, 1]) == ()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda rows: rows.select(seed=1), "One seed was trained; a headline figure needs at least 3."),
        (
            lambda rows: rows.take(np.flatnonzero(rows.seed)),
            "Two seeds were trained; a headline figure needs at least 3.",
        ),
        (
            lambda rows: in_folds(rows, (0, 0), (0, 1), (0, 2), (1, 0), (1, 2)),
            "Only 5 of the 6 combinations of fold and seed are here.",
        ),
        (
            lambda rows: rows.take(np.flatnonzero(~np.isin(rows.label, (1, 3)))),
            "No track of classical, disco is in this part; macro scores leave such genres out.",
        ),
        (
            lambda rows: replace(rows, artist=None),
            "Missing: artists were not recorded; intervals resample tracks, and may be too narrow.",
        ),
        (
            lambda rows: replace(rows, artist=np.full(len(rows), "")),
            "No artist is known: intervals resample tracks, and may be too narrow.",
        ),
        (
            lambda rows: with_artists(rows, 9),
            "Artists and single tracks that were scored: 9. Intervals over so few say little.",
        ),
        (
            lambda rows: replace(rows, genres=(*TEN[:-1], "polka")),
            "Published figures are for GTZAN's ten genres; these are 10 others, so none is shown.",
        ),
        (
            lambda rows: replace(rows, part=np.full(len(rows), "valid")),
            "These are figures of the valid part, on which choices were made: not a test result.",
        ),
        (
            lambda rows: replace(rows, contaminated=True),
            "The split is marked as contaminated: scores and intervals are meaningless for new music.",
        ),
    ],
)
def test_a_fault_of_the_table_is_told(
    change: Callable[[Predictions], Predictions], sentence: str, sound: Predictions
) -> None:
    assert told(change(sound), [stored()], [1, 1, 1]) == (sentence,)


def test_some_of_the_ten_genres_are_not_called_others(make_predictions: Make) -> None:
    rows = Predictions.concatenate([make_predictions(genres=TEN[:6], seed=seed) for seed in range(3)])
    expected = "Published figures are for GTZAN's ten genres; these are 6 of them, so none is shown."
    assert told(rows, [stored()], [1]) == (expected,)


def test_ten_artists_are_enough_and_single_tracks_count_too(sound: Predictions) -> None:
    assert told(with_artists(sound, 10), [stored()], [1]) == ()
    ten_tracks = sound.take(np.flatnonzero(np.isin(sound.track, sound.track[:10])))
    by_ann = np.isin(ten_tracks.track, ten_tracks.track[:2])
    assert told(replace(ten_tracks, artist=np.where(by_ann, "Ann", "")), [stored()], [1]) == (
        "Artists and single tracks that were scored: 9. Intervals over so few say little.",
    )
    nine_unknown = replace(ten_tracks, artist=np.full(len(by_ann), "")).take(np.flatnonzero(ten_tracks.label))
    assert told(nine_unknown, [stored()], [1])[-1] == "Tracks that were scored: 9. Intervals over so few say little."


FLATTERED = (
    "Training was stopped on the very part that is scored here, which flatters: the figures compare only with "
    "published ones that were made the same way."
)
NO_PROOF = "Missing: a proof of what the parts share (split.json of the run)."
TRACKS_MISSING = (
    "361 tracks of gtzan_archive were missing: its folds are not those of the whole, and the figures do not stand for "
    "it."
)


@pytest.mark.parametrize(
    ("splits", "sentences"),
    [
        ([], [NO_PROOF]),
        ([stored(), without_proof()], [NO_PROOF]),
        ([stored(), stored(validation="test")], [FLATTERED]),
        ([stored(), stored(seed=1, proof={"n_tracks_missing": 361})], [TRACKS_MISSING]),
        ([stored(n_folds=5)], ["1 of the split's 5 folds is here."]),
        ([stored(notes=("Two genres are shared.",))], []),
    ],
    ids=["none", "one without proof", "stopped on the test part", "tracks missing", "folds missing", "notes of P2"],
)
def test_a_fault_of_one_split_is_told(splits: list[StoredSplit], sentences: list[str], sound: Predictions) -> None:
    assert told(sound, splits, [1, 1, 1]) == tuple(sentences)


def test_folds_that_are_missing_are_counted_and_of_all_none_is(sound: Predictions) -> None:
    both = in_folds(sound, *((fold, seed) for fold in (0, 1) for seed in range(3)))
    assert told(both, [stored(n_folds=3)], [1]) == ("2 of the split's 3 folds are here.",)
    assert told(both, [stored(n_folds=2)], [1]) == ()


@pytest.mark.parametrize(
    ("n_readings", "sentences"),
    [
        (None, ["Missing: the record of how often this part was read."]),
        ([], ["Missing: the record of how often this part was read."]),
        ([1, 3, 2], ["The test part of a run was read 3 times: choices may have been made on it."]),
        ([1, 1], []),
    ],
)
def test_how_often_the_test_part_was_read_is_told(
    n_readings: list[int] | None, sentences: list[str], sound: Predictions
) -> None:
    assert told(sound, [stored()], n_readings) == tuple(sentences)


def test_between_collections_each_note_of_the_splits_is_told_once(sound: Predictions) -> None:
    splits = [stored(protocol="P5", seed=seed, notes=("Nine genres are shared.", f"Seed {seed}.")) for seed in (0, 1)]
    assert told(replace(sound, protocol="P5"), splits, [1]) == ("Nine genres are shared.", "Seed 0.", "Seed 1.")


def test_the_most_tracks_that_a_split_lacks_are_told_and_of_none_nothing() -> None:
    splits = [stored(seed=seed, proof={"n_tracks_missing": n}) for seed, n in enumerate((3, 361, 0))]
    assert on_missing_tracks("gtzan_archive", splits) == TRACKS_MISSING
    assert on_missing_tracks("gtzan_archive", [stored(), without_proof()]) == ""
    assert on_missing_tracks("gtzan_archive", []) == ""


LEAKY = "CONTAMINATED: se_cnn has heard the test tracks; what it gains shows a leak, not a merit."


@pytest.mark.parametrize(
    ("first", "second", "sentences"),
    [
        ({}, {}, []),
        ({"contaminated": True}, {}, [LEAKY]),
        ({}, {"contaminated": True, "recipe": "mlp"}, [LEAKY.replace("se_cnn", "mlp")]),
        ({}, {"protocol": "P4"}, ["The systems differ in protocol too: P2 and P4."]),
        ({"dataset": "fma"}, {}, ["The systems differ in dataset too: fma and gtzan_archive."]),
        ({"artist": None}, {}, []),
        ({}, {"artist": None}, []),
        (
            {"artist": None},
            {"artist": None},
            ["Artists were not recorded: the interval resamples tracks, and may be too narrow."],
        ),
    ],
)
def test_what_makes_a_comparison_less_than_fair_is_told(
    first: dict[str, object], second: dict[str, object], sentences: list[str], sound: Predictions
) -> None:
    assert comparison_cautions(replace(sound, **first), replace(sound, **second)) == tuple(sentences)


def test_a_comparison_on_another_part_or_over_few_artists_is_told(sound: Predictions) -> None:
    valid = replace(sound, part=np.full(len(sound), "valid"))
    assert comparison_cautions(valid, valid) == ("These are decisions on the valid part, on which choices were made.",)
    few, unknown = with_artists(sound, 3), replace(sound, artist=None)
    for pair in ((few, few), (few, unknown), (unknown, few)):
        (sentence,) = comparison_cautions(*pair)
        assert sentence == "Artists and single tracks that were scored: 3. Intervals over so few say little."


@pytest.mark.parametrize("which", ["first", "second"])
def test_whose_training_was_stopped_on_what_is_scored_is_told(which: str, sound: Predictions) -> None:
    sides = {"first": [stored()], "second": [stored()], which: [stored(), stored(validation="test")]}
    (sentence,) = comparison_cautions(sound, sound, splits=(sides["first"], sides["second"]))
    assert sentence.startswith(f"The training of the {which} was stopped on the very part that is scored")
