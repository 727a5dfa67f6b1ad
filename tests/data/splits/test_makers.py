from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold

from genrekit.data import PARTS, SPLITS, Dataset, Split, Track, make_split
from genrekit.data.relations import groups
from genrekit.data.sets.gtzan_facts import gtzan_facts
from genrekit.errors import DataError


def _sizes(split: Split) -> tuple[int, ...]:
    return tuple(len(split.parts[part]) for part in PARTS)


def _genres(split: Split, part: str, dataset: Dataset) -> Counter[str]:
    return Counter(dataset.track(track_id).genre for track_id in split.tracks(part))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def without_jazz_54(gtzan_without_audio: Dataset) -> Dataset:
    tracks = tuple(track for track in gtzan_without_audio.tracks if track.track_id != "jazz.00054")
    return Dataset("gtzan_archive", gtzan_without_audio.genres, tracks)


@pytest.mark.parametrize("name", list(SPLITS))
def test_contract(name: str, gtzan_without_audio: Dataset) -> None:
    """Parts are disjoint, folds cover everything once, the same call gives the same split."""
    kind = SPLITS[name]
    if name == "official":
        parts = {track_id: ("train", "valid", "test")[k % 3] for k, track_id in enumerate(gtzan_without_audio.index)}
        gtzan_without_audio = replace(gtzan_without_audio, published_parts=parts)
    tested: Counter[str] = Counter()
    for fold in range(kind.n_folds):
        split = make_split(gtzan_without_audio, name, fold=fold)
        assert (split.name, split.protocol, split.unit, split.fold) == (name, kind.protocol, kind.unit, fold)
        for first, second in combinations(PARTS, 2):
            assert not set(split.parts[first]) & set(split.parts[second])
        assert split.parts["train"] and split.parts["valid"]
        assert split.contaminated == (split.protocol == "P1") == any("CONTAMINATED" in note for note in split.notes)
        assert Split.from_json(split.to_json()) == split
        tested.update(split.parts["test"])
    assert set(tested.values()) == ({1} if name != "all" else set())
    if kind.protocol not in {"P3", "published"} and name != "filtered_inner":
        everything = {member for part in PARTS for member in split.parts[part]}
        assert everything == set(tested or gtzan_without_audio.index)
    assert make_split(gtzan_without_audio, name).hash == make_split(gtzan_without_audio, name).hash


def test_a_folds_are_scikit_learns_over_sorted_names(gtzan_without_audio: Dataset) -> None:
    ids = sorted(gtzan_facts())
    folds = StratifiedKFold(5, shuffle=True, random_state=123456789)
    for fold, (_, test) in enumerate(folds.split(ids, [track_id.split(".")[0] for track_id in ids])):
        assert make_split(gtzan_without_audio, "a_folds", fold=fold).parts["test"] == tuple(ids[k] for k in test)


def test_a_folds_as_published_validate_on_the_test_part(gtzan_without_audio: Dataset) -> None:
    split = make_split(gtzan_without_audio, "a_folds", validation="test")
    assert split.parts["valid"] == split.parts["test"]
    assert _sizes(split) == (800, 200, 200)
    assert split.name == "a_folds_validated_on_test"
    assert split.validation == "test"
    assert any("flattered" in note for note in split.notes)


def test_a_contaminated_splits_excerpts(gtzan_without_audio: Dataset) -> None:
    split = make_split(gtzan_without_audio, "a_contaminated", valid_fraction=0)
    assert sum(_sizes(split)) == 19_000
    assert _sizes(split)[1] == 0
    members = [f"{track_id}@{k}" for track_id in gtzan_facts() for k in range(19)]
    folds = StratifiedKFold(3, shuffle=True, random_state=12345)
    _, test = next(iter(folds.split(members, [member.split(".")[0] for member in members])))
    assert set(split.parts["test"]) == {members[k] for k in test}
    assert len(set(split.tracks("train")) & set(split.tracks("test"))) > 900


def test_b_folds_have_report_bs_number_of_excerpts(without_jazz_54: Dataset) -> None:
    split = make_split(without_jazz_54, "b_folds")
    assert sum(_sizes(split)) == 10_989
    assert _sizes(split) == pytest.approx((8791, 1099, 1099), abs=1)


def test_a_short_track_has_the_excerpts_that_it_is_long_enough_for() -> None:
    durations_s = {"a.0": 30.0, "a.1": 7.0, "b.0": 3.0, "b.1": None}
    tracks = tuple(Track(name, name[0], duration_s=duration_s) for name, duration_s in durations_s.items())
    split = make_split(Dataset("few", ("a", "b"), tracks), "a_contaminated", valid_fraction=0)
    members = [member for part in split.parts.values() for member in part]
    counts = {name: sum(member.startswith(f"{name}@") for member in members) for name in durations_s}
    # Where nothing is known of the duration, as many as a track of 30 s has.
    assert counts == {"a.0": 19, "a.1": 3, "b.0": 1, "b.1": 19}


def test_b_grouped_is_8_1_1_by_track(without_jazz_54: Dataset) -> None:
    split = make_split(without_jazz_54, "b_grouped", fold=9)
    assert _sizes(split) == pytest.approx((799, 100, 100), abs=1)
    # The next fold's test part is this one's validation part, around the end.
    assert split.parts["valid"] == make_split(without_jazz_54, "b_grouped", fold=0).parts["test"]


def test_filtered_is_the_published_list(gtzan_without_audio: Dataset, without_jazz_54: Dataset) -> None:
    assert _sizes(make_split(gtzan_without_audio, "filtered")) == (443, 197, 290)
    split = make_split(without_jazz_54, "filtered")
    assert _sizes(split) == (442, 197, 290)
    assert split.missing == 1
    assert split.validation == "published"
    assert any("lacks: 1" in note for note in split.notes)


