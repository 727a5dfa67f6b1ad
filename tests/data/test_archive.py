from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrekit.data import LogMelArchive, load_dataset, read_archive
from genrekit.data.archive import SR
from genrekit.errors import DataError


def _arrays(ids: tuple[str, ...] = ("blues.00001", "blues.00000"), **changes: Any) -> dict[str, Any]:
    n = len(ids)
    rng = np.random.default_rng(0)
    arrays = {
        "track": np.array(ids),
        "genre": np.array([name.split(".")[0] for name in ids]),
        "levels": rng.integers(0, 256, (n, 128, 387), dtype=np.uint8),
        "frame_index": np.tile(np.linspace(1, 1289, 387).astype(np.int16), (n, 1)),
        "n_frames": np.full(n, 1293, dtype=np.int16),
        "lo_db": np.full(n, -80, dtype=np.float32),
        "ref_db": np.full(n, 30, dtype=np.float32),
        "calibrated_from_audio": np.zeros(n, dtype=bool),
    }
    return arrays | changes


def _write(path: Path, **changes: Any) -> Path:
    arrays = {key: value for key, value in _arrays(**changes).items() if value is not None}
    np.savez(path, **arrays)
    return path


def test_reads_an_archive_and_sorts_its_rows(tmp_path: Path) -> None:
    path = _write(tmp_path / "logmel.npz")
    contents = read_archive(path)
    assert contents.archive.track_ids == ("blues.00001", "blues.00000")
    assert repr(contents.archive) == "<LogMelArchive: 2 tracks, 128 mels x 387 columns each>"
    assert read_archive(str(path)).genres == contents.genres
    dataset = load_dataset("gtzan_archive", tmp_path)
    assert dataset.archive is not None
    assert dataset.archive.track_ids == ("blues.00000", "blues.00001")
    np.testing.assert_array_equal(dataset.archive.levels[0], contents.archive.levels[1])
    assert load_dataset("gtzan_archive", path).tracks == dataset.tracks
    assert dataset.tracks[0].artist == "John Lee Hooker"
    assert dataset.tracks[0].duration_s == pytest.approx(1292 * 512 / SR)


def test_a_folder_of_audio_is_told_from_one_without_an_archive(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"There is no archive .*logmel\.npz"):
        load_dataset("gtzan_archive", tmp_path)
    (tmp_path / "blues").mkdir()
    with pytest.raises(DataError, match="looks like GTZAN as audio, which is the data set gtzan"):
        load_dataset("gtzan_archive", tmp_path)


def test_decibels_are_the_middle_of_each_step(tmp_path: Path) -> None:
    levels = np.zeros((2, 128, 387), dtype=np.uint8)
    levels[:, 0, :2] = [0, 255]
    archive = read_archive(_write(tmp_path / "a.npz", levels=levels)).archive
    db = archive.db(0)
    assert db.shape == (128, 387)
    assert db.dtype == np.float32
    np.testing.assert_allclose(db[0, :2], [-80 * (1 - 0.5 / 256), -80 * 0.5 / 256], rtol=1e-6)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"levels": None}, r"lacks \['levels'\]"),
        ({"lo_dB": np.zeros(2)}, r"unknown arrays \['lo_dB'\]"),
        ({"levels": np.zeros((2, 128, 387))}, "must be uint8"),
        ({"levels": np.zeros((2, 387), dtype=np.uint8)}, "must be uint8 of shape"),
        ({"levels": np.zeros((3, 128, 387), dtype=np.uint8)}, r"levels must have the shape \(2, 128, 387\)"),
        ({"lo_db": np.full(1, -80.0)}, r"lo_db must have the shape \(2,\)"),
        ({"lo_db": np.array([-80.0, 3.0])}, "below 0 dB"),
        ({"ref_db": np.array([np.nan, 3.0])}, "must be finite"),
        ({"n_frames": np.array([1293.0, 1293.0])}, "n_frames has the type float64"),
        ({"n_frames": np.array([1293, 1000])}, "frame_index must lie between"),
        ({"track": np.array(["blues.00000", "blues.00000"])}, "each track once"),
        ({"genre": np.array(["blues"])}, "genre must be 2 strings"),
        ({"track": np.array([1, 2])}, "track must be 2 strings"),
    ],
)
def test_what_is_no_archive(changes: dict[str, Any], problem: str, tmp_path: Path) -> None:
    path = _write(tmp_path / "wrong.npz", **changes)
    with pytest.raises(DataError, match=problem) as caught:
        read_archive(path)
    assert "wrong.npz" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "it is empty"),
        (b"no archive", "it is text, beginning 'no archive'"),
        (b"ID3\x03\x00" + bytes(100), "it begins with the bytes 49 44 33"),
        (b"\x80\x04K\x01.", "it begins with the bytes 80 04"),
        (b"PKzip" + bytes(100), "it begins with the bytes 50 4b"),
        (b"PK\x03\x04" + bytes(100), "Is it complete"),
    ],
)
def test_files_of_another_kind(content: bytes, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"wrong\.npz.*{problem}") as caught:
        read_archive(path)
    assert "allow_pickle" not in str(caught.value)
    assert ("genrekit data prepare" in str(caught.value)) == (problem != "Is it complete")


