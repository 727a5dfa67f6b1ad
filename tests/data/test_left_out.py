from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from genrekit.data import Dataset, Fault, Track, make_split
from genrekit.data.feature_table import FeatureTable
from genrekit.data.left_out import without_genres
from genrekit.data.parts import Part
from genrekit.data.splits.split_files import resolve_tracks
from genrekit.errors import DataError


def tracks(*genres: str) -> tuple[Track, ...]:
    return tuple(Track(f"{genre}.{k}", genre, Path(f"{genre}{k}.wav")) for genre in genres for k in range(2))


def some_data() -> Dataset:
    pairs = (("blues.0", "blues.1"), ("jazz.0", "jazz.1"), ("blues.0", "jazz.1"))
    return Dataset("own", ("blues", "jazz", "rock"), tracks("blues", "jazz", "rock"), same_recordings=pairs)


def test_tracks_labels_and_pairs_of_other_genres_stay() -> None:
    left = without_genres(some_data(), ["jazz"])
    assert left.genres == ("blues", "rock")
    assert [track.track_id for track in left.tracks] == ["blues.0", "blues.1", "rock.0", "rock.1"]
    assert left.labels(["rock.0", "blues.1"]) == [1, 0]
    assert left.same_recordings == (("blues.0", "blues.1"),)


def test_nothing_left_out_is_the_same_data_set() -> None:
    data = some_data()
    assert without_genres(data, ()) is data


def test_faults_stay_but_those_of_tracks_that_are_left_out() -> None:
    faults = tuple(Fault("clipped", name, "told") for name in ("jazz.0", "rock.1", "rock.9", None))
    data = replace(some_data(), faults=faults)
    left = without_genres(data, ["jazz"])
    assert [fault.track_id for fault in left.faults] == ["rock.1", "rock.9", None]
    assert resolve_tracks(left, ["rock.0", "rock.9"]) == (["rock.0"], 1)


def test_absent_tracks_of_a_left_out_genre_are_in_no_part() -> None:
    faults = tuple(Fault(kind, f"{genre}.9", "told", genre) for kind, genre in (("missing", "jazz"), ("empty", "rock")))
    parts: dict[str, Part] = {track.track_id: "train" for track in some_data().tracks}
    data = replace(some_data(), faults=faults, published_parts={**parts, "jazz.9": "test", "rock.9": "test"})
    left = without_genres(data, ["jazz"])
    assert set(left.published_parts or ()) == {"blues.0", "blues.1", "rock.0", "rock.1", "rock.9"}
    assert make_split(left, "official").missing == 1


def test_rows_of_a_table_go_with_their_tracks() -> None:
    ids = tuple(track.track_id for track in some_data().tracks for _ in range(2))
    table = FeatureTable(("a",), ids, np.tile([0.0, 3.0], 6), 3.0, np.arange(12.0)[:, None], tuple(i[:-2] for i in ids))
    data = Dataset("own", ("blues", "jazz", "rock"), some_data().tracks, table=table)
    left = without_genres(data, ["blues", "jazz"][:1])
    assert left.table is not None
    assert left.table.values[:, 0].tolist() == list(range(4, 12))


@pytest.mark.parametrize(
    ("genres", "problem"), [(["jaz"], "did you mean 'jazz'"), (["jazz", "rock"], "1 would be left")]
)
def test_wrong_requests(genres: list[str], problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        without_genres(some_data(), genres)


def test_missing_and_empty_tracks_of_the_genres_in_use_are_absent() -> None:
    faults = (
        Fault("missing", "000002", "no file", "Rock"),
        Fault("empty", "000005", "empty", "Rock"),
        Fault("missing", "000010", "no file", "Pop"),
        Fault("undecodable", "000011", "broken", "Rock"),
        Fault("missing", "song.mp3", "artists.csv names it"),
    )
    absent = Dataset("fma_small", ("Hip-Hop", "Rock"), (), faults).absent()
    assert [fault.track_id for fault in absent] == ["000002", "000005"]
