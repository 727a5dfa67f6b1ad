"""Weights of tracks by artist, as properties of any collection, and by hand."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from genrekit.data import Dataset, Track
from genrekit.errors import RecipeError
from genrekit.training.material.artist_weights import artist_weights

ARTISTS = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["x", "y", "z", None])), min_size=1, max_size=30)


def dataset_of(drawn) -> Dataset:
    tracks = tuple(Track(f"{number:03d}", genre, artist=artist) for number, (genre, artist) in enumerate(drawn))
    return Dataset("drawn", tuple(sorted({track.genre for track in tracks})), tracks)


@given(ARTISTS, st.floats(0, 1))
def test_each_genre_keeps_its_weight_and_the_more_of_an_artist_the_less_each_counts(drawn, balance):
    assume(any(artist for _, artist in drawn))
    dataset = dataset_of(drawn)
    weights = artist_weights(dataset, range(len(dataset)), balance)
    for genre in dataset.genres:
        of_genre = [row for row, track in enumerate(dataset.tracks) if track.genre == genre]
        assert float(weights[of_genre].mean()) == pytest.approx(1, rel=1e-4)
        count = Counter(dataset.tracks[row].artist for row in of_genre if dataset.tracks[row].artist)
        known = [row for row in of_genre if dataset.tracks[row].artist]
        for one in known:
            for other in known:
                if count[dataset.tracks[one].artist] <= count[dataset.tracks[other].artist]:
                    assert weights[one] >= weights[other] * (1 - 1e-5)


def test_at_1_each_artist_has_the_same_weight_and_unknown_ones_are_artists_of_their_own():
    dataset = dataset_of([("a", "x"), ("a", "x"), ("a", "x"), ("a", "y"), ("a", None), ("a", None), ("b", "x")])
    weights = artist_weights(dataset, range(7), 1.0)
    torch.testing.assert_close(weights, torch.tensor([0.5, 0.5, 0.5, 1.5, 1.5, 1.5, 1.0]))
    assert torch.equal(artist_weights(dataset, range(7), 0.0), torch.ones(7))


def test_an_artist_is_the_same_however_it_is_spelt_as_in_proofs_of_splits():
    dataset = dataset_of([("a", "Beyoncé"), ("a", "beyonce "), ("a", "Other")])
    torch.testing.assert_close(artist_weights(dataset, range(3), 1.0), torch.tensor([0.75, 0.75, 1.5]))


def test_without_any_known_artist_there_is_nothing_to_balance():
    with pytest.raises(RecipeError, match="no artist of data set 'drawn' is known"):
        artist_weights(dataset_of([("a", None), ("b", None)]), range(2), 0.5)


def test_tracks_that_are_not_trained_on_neither_count_nor_weigh():
    dataset = dataset_of([("a", "x"), ("a", "x"), ("a", "y"), ("b", "z")])
    torch.testing.assert_close(artist_weights(dataset, [0, 2, 3], 1.0), torch.tensor([1.0, 0.0, 1.0, 1.0]))
