"""Inner validation parts: of every genre something, of no group a part, and never the last that training has."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from genrekit.data.splits.validation_part import carve_groups, carve_stratified

# Genre and group of each member.
MEMBERS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12)), max_size=40)
FRACTIONS = st.floats(0.01, 0.5)


def _genres(members: list[str], genre_of: dict[str, int]) -> set[int]:
    return {genre_of[member] for member in members}


@given(MEMBERS, FRACTIONS, st.integers(0, 9))
def test_groups_stay_whole_and_training_keeps_every_genre_that_it_can(drawn, fraction, seed):
    members = [str(place) for place in range(len(drawn))]
    genre_of, group_of = ({m: one[key] for m, one in zip(members, drawn, strict=True)} for key in (0, 1))
    train, valid = carve_groups(
        members, list(genre_of.values()), list(group_of.values()), fraction, np.random.default_rng(seed)
    )
    assert sorted([*train, *valid], key=int) == members
    assert not {group_of[m] for m in train} & {group_of[m] for m in valid}
    assert _genres(train, genre_of) == _genres(members, genre_of)
    # A genre that is not validated is one of which no group could be spared.
    for genre in _genres(members, genre_of) - _genres(valid, genre_of):
        for group in {group_of[m] for m in train if genre_of[m] == genre}:
            left = [m for m in train if group_of[m] != group]
            assert _genres(left, genre_of) != _genres(train, genre_of)


@given(st.lists(st.integers(0, 3), max_size=40), FRACTIONS, st.integers(0, 9))
def test_of_two_tracks_of_a_genre_one_validates(labels, fraction, seed):
    members = [str(place) for place in range(len(labels))]
    train, valid = carve_stratified(members, labels, fraction, np.random.default_rng(seed))
    assert sorted([*train, *valid], key=int) == members
    genre_of = dict(zip(members, labels, strict=True))
    assert _genres(train, genre_of) == set(labels)
    assert _genres(valid, genre_of) == {label for label in labels if labels.count(label) > 1}


def test_five_artists_a_genre_are_enough_for_a_tenth():
    labels = [genre for genre in range(3) for _ in range(5)]
    groups = list(range(15))
    train, valid = carve_groups([str(g) for g in groups], labels, groups, 0.1, np.random.default_rng(0))
    assert len(valid) == 3
    assert len(train) == 12
