from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("sklearn")

from genrekit.learning.folds import make_folds


@settings(max_examples=30, deadline=None)
@given(
    songs=st.lists(st.tuples(st.integers(0, 2), st.one_of(st.none(), st.sampled_from("abcdefgh"))), max_size=30),
    seed=st.integers(0, 5),
)
def test_every_song_is_held_out_once_and_every_genre_is_always_known(
    songs: list[tuple[int, str | None]], seed: int
) -> None:
    songs = songs + [(genre, None) for genre in range(3) for _ in range(5)]
    label = np.array([genre for genre, _ in songs], dtype=np.intp)
    folds = make_folds(label, [artist for _, artist in songs], seed=seed)
    assert sorted(np.concatenate(folds.held_out).tolist()) == list(range(len(songs)))
    assert all(len(np.unique(np.delete(label, held_out))) == 3 for held_out in folds.held_out)


def test_an_artist_is_on_one_side_only() -> None:
    label = np.repeat([0, 1], 10).astype(np.intp)
    artists = [f"{'ABCDE'[k % 5]}" if k < 10 else f"{'vwxyz'[k % 5]} " for k in range(20)]
    # Tags spell one name in several ways.
    spelt = [
        name if k % 2 else {"A": "Á", "v": "V.", "w": "w!"}.get(name.strip(), name) for k, name in enumerate(artists)
    ]
    assert spelt != artists
    folds = make_folds(label, spelt, seed=0)
    assert len(folds.held_out) == 5 and folds.not_grouped == ()
    for held_out in folds.held_out:
        inside = {artists[i] for i in held_out}
        assert not inside & {artists[i] for i in np.setdiff1d(np.arange(20), held_out)}


def test_a_genre_of_one_artist_is_said_to_be_one() -> None:
    label = np.repeat([0, 1], 6).astype(np.intp)
    folds = make_folds(label, ["Only One"] * 6 + list("abcdef"), seed=0)
    assert folds.not_grouped == (0,)
