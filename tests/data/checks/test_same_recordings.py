"""Songs in other clothes are found by ear, once, and what was found is remembered until a file changes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import soundfile

from genrekit.audio import AudioWarning, open_audio
from genrekit.audio.stream import AudioStream
from genrekit.data import load_dataset, make_split, prove
from genrekit.data.checks import file_check, same_recordings
from genrekit.data.checks.audit import Audit, audit
from genrekit.data.checks.file_check import FileLook, look_at
from genrekit.data.checks.same_recordings import with_same_recordings

SR = 22_050


def song(seed: int) -> np.ndarray:
    """20 s of random notes, each with its overtones."""
    rng = np.random.default_rng(seed)
    t = np.arange(SR // 4) / SR
    notes = [
        sum(np.sin(2 * np.pi * f * k * t + rng.uniform(0, 6)) / k for k in range(1, 6)) * np.exp(-4 * t)
        for f in rng.uniform(80, 900, 80)
    ]
    return (0.1 * np.concatenate(notes)).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two genres of six songs; the first jazz song is there as wav and, 2 s later and quieter, as flac and ogg."""
    root = tmp_path / "music"
    for place, genre in enumerate(("jazz", "rock")):
        (root / genre).mkdir(parents=True)
        for number in range(6):
            soundfile.write(root / genre / f"{number}.wav", song(10 * place + number), SR)
    soundfile.write(root / "jazz" / "again.flac", 0.5 * song(0)[2 * SR :], SR)
    soundfile.write(root / "rock" / "and again.ogg", song(0), SR)
    return root


def test_one_song_in_three_files_is_one_recording(folder: Path, tmp_path: Path) -> None:
    dataset = load_dataset("folder", folder)
    assert dataset.same_recordings is None
    heard = with_same_recordings(dataset, cache=tmp_path / "cache").same_recordings
    assert heard is not None
    found = {frozenset(dataset.track(name).path.name for name in pair) for pair in heard}
    files = ("0.wav", "again.flac", "and again.ogg")
    assert found == {frozenset(pair) for pair in combinations(files, 2)}


def test_a_split_keeps_what_was_heard_together(folder: Path, tmp_path: Path) -> None:
    dataset = with_same_recordings(load_dataset("folder", folder), cache=tmp_path / "cache")
    for fold in range(2):
        split = make_split(dataset, "artist_disjoint", n_folds=2, fold=fold, valid_fraction=0)
        assert not prove(split, dataset).refused
    by_track = [make_split(dataset, "random_folds", n_folds=2, fold=0, seed=s, valid_fraction=0) for s in range(5)]
    shared = [prove(split, dataset).between("train", "test", "recording").n_shared for split in by_track]
    assert max(shared) == 1


