from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genrekit.audio import load_audio, open_audio
from genrekit.audio.stream import AudioStream
from genrekit.data import Dataset, Fault, Track, load_dataset, make_split
from genrekit.data.archive import SR
from genrekit.data.checks.same_recordings import with_same_recordings
from genrekit.data.parts import Part
from genrekit.data.preparation import archive_writer
from genrekit.data.preparation.archive_writer import archive_row, clip_of, read_clip, write_archive
from genrekit.errors import AudioError, DataError
from genrekit.file_identity import file_state
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


def test_an_archive_keeps_the_published_split_and_what_is_missing(
    tmp_path: Path, tune: Callable, write_wav: Callable
) -> None:
    tracks = tuple(Track(name, "tunes", write_wav(f"{name}.wav", tune(k, 2.0))) for k, name in enumerate("abc"))
    (tmp_path / "c.wav").write_bytes(b"RIFF")
    parts: dict[str, Part] = {"a": "test", "b": "train", "c": "train", "d": "valid"}
    gone = Fault("missing", "d", "no file", "tunes")
    known = Dataset("tunes", ("tunes",), tracks, (gone,), published_parts=parts, numbered_artists=True)
    write_archive(known, tmp_path / "tunes.npz")
    again = load_dataset("archive", tmp_path / "tunes.npz")
    assert (again.published_parts, again.numbered_artists) == (parts, True)
    assert [(fault.track_id, fault.genre) for fault in again.absent()] == [("d", "tunes"), ("c", "tunes")]
    split = make_split(again, "official")
    assert (dict(split.parts), split.missing) == ({"train": ("b",), "valid": (), "test": ("a",)}, 2)


def test_an_archive_knows_the_recordings_that_its_audio_shows_and_its_own(
    tmp_path: Path, tune: Callable, write_wav: Callable
) -> None:
    """The middle of a long song is in its row alone, its beginning in its file alone."""
    y = tune(1, 300.0)
    parts = {"beginning": y[: 30 * SR], "middle": y[136 * SR : 164 * SR], "other": tune(2), "whole": y}
    tracks = tuple(Track(name, "tunes", write_wav(f"{name}.wav", part)) for name, part in parts.items())
    dataset = with_same_recordings(Dataset("tunes", ("tunes",), tracks), cache=tmp_path / "cache", n_jobs=1)
    assert dataset.same_recordings == (("beginning", "whole"),)
    write_archive(dataset, tmp_path / "known.npz", n_threads=1)
    assert load_dataset("archive", tmp_path / "known.npz").same_recordings == (
        ("beginning", "middle"),
        ("beginning", "whole"),
    )
    write_archive(replace(dataset, same_recordings=None), tmp_path / "unknown.npz", n_threads=1)
    assert load_dataset("archive", tmp_path / "unknown.npz").same_recordings is None


