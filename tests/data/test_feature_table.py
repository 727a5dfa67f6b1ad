"""The value FeatureTable, its files, and the public tables."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrekit.data import Dataset, Fault, Track, load_dataset, make_split, prove
from genrekit.data.feature_table import FeatureTable
from genrekit.data.table_file import read_table_file, write_table_file
from genrekit.errors import DataError
from genrekit.features import GTZAN_10S_NAMES, HANDCRAFTED_NAMES

NAMES = ("loudness", "tempo")


def table(n_tracks: int = 4, n_excerpts: int = 3, names: tuple[str, ...] = NAMES) -> FeatureTable:
    n = n_tracks * n_excerpts
    order = sorted(range(n_tracks), key=lambda k: (k % 2 == 0, str(k)))
    return FeatureTable(
        names,
        tuple(f"{'polka' if k % 2 else 'waltz'}/{k}.wav" for k in order for _ in range(n_excerpts)),
        np.tile(1.5 * np.arange(n_excerpts), n_tracks),
        3.0,
        np.random.default_rng(0).standard_normal((n, len(names))),
        tuple("polka" if k % 2 else "waltz" for k in order for _ in range(n_excerpts)),
    )


def dataset(features: FeatureTable, **changes: object) -> Dataset:
    tracks = tuple(
        Track(name, features.genre[rows.start], None, f"Björk, {place}" if place else None, "A \"title\"\nof two lines",
              "ab" * 32 if place < 2 else None, float(features.start_s[rows][-1]) + features.window_s)
        for place, (name, rows) in enumerate(features.rows.items())
    )  # fmt: skip
    known = Dataset("dances", ("polka", "waltz"), tracks, table=features, same_recordings=())
    return replace(known, **changes)  # type: ignore[arg-type]


def test_rows_of_each_track_and_the_hop() -> None:
    assert repr(table()) == "<FeatureTable: 12 rows of 2 features, 4 tracks, excerpts of 3 s>"
    features = table()
    assert list(features.rows.values()) == [slice(0, 3), slice(3, 6), slice(6, 9), slice(9, 12)]
    assert features.hop_s == 1.5
    assert table(n_excerpts=1).hop_s is None


@given(order=st.permutations(range(12)))
def test_sorted_puts_rows_of_any_order_in_place(order: list[int]) -> None:
    known = table()
    shuffled = FeatureTable.sorted(
        known.names,
        tuple(known.track_id[row] for row in order),
        known.start_s[order],
        known.window_s,
        known.values[order],
        tuple(known.genre[row] for row in order),
    )
    assert (shuffled.track_id, shuffled.genre) == (known.track_id, known.genre)
    np.testing.assert_array_equal(shuffled.values, known.values)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"names": ("a", "a")}, "a several times"),
        ({"names": ("a",)}, r"values of shape \(12, 1\); found \(12, 2\)"),
        ({"start_s": np.zeros(11)}, "start_s of shape"),
        ({"start_s": np.zeros(12)}, "unique and sorted"),
        ({"genre": ("polka", "waltz") * 6}, "both 'polka' and 'waltz'"),
        ({"values": np.full((12, 2), np.nan)}, "loudness of 'polka/1.wav' is nan"),
        ({"window_s": 0.0}, "positive number of seconds"),
    ],
)
def test_what_is_no_table_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        replace(table(), **changes)  # type: ignore[arg-type]


def test_a_table_of_other_tracks_is_refused() -> None:
    with pytest.raises(DataError, match="does not hold the data set's tracks"):
        dataset(table(), tracks=dataset(table()).tracks[:3])


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_written_and_read_is_the_same_data_set(suffix: str, tmp_path: Path) -> None:
    known = dataset(table(), same_recordings=(("polka/1.wav", "waltz/0.wav"), ("waltz/0.wav", "waltz/2.wav")))
    path = tmp_path / f"dances{suffix}"
    write_table_file(known, path)
    again = load_dataset("table", path)
    assert (again.name, again.genres, again.tracks) == (known.name, known.genres, known.tracks)
    assert again.table is not None and known.table is not None
    assert (again.table.names, again.table.window_s) == (known.table.names, known.table.window_s)
    assert again.table.values.tobytes() == known.table.values.tobytes()
    # The same groups, though the pairs that span them may be others.
    assert Counter(name for pair in again.same_recordings or () for name in pair).keys() == {
        "polka/1.wav", "waltz/0.wav", "waltz/2.wav",
    }  # fmt: skip
    assert sorted(path.name for path in tmp_path.iterdir()) == [path.name]
    with pytest.raises(DataError, match="exists already"):
        write_table_file(known, path)


def test_a_parquet_table_keeps_the_published_split_and_csv_says_what_keeps_it(tmp_path: Path) -> None:
    parts = {"polka/1.wav": "train", "polka/3.wav": "train", "waltz/0.wav": "valid"}
    parts |= {"waltz/2.wav": "test", "waltz/9.wav": "test"}
    gone = Fault("missing", "waltz/9.wav", "no file", "waltz")
    known = dataset(table(), faults=(gone,), published_parts=parts, numbered_artists=True)
    write_table_file(known, tmp_path / "a.parquet")
    again = read_table_file(tmp_path / "a.parquet")
    assert (again.published_parts, again.numbered_artists) == (parts, True)
    assert [(fault.track_id, fault.genre) for fault in again.absent()] == [("waltz/9.wav", "waltz")]
    split, expected = make_split(again, "official"), make_split(known, "official")
    assert (split.parts, split.missing) == (expected.parts, 1)
    write_table_file(known, tmp_path / "a.csv")
    with pytest.raises(DataError, match=r"\(\.parquet\) keep the split now, older ones and \.csv do not"):
        make_split(read_table_file(tmp_path / "a.csv"), "official")


def test_recordings_that_nobody_compared_stay_unknown(tmp_path: Path) -> None:
    write_table_file(dataset(table(), same_recordings=None), tmp_path / "a.csv")
    assert read_table_file(tmp_path / "a.csv").same_recordings is None
    write_table_file(dataset(table()), tmp_path / "b.csv")
    assert read_table_file(tmp_path / "b.csv").same_recordings == ()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.txt", "", "ends in .parquet or .csv"),
        ("a.csv", "", "lacks track, genre, start_s, window_s"),
        ("a.csv", "track,genre,start_s,window_s,x\n", "a header only"),
        ("a.csv", "track,genre,start_s,window_s\na,b,0,3\n", "0 features"),
        ("a.csv", "track,genre,start_s,window_s,x\na,b,0,3\n", "line 2 has more or fewer cells"),
        ("a.csv", "track,genre,start_s,window_s,x\na,b,0,3,loud\n", "Column x has 'loud'"),
        ("a.csv", "track,genre,start_s,window_s,x\na,b,0,3,inf\n", "x of 'a' is inf"),
        ("a.csv", "track,genre,start_s,window_s,x\na,b,0,3,1\na,b,3,4,1\n", "equally long"),
        ("a.csv", "track,genre,start_s,window_s,x,x\na,b,0,3,1,1\n", "'x' twice"),
        ("a.parquet", "no Parquet", "not a Parquet file"),
    ],
)
def test_files_that_are_no_table(name: str, text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=message):
        load_dataset("table", tmp_path / name)


def test_places_that_hold_no_table(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder"):
        load_dataset("table", tmp_path)
    with pytest.raises(DataError, match=r"holds features_30_sec\.csv"):
        load_dataset("gtzan_table", tmp_path)


def public_csv(names: list[str]) -> str:
    header = ",".join(["filename", "length", *HANDCRAFTED_NAMES, "label"])
    rows = [
        ",".join([name, "661794", *(str(k + row) for k in range(57)), name.split(".")[0]])
        for row, name in enumerate(names)
    ]
    return "\n".join([header, *rows]) + "\n"


def test_a_public_table_of_tracks(tmp_path: Path) -> None:
    (tmp_path / "features_30_sec.csv").write_text(public_csv(["blues.00001.wav", "blues.00000.wav"]))
    known = load_dataset("gtzan_table", tmp_path)
    assert [track.artist for track in known.tracks] == ["John Lee Hooker"] * 2
    assert known.tracks[0].sha256 is not None
    assert known.table is not None
    assert (known.table.names, known.table.window_s) == (HANDCRAFTED_NAMES, 30.0)
    np.testing.assert_array_equal(known.table.values[:, 0], [1.0, 0.0])
    assert len(known.faults) == 998


def test_a_public_table_of_excerpts(tmp_path: Path) -> None:
    path = tmp_path / "features_3_sec.csv"
    path.write_text(public_csv(["blues.00000.0.wav", "blues.00000.1.wav", "blues.00001.0.wav"]))
    known = load_dataset("gtzan_table", path).table
    assert known is not None
    assert known.window_s == 3.0 and known.hop_s == 3.0
    assert known.track_id == ("blues.00000", "blues.00000", "blues.00001")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (public_csv(["song.mp3"]), "not a file of GTZAN"),
        (public_csv(["blues.00999.wav"]), "none of GTZAN's tracks"),
        (public_csv(["blues.00001.wav"] * 2), "unique and sorted"),
        (public_csv(["blues.00001.wav"]).replace("661794,0,", "661794,x,"), "not a number"),
        (public_csv(["blues.00001.wav"]).replace("tempo", "speed"), "lacks the columns tempo"),
        (public_csv(["blues.00001.wav"]).replace(",blues\n", "\n"), "more or fewer cells"),
    ],
)
def test_other_files_are_not_taken_for_the_public_table(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "features_30_sec.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        load_dataset("gtzan_table", tmp_path)


def test_an_archive_is_no_table_of_text(tmp_path: Path) -> None:
    path = tmp_path / "logmel.npz"
    path.write_bytes(b"PK\x03\x04\xf7\xff")
    with pytest.raises(DataError, match=r"logmel\.npz is no table of text in UTF-8, such as features_30_sec\.csv"):
        load_dataset("gtzan_table", path)


@pytest.mark.parametrize("name", ["gtzan_table", "gtzan_table_10s"])
@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_table_of_one_s_own_given_as_a_public_one_is_named(name: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"table{suffix}"
    write_table_file(dataset(table()), path)
    with pytest.raises(DataError, match=r"is the data set 'table'; for a recipe: --set data\.dataset=table\."):
        load_dataset(name, path)


def test_a_public_table_given_as_one_s_own_is_named(tmp_path: Path) -> None:
    (tmp_path / "features_30_sec.csv").write_text(public_csv(["blues.00001.wav"]))
    with pytest.raises(DataError, match="public tables are the data sets gtzan_table and gtzan_table_10s"):
        load_dataset("table", tmp_path / "features_30_sec.csv")
    with pytest.raises(DataError, match=r"is a folder.*data prepare features"):
        load_dataset("table", tmp_path)


def test_the_real_table_of_30_s(gtzan_root: Path) -> None:
    known = load_dataset("gtzan_table", gtzan_root)
    assert len(known) == 1000 and known.faults == ()
    proof = prove(make_split(known, "a_folds"), known)
    # The leaks of the same split of the audio: the index comes with the package.
    assert proof.n_test == 200 and proof.n_test_touched > 100


def test_the_real_table_of_10_s(gtzan_root: Path) -> None:
    known = load_dataset("gtzan_table_10s", gtzan_root)
    assert known.table is not None
    assert (len(known), len(known.table), len(known.faults)) == (990, 2970, 10)
    assert known.table.names == GTZAN_10S_NAMES
    mixed = make_split(known, "a_contaminated")
    assert mixed.contaminated and sum(len(members) for members in mixed.parts.values()) == 2970


def test_a_table_of_whole_tracks_has_no_excerpts_to_mix() -> None:
    with pytest.raises(DataError, match="one row a track"):
        make_split(dataset(table(12, 1)), "a_contaminated")
