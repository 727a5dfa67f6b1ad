"""Feature tables made of audio: the same values however they come about, and no work done twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("librosa")

from deadly_file import deadly_file, needs_proc
from processes import children_of, is_running
from waiting import wait_until

from genrekit.audio import load_audio
from genrekit.audio.file_processes import FileProcesses
from genrekit.data import Dataset, Fault, Track, load_dataset
from genrekit.data.preparation.table_rows import Windows
from genrekit.data.preparation.table_writer import write_table
from genrekit.data.table_file import read_table_file
from genrekit.errors import DataError
from genrekit.features import compute_handcrafted
from genrekit.worker import Worker, WorkerDiedError

SR = 22_050


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two genres of two files of 4 s."""
    import soundfile

    root = tmp_path_factory.mktemp("music")
    rng = np.random.default_rng(0)
    for name in ("polka/a", "polka/b", "waltz/c", "waltz/d"):
        path = root / f"{name}.wav"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, 0.1 * rng.standard_normal(4 * SR), SR)
    return root


@pytest.fixture
def dances(music: Path) -> Dataset:
    return load_dataset("folder", music)


def test_a_row_is_the_features_of_its_window(dances: Dataset, music: Path, tmp_path: Path) -> None:
    path = tmp_path / "dances.parquet"
    made = write_table(dances, path, Windows(2.0, 1.0), n_processes=1)
    assert (made.n_tracks, made.n_rows, made.n_resumed, made.faults) == (4, 12, 0, ())
    table = read_table_file(path).table
    assert table is not None
    assert table.track_id[:3] == ("polka/a.wav",) * 3
    np.testing.assert_array_equal(table.start_s[:3], [0.0, 1.0, 2.0])
    y = load_audio(music / "polka/a.wav", sr=SR)
    np.testing.assert_array_equal(table.values[1], compute_handcrafted(y[SR : 3 * SR]).values)
    assert sorted(tmp_path.iterdir()) == [path]


def test_a_track_a_little_longer_than_its_one_window_is_taken_whole(
    dances: Dataset, music: Path, tmp_path: Path
) -> None:
    write_table(dances, tmp_path / "a.csv", Windows(3.5, 3.5, 3.5), n_processes=1)
    write_table(dances, tmp_path / "b.csv", Windows(2.5, 2.5, 2.5), n_processes=1)
    whole, cut = (read_table_file(tmp_path / f"{name}.csv").table for name in "ab")
    assert whole is not None and cut is not None
    y = load_audio(music / "polka/a.wav", sr=SR)
    np.testing.assert_array_equal(whole.values[0], compute_handcrafted(y).values)
    np.testing.assert_array_equal(cut.values[0], compute_handcrafted(y[: round(2.5 * SR)]).values)


