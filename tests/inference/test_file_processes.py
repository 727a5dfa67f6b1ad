"""Many files in processes of their own: the same answers, and a death is one file's failure."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tiny_model import SR
from waiting import wait_until

import genrekit
from genrekit import Classifier, Failure, Result


@pytest.fixture(scope="module")
def classifier(tiny_model_path: Path) -> Classifier:
    return genrekit.load(tiny_model_path)


def workers() -> list[int]:
    return [child.pid for child in multiprocessing.active_children() if child.name == "genrekit-worker" and child.pid]


def assert_workers_go() -> None:
    wait_until(lambda: not workers(), what="the workers end")


def test_processes_give_what_threads_give(
    classifier: Classifier, write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.mp3"
    bad.write_text("no music")
    tones = [write_tone(f"{number}.wav", frequency_hz=300.0 * (number + 1)) for number in range(6)]
    paths = [*tones[:2], bad, tmp_path / "missing.wav", *tones[2:]]
    threads = list(classifier.classify_many(paths, n_jobs=2))
    processes = list(classifier.classify_many(paths, n_jobs=2, processes=True))
    assert processes == threads
    assert [type(outcome) for outcome in processes[:5]] == [Result, Result, Failure, Failure, Result]
    assert_workers_go()


def test_where_a_failure_came_from_travels_as_text(classifier: Classifier, tmp_path: Path) -> None:
    (failure,) = classifier.classify_many([tmp_path / "missing.wav"], n_jobs=1, processes=True)
    assert isinstance(failure, Failure)
    assert "Traceback" in str(failure.cause) and "AudioError" in str(failure.cause)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc to see when the file is being read")
def test_a_file_that_ends_its_process_is_named_and_the_rest_is_done(
    classifier: Classifier, write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    first, last = write_tone("first.wav"), write_tone("last.wav")
    long = tmp_path / "long.wav"
    soundfile.write(long, np.tile(np.sin(np.arange(SR) / 3).astype(np.float32), 3600 * 3), SR)

    def kill_while_it_is_read() -> None:
        worker = wait_until(workers, what="a worker starts")[0]
        descriptors = Path(f"/proc/{worker}/fd")
        wait_until(lambda: any(_leads_to(link, long) for link in descriptors.iterdir()), what="the file is read")
        os.kill(worker, signal.SIGSEGV)

    with ThreadPoolExecutor(1) as pool:
        killed = pool.submit(kill_while_it_is_read)
        outcomes = list(classifier.classify_many([first, long, last], n_jobs=1, processes=True))
        killed.result()
    assert [type(outcome) for outcome in outcomes] == [Result, Failure, Result]
    assert isinstance(outcomes[1], Failure)
    assert "long.wav: the process that read it died (SIGSEGV)" in outcomes[1].error


def _leads_to(link: Path, path: Path) -> bool:
    try:
        return link.readlink() == path
    except OSError:
        return False


def test_closing_ends_the_processes_and_waits_for_none(
    classifier: Classifier, write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    short = write_tone("short.wav")
    outcomes = classifier.classify_many([short] * 40, n_jobs=2, processes=True)
    assert isinstance(next(outcomes), Result)
    outcomes.close()
    assert_workers_go()


@pytest.mark.skipif(not Path("/dev/fd").is_dir(), reason="open files have names on POSIX only")
def test_an_open_file_of_this_process_is_read_here(classifier: Classifier, write_tone: Callable[..., Path]) -> None:
    tone = write_tone("tone.wav", frequency_hz=2000.0)
    with tone.open("rb") as file:
        named = f"/dev/fd/{file.fileno()}"
        first, second = classifier.classify_many([tone, named], n_jobs=1, processes=True)
    assert isinstance(first, Result) and isinstance(second, Result)
    assert second.path == named and second.probabilities == first.probabilities