def test_filtered_of_six_genres(gtzan_without_audio: Dataset) -> None:
    six = ("blues", "classical", "country", "jazz", "metal", "pop")
    tracks = tuple(track for track in gtzan_without_audio.tracks if track.genre in six)
    split = make_split(Dataset("gtzan6", six, tracks), "filtered")
    assert _sizes(split) == (267, 116, 176)
    assert split.missing == 443 + 197 + 290 - sum(_sizes(split))


def test_stratified_and_artist_folds_are_the_published_lists(gtzan_without_audio: Dataset) -> None:
    assert _sizes(make_split(gtzan_without_audio, "stratified")) == (500, 250, 250)
    split = make_split(gtzan_without_audio, "artist_folds", fold=1, validation="test")
    assert _sizes(split) == (632, 316, 316)


def test_artist_disjoint_keeps_groups_together_and_genres_balanced(gtzan_without_audio: Dataset) -> None:
    group_of = groups(gtzan_without_audio, ("copy", "recording", "artist"))
    for fold in range(3):
        split = make_split(gtzan_without_audio, "artist_disjoint", fold=fold)
        part_of_group: dict[int, str] = {}
        for part in PARTS:
            for track_id in split.parts[part]:
                group = group_of[gtzan_without_audio.index[track_id]]
                assert part_of_group.setdefault(group, part) == part
        assert all(31 <= n <= 36 for n in _genres(split, "test", gtzan_without_audio).values())
        valid = _genres(split, "valid", gtzan_without_audio)
        assert len(valid) == 10
        assert all(5 <= n <= 12 for n in valid.values())


def test_filtered_inner_is_for_choices_and_holds_no_test_track(gtzan_without_audio: Dataset) -> None:
    published = make_split(gtzan_without_audio, "filtered")
    open_to_choices = set(published.parts["train"]) | set(published.parts["valid"])
    group_of = dict(zip(gtzan_without_audio.index, groups(gtzan_without_audio, ("copy", "artist")), strict=True))
    for fold in range(3):
        split = make_split(gtzan_without_audio, "filtered_inner", fold=fold, valid_fraction=0)
        assert {*split.parts["train"], *split.parts["test"]} == open_to_choices
        assert 200 <= len(split.parts["test"]) <= 225
        sides = [{group_of[track] for track in split.parts[part]} for part in ("train", "test")]
        assert not sides[0] & sides[1]


def test_artist_disjoint_keeps_pairs_by_ear_together(gtzan_without_audio: Dataset) -> None:
    free = make_split(gtzan_without_audio, "artist_disjoint", valid_fraction=0)
    apart = (free.parts["train"][0], free.parts["test"][0])
    tied = make_split(gtzan_without_audio, "artist_disjoint", valid_fraction=0, pairs=[apart])
    assert any(set(apart) <= set(tied.parts[part]) for part in PARTS)


def test_inner_validation_is_stratified_and_has_its_own_seed(gtzan_without_audio: Dataset) -> None:
    one = make_split(gtzan_without_audio, "random_folds", valid_fraction=0.2)
    other = make_split(gtzan_without_audio, "random_folds", valid_fraction=0.2, valid_seed=1)
    assert set(_genres(one, "valid", gtzan_without_audio).values()) == {18}
    assert one.parts["test"] == other.parts["test"]
    assert one.parts["valid"] != other.parts["valid"]
    assert one.validation == "inner"
    none = make_split(gtzan_without_audio, "random_folds", valid_fraction=0)
    assert (none.parts["valid"], none.validation) == ((), "none")


def test_the_seed_changes_the_folds(gtzan_without_audio: Dataset) -> None:
    for name in ("random_folds", "artist_disjoint"):
        one, other = (make_split(gtzan_without_audio, name, seed=seed) for seed in (0, 1))
        assert one.parts["test"] != other.parts["test"]


@pytest.mark.parametrize(
    ("name", "options", "problem"),
    [
        ("filterd", {}, "did you mean 'filtered'"),
        ("a_folds", {"fold": 5}, "folds 0 to 4; fold 5"),
        ("filtered", {"seed": 1}, "takes no seed"),
        ("filtered", {"n_folds": 3}, r"has 1 fold\(s\); 3"),
        ("filtered", {"validation": "test"}, "validation part of its own"),
        ("random_folds", {"valid_fraction": 0.7}, "0 to 0.5; found 0.7"),
        ("random_folds", {"validation": "tset"}, "'default' or 'test'; found 'tset'"),
        ("random_folds", {"n_folds": 101}, "smallest genre has 100"),
        ("random_folds", {"n_folds": 1}, "at least 2 folds"),
        ("artist_disjoint", {"n_folds": 1}, "at least 2 folds"),
        ("b_grouped", {"n_folds": 2}, "3 folds or more .* 2 were asked for"),
        ("b_folds", {"n_folds": 2}, "3 folds or more .* 2 were asked for"),
    ],
)
def test_wrong_requests(name: str, options: dict[str, int], problem: str, gtzan_without_audio: Dataset) -> None:
    with pytest.raises(DataError, match=problem):
        make_split(gtzan_without_audio, name, **options)  # type: ignore[arg-type]


def test_published_lists_are_of_gtzan() -> None:
    dataset = Dataset("mine", ("a", "b"), tuple(Track(f"{genre}/{k}.mp3", genre) for genre in "ab" for k in range(9)))
    with pytest.raises(DataError, match="has none of them"):
        make_split(dataset, "filtered")
    split = make_split(dataset, "random_folds", n_folds=3, valid_fraction=0.2)
    assert np.sum(_sizes(split)) == 18