def test_several_processes_give_the_same_table(dances: Dataset, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    write_table(dances, tmp_path / "one.csv", Windows(2.0, 2.0), n_processes=1)
    write_table(
        dances, tmp_path / "two.csv", Windows(2.0, 2.0), n_processes=2,
        progress=lambda done, total, what: seen.append((done, total)),
    )  # fmt: skip
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert (tmp_path / "two.csv").read_bytes() == (tmp_path / "one.csv").read_bytes()


def test_one_process_has_compiled_everything_before_there_are_others(
    dances: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []
    ask = FileProcesses.ask

    def watched(processes: FileProcesses[Any], path: str | os.PathLike[str], question: Any = None) -> Any:
        events.append(f"begin {Path(path).name}")
        answer = ask(processes, path, question)
        events.append(f"end {Path(path).name}")
        return answer

    monkeypatch.setattr(FileProcesses, "ask", watched)
    write_table(dances, tmp_path / "a.csv", Windows(2.0, 2.0), n_processes=2)
    assert events[:2] == ["begin noise", "end noise"]
    assert len(events) == 2 * (1 + len(dances.tracks))


def test_a_process_that_dies_without_a_file_blames_none(
    dances: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(worker: Worker[Any], question: Any) -> None:
        raise WorkerDiedError("SIGSEGV")

    monkeypatch.setattr(Worker, "ask", dies)
    with pytest.raises(DataError, match=r"not even of noise \(SIGSEGV\).* NUMBA_CACHE_DIR"):
        write_table(dances, tmp_path / "a.csv", n_processes=2)


class Stop(Exception):
    """Raised to stop a run in the middle."""


def stop_after(count: int) -> object:
    def progress(done: int, total: int, what: str) -> None:
        if done == count:
            raise Stop

    return progress


def test_what_is_done_is_not_done_again(dances: Dataset, tmp_path: Path) -> None:
    windows, path = Windows(2.0, 2.0), tmp_path / "dances.csv"
    write_table(dances, tmp_path / "whole.csv", windows, n_processes=1)
    with pytest.raises(Stop):
        write_table(dances, path, windows, n_processes=1, progress=stop_after(2))  # type: ignore[arg-type]
    unfinished = tmp_path / ".dances.csv.unfinished"
    # A kill may leave half a line.
    with unfinished.open("ab") as file:
        file.write(b'{"track_id": "waltz/c.wav", "start_s": [0.')
    with pytest.raises(DataError, match=r"other settings: dataset .* window_s 2.0, .* now .* window_s 3.0"):
        write_table(dances, path, Windows(3.0, 3.0), n_processes=1)
    seen: list[str] = []
    made = write_table(dances, path, windows, n_processes=1, progress=lambda done, total, what: seen.append(what))
    assert made.n_resumed == 2 and seen == ["waltz/c.wav", "waltz/d.wav"]
    assert path.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert not unfinished.exists()


def test_a_file_that_has_changed_since_is_computed_again(dances: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "dances.csv"
    with pytest.raises(Stop):
        write_table(dances, path, n_processes=1, progress=stop_after(2))  # type: ignore[arg-type]
    assert dances.tracks[0].path is not None
    dances.tracks[0].path.touch()
    assert write_table(dances, path, n_processes=1).n_resumed == 1


KILLED = """
import sys
from pathlib import Path
from genrekit.data import load_dataset
from genrekit.data.preparation.table_writer import write_table

if __name__ == "__main__":
    def progress(done, total, what):
        print(done, flush=True)
        import time
        time.sleep(60)
    write_table(load_dataset("folder", Path(sys.argv[1])), Path(sys.argv[2]), n_processes=2, progress=progress)
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_a_kill_leaves_no_process_behind_and_the_next_run_goes_on(dances: Dataset, music: Path, tmp_path: Path) -> None:
    script, path = tmp_path / "killed.py", tmp_path / "dances.csv"
    script.write_text(KILLED)
    running = subprocess.Popen([sys.executable, script, music, path], stdout=subprocess.PIPE)
    assert running.stdout is not None and running.stdout.readline() == b"1\n"
    children = children_of(running.pid)
    assert children
    running.send_signal(signal.SIGKILL)
    running.wait()
    wait_until(lambda: not any(map(is_running, children)), what="the processes end with their parent")
    assert write_table(dances, path, n_processes=1).n_resumed >= 1


@needs_proc
def test_a_file_that_kills_its_process_is_named_and_left_out(dances: Dataset, tmp_path: Path) -> None:
    with deadly_file(tmp_path / "e.wav", n_deaths=2) as deadly:
        dataset = replace(dances, tracks=(*dances.tracks, Track("waltz/e.wav", "waltz", deadly)))
        made = write_table(dataset, tmp_path / "a.csv", n_processes=2)
    assert made.n_tracks == 4
    assert [fault.track_id for fault in made.faults] == ["waltz/e.wav"]
    assert "e.wav: the process that read it died (SIGSEGV)" in made.faults[0].detail


@needs_proc
def test_a_file_whose_process_died_by_chance_is_in_the_table(dances: Dataset, music: Path, tmp_path: Path) -> None:
    content = (music / "waltz/d.wav").read_bytes()
    with deadly_file(tmp_path / "e.wav", n_deaths=1, content=content) as deadly:
        dataset = replace(dances, tracks=(*dances.tracks, Track("waltz/e.wav", "waltz", deadly)))
        made = write_table(dataset, tmp_path / "a.csv", n_processes=2)
    assert (made.n_tracks, made.faults) == (5, ())


def test_files_that_cannot_be_used_are_named_and_left_out(music: Path, tmp_path: Path) -> None:
    root = tmp_path / "music"
    root.mkdir()
    for genre in ("polka", "waltz"):
        (root / genre).symlink_to(music / genre)
    (root / "tango").mkdir()
    (root / "tango/e.mp3").write_text("no music")
    (root / "tango/f.wav").write_bytes((music / "polka/a.wav").read_bytes()[:2044])
    made = write_table(load_dataset("folder", root), tmp_path / "a.csv", n_processes=1)
    assert [fault.track_id for fault in made.faults] == ["tango/e.mp3", "tango/f.wav"]
    assert "at least 2048" in made.faults[1].detail
    assert read_table_file(tmp_path / "a.csv").genres == ("polka", "waltz")
    dataset = load_dataset("folder", root)
    gone = Fault("missing", "polka/z.wav", "no file", "polka")
    write_table(replace(dataset, faults=(*dataset.faults, gone)), tmp_path / "a.parquet", n_processes=1)
    lacking = read_table_file(tmp_path / "a.parquet").faults
    assert sorted((fault.kind, fault.track_id, fault.genre) for fault in lacking) == [
        ("missing", "polka/z.wav", "polka"),
        ("missing", "tango/e.mp3", "tango"),
        ("missing", "tango/f.wav", "tango"),
    ]
    with pytest.raises(DataError, match="None of the 2 tracks"):
        tango = [track for track in load_dataset("folder", root).tracks if track.genre == "tango"]
        write_table(Dataset("tango", ("tango",), tuple(tango)), tmp_path / "b.csv", n_processes=1)


@pytest.mark.parametrize(
    ("windows", "message"),
    [
        ({"window_s": 0.0}, "window_s is a positive number"),
        ({"window_s": 0.05}, "need 0.09 s or more"),
        ({"window_s": 60.0}, "longer than span_s"),
        ({"hop_s": -1.0}, "hop_s is a positive number"),
    ],
)
def test_windows_that_cannot_be(windows: dict[str, float], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Windows(**windows)


def test_wrong_places_are_told_before_any_work(dances: Dataset, music: Path, tmp_path: Path) -> None:
    (tmp_path / "there.csv").touch()
    for name, message in (("there.csv", "exists already"), ("no/a.csv", "there is no folder"), ("a.npz", "ends in")):
        with pytest.raises(DataError, match=message):
            write_table(dances, tmp_path / name, n_processes=1)
    write_table(dances, tmp_path / "a.csv", n_processes=1)
    with pytest.raises(DataError, match="no audio"):
        write_table(load_dataset("table", tmp_path / "a.csv"), tmp_path / "b.csv", n_processes=1)