def test_truncated_archive(tmp_path: Path) -> None:
    path = _write(tmp_path / "cut.npz")
    path.write_bytes(path.read_bytes()[:50_000])
    with pytest.raises(DataError, match="Is it complete"):
        read_archive(path)


@pytest.mark.parametrize("values", [np.zeros(3), np.array([None])], ids=["numbers", "objects"])
def test_single_array_is_no_archive(values: np.ndarray, tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", values)
    (tmp_path / "one.npy").rename(tmp_path / "one.npz")
    with pytest.raises(DataError, match="is a single array"):
        read_archive(tmp_path / "one.npz")


def test_pickles_are_not_loaded(tmp_path: Path) -> None:
    np.savez(tmp_path / "evil.npz", **_arrays(track=np.array(["a", None], dtype=object)))
    with pytest.raises(DataError, match="track holds Python objects") as caught:
        read_archive(tmp_path / "evil.npz")
    assert "allow_pickle" not in str(caught.value)  # NumPy's advice is to load them


def test_missing_archive(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no archive"):
        read_archive(tmp_path / "none.npz")


def test_gtzan_archive_holds_gtzan_only(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.npz", ids=("blues.00000", "polka.00000"))
    with pytest.raises(DataError, match=r"1 of its 2 tracks are unknown, first 'polka\.00000'"):
        load_dataset("gtzan_archive", path)
    path = _write(tmp_path / "b.npz", genre=np.array(["blues", "rock"]))
    with pytest.raises(DataError, match=r"'blues\.00000' is filed under the genre 'rock'"):
        load_dataset("gtzan_archive", path)


def test_own_archive_keeps_what_it_knows(tmp_path: Path) -> None:
    path = _write(
        tmp_path / "mine.npz",
        ids=("b", "a"),
        genre=np.array(["polka", "waltz"]),
        artist=np.array(["X", ""]),
        sha256=np.array(["1", ""]),
        name=np.array("my music"),
    )
    dataset = load_dataset("archive", path)
    assert (dataset.name, dataset.genres) == ("my music", ("polka", "waltz"))
    a, b = dataset.tracks
    assert (a.track_id, a.genre, a.artist, a.sha256) == ("a", "waltz", None, None)
    assert (b.track_id, b.genre, b.artist, b.sha256) == ("b", "polka", "X", "1")
    with pytest.raises(DataError, match="is a folder"):
        load_dataset("archive", tmp_path)


@given(st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=6, unique=True))
def test_sorting_keeps_rows_with_their_tracks(ids: list[str]) -> None:
    n = len(ids)
    levels = np.arange(n, dtype=np.uint8)[:, None, None] * np.ones((1, 2, 3), dtype=np.uint8)
    archive = LogMelArchive(
        tuple(ids),
        levels,
        np.full(n, -80, np.float32),
        np.zeros(n, np.float32),
        np.zeros((n, 3), np.int32),
        np.ones(n, np.int32),
        np.ones(n, np.bool_),
    )
    ordered = archive.sorted()
    assert list(ordered.track_ids) == sorted(ids)
    for row, name in enumerate(ordered.track_ids):
        assert ordered.row(name) == row
        assert ordered.levels[row, 0, 0] == ids.index(name)


def test_the_real_archive(gtzan_root: Path) -> None:
    dataset = load_dataset("gtzan_archive", gtzan_root)
    assert len(dataset) == 999
    assert [(fault.kind, fault.track_id) for fault in dataset.faults] == [("undecodable", "jazz.00054")]
    assert dataset.archive is not None
    db = dataset.archive.db(500)
    assert db.max() <= 0
    assert db.min() >= -80
