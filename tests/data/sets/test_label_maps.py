from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrekit.data.sets.gtzan_facts import GENRES
from genrekit.data.sets.label_maps import FMA_TO_GTZAN, JAMENDO_TO_GTZAN, LabelMap

each_map = pytest.mark.parametrize("labels", [FMA_TO_GTZAN, JAMENDO_TO_GTZAN])


@each_map
def test_ten_genres_and_no_tag_of_two(labels: LabelMap) -> None:
    assert tuple(labels.tags) == GENRES
    tags = [tag for names in labels.tags.values() for tag in names]
    assert len(set(tags)) == len(tags)
    assert all(labels.genre_of([tag]) == genre for genre, names in labels.tags.items() for tag in names)


@each_map
@given(data=st.data())
def test_other_tags_and_their_order_change_nothing(labels: LabelMap, data: st.DataObject) -> None:
    mapped = [tag for names in labels.tags.values() for tag in names]
    tags = data.draw(st.lists(st.sampled_from([*mapped, "38", "techno", "soul"]), unique=True))
    genre = labels.genre_of(tags)
    assert labels.genre_of(data.draw(st.permutations(tags))) == genre
    assert labels.genre_of([*tags, "another"]) == genre
    meant = {genre for genre, names in labels.tags.items() if set(names) & set(tags)}
    if genre is not None:
        assert genre in meant and meant - {genre} <= {labels.beneath.get(genre)}
    else:
        assert len(meant) != 1


def test_metal_under_rock_is_metal_in_fma_and_two_genres_in_jamendo() -> None:
    assert FMA_TO_GTZAN.genre_of(["12", "31"]) == "metal"
    assert FMA_TO_GTZAN.genre_of(["12", "31", "10"]) is None
    assert FMA_TO_GTZAN.genre_of(["12", "25"]) == "rock"
    assert JAMENDO_TO_GTZAN.genre_of(["rock", "metal"]) is None
    assert JAMENDO_TO_GTZAN.genre_of(["heavymetal"]) == "metal"
    assert JAMENDO_TO_GTZAN.genre_of([]) is None
