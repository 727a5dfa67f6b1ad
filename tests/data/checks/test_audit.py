from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from genrekit.data import Dataset, Track, load_dataset
from genrekit.data.archive import SR
from genrekit.data.checks import file_check
from genrekit.data.checks.audit import audit
from genrekit.file_identity import file_sha256


@pytest.fixture
def music(tmp_path: Path, tune: Callable, write_wav: Callable) -> Path:
    """Own files with everything wrong with them that an audit looks for."""
    root = tmp_path / "music"
    y = tune(1, 12.0)
    write_wav("music/a/whole.wav", y)
    write_wav("music/a/copy.wav", y)
    write_wav("music/a/later.wav", 0.2 * y[3 * SR :])
    write_wav("music/a/other.wav", tune(2, 12.0))
    write_wav("music/b/zeros.wav", np.zeros(12 * SR))
    write_wav("music/b/clipped.wav", np.clip(50 * tune(3, 12.0), -1, 1))
    for seed in range(4, 16):
        write_wav(f"music/b/more {seed:02d}.wav", tune(seed, 12.0))
    (root / "b/header.wav").write_bytes((root / "a/whole.wav").read_bytes()[:44])
    (root / "b/text.mp3").write_text("not music")
    (root / "b/nothing.ogg").touch()
    (root / "artists.csv").write_text("file,artist,title\nwhole.wav,X,One\nother.wav,x,ONE\n")
    return root


def test_finds_what_is_wrong(music: Path) -> None:
    steps: list[tuple[int, int, str]] = []
    found = audit(load_dataset("folder", music), progress=lambda *step: steps.append(step))
    assert {(fault.kind, fault.track_id) for fault in found.faults} == {
        ("empty", "b/nothing.ogg"),
        ("undecodable", "b/header.wav"),
        ("undecodable", "b/text.mp3"),
        ("silent", "b/zeros.wav"),
        ("clipped", "b/clipped.wav"),
        ("length", "a/later.wav"),
    }
    assert found.fault_counts["undecodable"] == 2
    assert found.copies == (("a/copy.wav", "a/whole.wav"),)
    assert found.recordings == (("a/other.wav", "a/whole.wav"),)
    assert found.n_redundant == 1
    assert {(match.first, match.second) for match in found.matches} == {
        ("a/copy.wav", "a/whole.wav"),
        ("a/copy.wav", "a/later.wav"),
        ("a/later.wav", "a/whole.wav"),
    }
    assert {(match.first, match.second) for match in found.new_matches} == {
        ("a/copy.wav", "a/later.wav"),
        ("a/later.wav", "a/whole.wav"),
    }
    assert (found.n_tracks, found.n_artists, found.n_unknown_artists) == (20, 1, 18)
    assert [(genre.genre, genre.n_tracks) for genre in found.genres] == [("a", 4), ("b", 16)]
    assert found.genres[0].top_artists == (("X", 2),)
    assert found.durations is not None
    assert (found.durations.shortest_s, found.durations.median_s) == (9.0, 12.0)
    assert steps[19][:2] == (20, 20)
    assert steps[-1][2] == "comparing fingerprints"


def test_what_can_be_used_in_part_is_a_fault_and_no_warning(
    tune: Callable, write_wav: Callable, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    y, damaged = tune(1, 12.0), tmp_path / "damaged.wav"
    y[100:103] = np.nan
    soundfile.write(damaged, y, SR, subtype="FLOAT")
    cut = write_wav("cut.flac", tune(2, 12.0))
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    checks = [file_check.check_file(Track(path.name, "g"), path) for path in (damaged, cut)]
    assert [fault.kind for check in checks for fault in check.faults] == ["damaged", "truncated"]
    assert "3 samples were NaN" in checks[0].faults[0].detail
    assert all(check.fingerprint is not None for check in checks)
    assert not recwarn.list


def test_memory_does_not_grow_with_the_length_of_a_file(write_wav: Callable) -> None:
    path = write_wav("long.wav", np.zeros(600 * SR, dtype=np.float32))
    tracemalloc.start()
    try:
        assert file_check.check_file(Track("long", "g"), path).duration_s == 600
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()


def test_the_peak_of_a_file_counts_wherever_it_is(write_wav: Callable) -> None:
    y = np.full(10 * SR, 0.99, dtype=np.float32)
    y[-1], y[: SR // 10] = 0.9905, 0.5  # the share of what is within a thousandth of the peak
    (fault,) = file_check.check_file(Track("a", "g"), write_wav("a.wav", y)).faults
    assert (fault.kind, fault.detail) == ("clipped", "99 % of its samples are at full scale")


@pytest.mark.parametrize(("error", "kind"), [(MemoryError(), "unreadable"), (ValueError("no layout"), "undecodable")])
def test_whatever_a_decoder_raises_is_a_fault(
    error: Exception, kind: str, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path, *, sr: int) -> None:
        raise error

    monkeypatch.setattr(file_check, "open_audio", fail)
    (fault,) = file_check.check_file(Track("a", "g"), music / "a/whole.wav").faults
    assert fault.kind == kind and type(error).__name__ in fault.detail and "whole.wav" in fault.detail


def test_json_has_everything(music: Path) -> None:
    found = audit(load_dataset("folder", music), n_jobs=1)
    values = json.loads(found.to_json())
    assert values["n_tracks"] == 20
    assert values["copies"] == [["a/copy.wav", "a/whole.wav"]]
    assert {match["first"] for match in values["matches"]} == {"a/copy.wav", "a/later.wav"}
    assert {"kind", "track_id", "detail", "genre"} == set(values["faults"][0])


def test_lengths_that_differ_at_will_are_no_fault(tune: Callable, write_wav: Callable) -> None:
    tracks = tuple(
        Track(str(k), "g", write_wav(f"{k}.wav", tune(k, duration_s)))
        for k, duration_s in enumerate((2.0, 3.0, 5.0, 8.0))
    )
    assert audit(Dataset("songs", ("g",), tracks)).faults == ()


def test_another_copy_of_a_known_file(tune: Callable, write_wav: Callable) -> None:
    path = write_wav("a.wav", tune(0, 6.0))
    right = Dataset("d", ("g",), (Track("a", "g", path, sha256=file_sha256(path)),))
    wrong = Dataset("d", ("g",), (Track("a", "g", path, sha256="0" * 64),))
    assert audit(right).faults == ()
    assert [fault.kind for fault in audit(wrong).faults] == ["other_copy"]


def test_facts_alone_can_be_audited(gtzan_without_audio: Dataset) -> None:
    found = audit(gtzan_without_audio)
    assert (found.n_tracks, found.n_artists, found.n_unknown_artists) == (1000, 276, 17)
    assert (len(found.copies), len(found.recordings), found.n_redundant) == (14, 59, 68)
    assert found.durations is None
    counts = {genre.genre: genre for genre in found.genres}
    assert counts["blues"].n_artists == 9
    assert counts["jazz"].n_artists == 13
    assert sum(n for _, n in counts["reggae"].top_artists) == 63  # one beside Lauryn Hill
    assert sum(n for _, n in counts["hiphop"].top_artists) == 57
    assert found.matches == ()