def test_what_was_heard_is_remembered_until_a_file_changes(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    steps: list[str] = []
    first = with_same_recordings(
        load_dataset("folder", folder), cache=cache, progress=lambda *step: steps.append(step[2])
    )
    assert steps
    steps.clear()
    again = with_same_recordings(
        load_dataset("folder", folder), cache=cache, progress=lambda *step: steps.append(step[2])
    )
    assert not steps
    assert again.same_recordings == first.same_recordings
    soundfile.write(folder / "rock" / "and again.ogg", song(99), SR)
    changed = with_same_recordings(
        load_dataset("folder", folder), cache=cache, progress=lambda *step: steps.append(step[2])
    )
    assert steps
    assert len(changed.same_recordings or ()) == 1


def test_what_could_not_be_read_is_tried_again_and_what_is_no_audio_is_not(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    with monkeypatch.context() as patched:
        patched.setattr(file_check, "open_audio", _without_memory)
        with pytest.warns(AudioWarning, match="MemoryError"):
            assert with_same_recordings(load_dataset("folder", folder), cache=cache).same_recordings == ()
    (folder / "rock" / "broken.wav").write_bytes(b"no audio")
    with pytest.warns(AudioWarning, match=r"^rock/broken\.wav: (?!.*broken)"):
        first = with_same_recordings(load_dataset("folder", folder), cache=cache)
    assert len(first.same_recordings or ()) == 3
    steps: list[str] = []
    with_same_recordings(load_dataset("folder", folder), cache=cache, progress=lambda *step: steps.append(step[2]))
    assert not steps


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Genre and name of the files that are decoded."""
    names: list[str] = []

    def open_and_note(path: Path, *, sr: int) -> AudioStream:
        names.append(f"{path.parent.name}/{path.name}")
        return open_audio(path, sr=sr)

    monkeypatch.setattr(file_check, "open_audio", open_and_note)
    return names


def test_each_file_is_remembered_for_itself(folder: Path, tmp_path: Path, heard: list[str]) -> None:
    cache = tmp_path / "cache"

    class Stop(Exception):
        pass

    def stop(done: int, total: int, what: str) -> None:
        if done == 3:
            raise Stop

    with pytest.raises(Stop):
        with_same_recordings(load_dataset("folder", folder), cache=cache, n_jobs=1, progress=stop)
    # What was not begun is not waited for.
    assert 3 <= len(heard) < 14
    first = with_same_recordings(load_dataset("folder", folder), cache=cache)
    assert len(heard) == len(set(heard)) == 14
    heard.clear()
    soundfile.write(folder / "rock" / "new.wav", song(77), SR)
    with_new = with_same_recordings(load_dataset("folder", folder), cache=cache)
    assert heard == ["rock/new.wav"]
    assert with_new.same_recordings == first.same_recordings


def test_an_audit_and_a_split_share_what_they_heard(folder: Path, tmp_path: Path, heard: list[str]) -> None:
    cache = tmp_path / "cache"
    dataset = load_dataset("folder", folder)
    found = audit(dataset, cache=cache)
    assert len(heard) == 14
    heard.clear()
    pairs = with_same_recordings(dataset, cache=cache).same_recordings
    assert not heard
    assert pairs == tuple((match.first, match.second) for match in found.matches)
    again = audit(dataset, cache=cache)
    assert not heard
    assert again == found


def make_deadly_look() -> Callable[[str], FileLook]:
    """In a process: a decoder that crashes under one file."""

    def look(path: str) -> FileLook:
        if path.endswith("deadly.wav"):
            os.kill(os.getpid(), signal.SIGSEGV)
        return look_at(Path(path))

    return look


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signal")
def test_a_file_under_which_the_decoder_crashes_is_a_fault_of_itself_alone(
    folder: Path, tmp_path: Path, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "rock" / "deadly.wav").write_bytes(b"deadly")
    monkeypatch.setattr(same_recordings, "_make_look", make_deadly_look)
    dataset, cache = load_dataset("folder", folder), tmp_path / "cache"
    with pytest.warns(AudioWarning, match=r"^rock/deadly\.wav: the process that read it died \(SIGSEGV\)"):
        found = with_same_recordings(dataset, cache=cache, n_jobs=2, processes=True)
    assert len(found.same_recordings or ()) == 3
    # Nothing was decoded in this process, and what killed its process is tried again.
    assert not heard
    assert ("unreadable", "rock/deadly.wav") in _faults(audit(dataset, cache=cache, processes=True))
    assert ("undecodable", "rock/deadly.wav") in _faults(audit(dataset, cache=cache))


def _faults(found: Audit) -> set[tuple[str, str | None]]:
    return {(fault.kind, fault.track_id) for fault in found.faults}


def _without_memory(*_: object, **__: object) -> None:
    raise MemoryError


def test_a_cache_that_cannot_be_written_or_read_stops_nothing(folder: Path, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    dataset = load_dataset("folder", folder)
    assert len(with_same_recordings(dataset, cache=in_the_way).same_recordings or ()) == 3
    cache = tmp_path / "cache"
    with_same_recordings(dataset, cache=cache)
    remembered = [path for path in cache.rglob("*") if path.is_file()]
    assert len(remembered) == 1 + len(dataset)
    for damaged in remembered:
        damaged.write_text("{")
    assert len(with_same_recordings(dataset, cache=cache).same_recordings or ()) == 3


def test_what_cannot_be_heard_stays_unknown(folder: Path) -> None:
    dataset = load_dataset("folder", folder)
    silent = replace(dataset, tracks=tuple(replace(track, path=None) for track in dataset.tracks))
    assert with_same_recordings(silent).same_recordings is None


def test_of_a_table_tracks_of_the_very_same_numbers_are_one_recording(tmp_path: Path) -> None:
    rows = ["track,genre,start_s,window_s,one,two"]
    for track, first in (("a", 1), ("renamed a", 1), ("b", 2), ("longer a", 1)):
        rows += [f"{track},rock,{start},3,{first},{start}" for start in range(0, 9 if track == "longer a" else 6, 3)]
    (tmp_path / "table.csv").write_text("\n".join(rows) + "\n")
    dataset = load_dataset("table", tmp_path / "table.csv")
    with pytest.warns(AudioWarning, match="only tracks of the very same numbers can be told to be one recording"):
        known = with_same_recordings(dataset, cache=tmp_path / "cache")
    assert known.same_recordings == (("a", "renamed a"),)


@pytest.mark.slow
def test_gtzan_knows_its_own(gtzan_root: Path) -> None:
    dataset = load_dataset("gtzan_archive", gtzan_root)
    assert len(dataset.same_recordings or ()) == 64
    listened = with_same_recordings(replace(dataset, same_recordings=None))
    assert set(listened.same_recordings or ()) == set(dataset.same_recordings or ())


def test_the_cache_is_where_the_system_says() -> None:
    from genrekit.data.checks.same_recordings import cache_folder

    assert str(cache_folder()).startswith(os.environ["XDG_CACHE_HOME"])


def test_tracks_too_short_to_be_compared_are_told_each_time(folder: Path, tmp_path: Path) -> None:
    for number in range(2):
        soundfile.write(folder / "jazz" / f"short {number}.wav", song(20 + number)[: 4 * SR], SR)
    soundfile.write(folder / "rock" / "short.wav", song(20)[: 6 * SR], SR)
    for _ in range(2):
        with pytest.warns(
            AudioWarning, match=r"2 of 17 tracks last less than 5 s, such as jazz/short 0\.wav: too short"
        ):
            with_same_recordings(load_dataset("folder", folder), cache=tmp_path / "cache")
