from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from genrekit.audio import load_audio
from genrekit.data import Dataset, Track, load_dataset
from genrekit.data.archive import SR
from genrekit.data.archive_writer import archive_row, clip_of, write_archive
from genrekit.errors import AudioError, DataError
from genrekit.whole_file import partial_of


def test_written_archive_reads_back(tmp_path: Path, tune: Callable, write_wav: Callable) -> None:
    tracks = []
    for number, duration_s in enumerate((30.0, 30.6, 4.0)):
        path = write_wav(f"{number}.wav", tune(number, duration_s))
        tracks.append(Track(f"tune.{number}", "tunes", path, artist=f"artist {number}", sha256=str(number)))
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    tracks.append(Track("tune.3", "tunes", tmp_path / "broken.wav"))
    write_wav("zeros.wav", np.zeros(SR))
    tracks.append(Track("tune.4", "tunes", tmp_path / "zeros.wav"))
    steps: list[tuple[int, int, str]] = []
    faults = write_archive(
        Dataset("tunes", ("tunes",), tuple(tracks)),
        tmp_path / "tunes.npz",
        progress=lambda *step: steps.append(step),
    )
    assert [(fault.kind, fault.track_id) for fault in faults] == [("undecodable", "tune.3"), ("undecodable", "tune.4")]
    assert "silence" in faults[1].detail
    assert steps == [(k + 1, 5, f"tune.{k}") for k in range(5)]

    dataset = load_dataset("archive", tmp_path / "tunes.npz")
    archive = dataset.archive
    assert archive is not None
    assert dataset.name == "tunes"
    assert [track.artist for track in dataset.tracks] == ["artist 0", "artist 1", "artist 2"]
    assert archive.levels.shape == (3, 128, 387)
    assert archive.calibrated.all()
    assert archive.levels.max() == 255
    assert archive.lo_db.min() >= -80
    assert archive.n_frames.tolist() == [1 + 661_500 // 512, 1 + round(30.6 * SR) // 512, 1 + 661_500 // 512]
    assert not list(tmp_path.glob("*.partial")) and not list(tmp_path.glob(".*"))


def test_decibels_are_within_half_a_step_of_librosa(tune: Callable) -> None:
    librosa = pytest.importorskip("librosa")
    y = tune(7)
    row = archive_row(y)
    power = librosa.feature.melspectrogram(y=y, sr=SR, n_fft=2048, hop_length=512, n_mels=128)
    expected = librosa.power_to_db(power, ref=np.max, top_db=80)[:, row.frame_index]
    db = row.lo_db * (1 - (row.levels + 0.5) / 256)
    assert np.abs(db - expected).max() <= 0.5 * 80 / 256 + 0.01
    assert row.n_frames == power.shape[1]


def test_equals_the_published_archive_on_lossless_tracks(gtzan_root: Path) -> None:
    """At least 99.5 % of the cells within one level on every lossless track at hand; in fact they are equal."""
    archive = load_dataset("gtzan_archive", gtzan_root).archive
    assert archive is not None
    files = sorted((gtzan_root / "lossless").glob("*.flac"))
    assert len(files) >= 14
    for path in files:
        row, published = archive_row(load_audio(path, sr=SR)), archive.row(path.stem)
        off = np.abs(row.levels.astype(int) - archive.levels[published])
        assert (off <= 1).mean() >= 0.995, path.stem
        assert (off == 0).mean() >= 0.999, path.stem
        np.testing.assert_array_equal(row.frame_index, archive.frame_index[published])
        assert row.n_frames == archive.n_frames[published]
        assert row.lo_db == pytest.approx(archive.lo_db[published], abs=0.02)
        assert row.ref_db == pytest.approx(archive.ref_db[published], abs=0.02)


def test_clips_last_30_seconds_unless_they_almost_do() -> None:
    ramp = np.arange(100 * SR, dtype=np.float32)
    for duration_s in (29.2, 30.0, 30.65):
        y = ramp[: round(duration_s * SR)]
        assert clip_of(y) is y
    middle = clip_of(ramp)
    assert len(middle) == 30 * SR
    assert middle[0] == 35 * SR
    repeated = clip_of(ramp[: 7 * SR])
    assert len(repeated) == 30 * SR
    np.testing.assert_array_equal(repeated[7 * SR : 14 * SR], ramp[: 7 * SR])


def test_silence_has_no_log_mel() -> None:
    with pytest.raises(AudioError, match="silence"):
        archive_row(np.zeros(SR, dtype=np.float32))


def test_what_cannot_be_written(tmp_path: Path, tune: Callable, write_wav: Callable) -> None:
    path = write_wav("a.wav", tune(0, 2.0))
    dataset = Dataset("one", ("g",), (Track("a", "g", path),))
    with pytest.raises(DataError, match=r"ends in \.npz"):
        write_archive(dataset, tmp_path / "a.zip")
    with pytest.raises(DataError, match="does not exist"):
        write_archive(dataset, tmp_path / "no" / "a.npz")
    with pytest.raises(DataError, match="no audio"):
        write_archive(Dataset("none", ("g",), (Track("a", "g"),)), tmp_path / "a.npz")
    (tmp_path / "a.npz").write_bytes(b"precious")
    with pytest.raises(DataError, match="exists already"):
        write_archive(dataset, tmp_path / "a.npz")
    assert (tmp_path / "a.npz").read_bytes() == b"precious"
    (tmp_path / "bad.wav").write_bytes(b"")
    with pytest.raises(DataError, match="None of the 1 tracks"):
        write_archive(Dataset("bad", ("g",), (Track("a", "g", tmp_path / "bad.wav"),)), tmp_path / "b.npz")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, tune: Callable, write_wav: Callable) -> None:
    dataset = Dataset("one", ("g",), (Track("a", "g", write_wav("a.wav", tune(0, 2.0))),))
    partial_of(tmp_path / "out.npz").symlink_to("/dev/full")
    with pytest.raises(DataError, match=r"Cannot write .*No space left"):
        write_archive(dataset, tmp_path / "out.npz")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.wav"]