@pytest.mark.parametrize(
    ("collection", "message"),
    [("[]", "must be an object in JSON"), ('{"parts": 1}', "damaged"), ('{"parts": {"test": ["x"]}}', "no part for 1")],
)
def test_an_archive_of_a_damaged_collection(
    collection: str, message: str, tmp_path: Path, tune: Callable, write_wav: Callable
) -> None:
    write_archive(Dataset("one", ("g",), (Track("a", "g", write_wav("a.wav", tune(0, 2.0))),)), tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as loaded:
        arrays = dict(loaded)
    # An archive of a data set that has nothing to tell of itself is as it was before there was anything to tell.
    assert "collection" not in arrays
    np.savez(tmp_path / "b.npz", **arrays, collection=np.array(collection))
    with pytest.raises(DataError, match=message):
        load_dataset("archive", tmp_path / "b.npz")


def test_an_archive_of_any_numpy_holds_arrays_of_the_format_alone(
    tmp_path: Path, tune: Callable, write_wav: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    savez = np.savez_compressed

    def before_2_2(file: Any, **arrays: Any) -> None:
        assert "allow_pickle" not in arrays, "it is an array like the others to NumPy before 2.2"
        savez(file, **arrays)

    monkeypatch.setattr(np, "savez_compressed", before_2_2)
    write_archive(Dataset("one", ("g",), (Track("a", "g", write_wav("a.wav", tune(0, 2.0))),)), tmp_path / "a.npz")
    assert [track.track_id for track in load_dataset("archive", tmp_path / "a.npz").tracks] == ["a"]


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
    with pytest.raises(DataError, match="there is no folder"):
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
def test_a_full_disk_leaves_what_is_done_and_no_half_archive(
    tmp_path: Path, tune: Callable, write_wav: Callable
) -> None:
    dataset = Dataset("one", ("g",), (Track("a", "g", write_wav("a.wav", tune(0, 2.0))),))
    partial_of(tmp_path / "out.npz").symlink_to("/dev/full")
    with pytest.raises(DataError, match=r"Cannot write .*No space left"):
        write_archive(dataset, tmp_path / "out.npz")
    # What took long to make is kept for the next try.
    assert sorted(file.name for file in tmp_path.iterdir()) == [".out.npz.unfinished", "a.wav"]


class Stop(Exception):
    """Raised to stop a run in the middle."""


def test_what_is_done_is_not_done_again(
    tmp_path: Path, tune: Callable, write_wav: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracks = tuple(Track(name, "g", write_wav(f"{name}.wav", tune(k, 3.0))) for k, name in enumerate("abcd"))
    dataset = Dataset("four", ("g",), tracks)
    write_archive(dataset, tmp_path / "whole.npz")

    def stop(done: int, total: int, what: str) -> None:
        if done == 3:
            raise Stop

    with pytest.raises(Stop):
        write_archive(dataset, tmp_path / "out.npz", progress=stop)
    unfinished = tmp_path / ".out.npz.unfinished"
    # A kill may leave half a line, and files may change.
    with unfinished.open("ab") as file:
        file.write(b'{"levels": [[128, 387], "eJx')
    (tmp_path / "b.wav").touch()
    with pytest.raises(DataError, match="other settings: format 1, dataset four; now format 1, dataset five"):
        write_archive(replace(dataset, name="five"), tmp_path / "out.npz")
    heard: list[str] = []

    def read(path: Path) -> np.ndarray:
        heard.append(path.name)
        return read_clip(path)

    monkeypatch.setattr(archive_writer, "read_clip", read)
    steps: list[tuple[int, int]] = []
    write_archive(
        dataset, tmp_path / "out.npz", n_threads=1, progress=lambda done, total, _: steps.append((done, total))
    )
    assert (heard, steps) == (["b.wav", "d.wav"], [(3, 4), (4, 4)])
    assert not unfinished.exists()
    with np.load(tmp_path / "whole.npz") as whole, np.load(tmp_path / "out.npz") as found:
        assert whole.files == found.files
        for key in whole.files:
            np.testing.assert_array_equal(whole[key], found[key])


@pytest.mark.parametrize("line", ["[]", '{"track_id": "a", "file": FILE, "levels": [[128, 387], "AAAA"]}', "no JSON"])
def test_a_damaged_unfinished_file_is_named(line: str, tmp_path: Path, tune: Callable, write_wav: Callable) -> None:
    path = write_wav("a.wav", tune(0, 2.0))
    header = '{"format": 1, "dataset": "one"}'
    state = json.dumps(file_state(path))
    (tmp_path / ".out.npz.unfinished").write_text(f"{header}\n{line.replace('FILE', state)}\n")
    with pytest.raises(DataError, match="is damaged; remove it"):
        write_archive(Dataset("one", ("g",), (Track("a", "g", path),)), tmp_path / "out.npz")


@pytest.mark.parametrize(("stated_s", "most_s"), [(300.0, 166), (None, 0), (30.0, 0), (900.0, 300)])
def test_of_a_long_file_no_more_is_decoded_than_its_middle(
    stated_s: float | None, most_s: int, write_wav: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    y = np.random.default_rng(0).uniform(-1, 1, 300 * SR).astype(np.float32)
    path = write_wav("long.wav", y)
    read_samples = 0

    class Counted(AudioStream):
        def __iter__(self) -> Iterator[np.ndarray]:
            nonlocal read_samples
            for block in super().__iter__():
                read_samples += len(block)
                yield block

    def opened(path: Path, *, sr: int) -> AudioStream:
        stream = open_audio(path, sr=sr)
        stream.__class__ = Counted
        stream.duration_s = stated_s
        return stream

    monkeypatch.setattr(archive_writer, "open_audio", opened)
    # A file that states nothing, or something else than it holds, is read to its end to find its middle.
    np.testing.assert_array_equal(read_clip(path), clip_of(load_audio(path, sr=SR)))
    assert read_samples <= most_s * SR
