"""One worker process, without the service around it."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from serve.bad_files import tone, wav

pytest.importorskip("fastapi")

from genrekit.serve.answering import Job, Outcome, Refused
from genrekit.serve.bounded_worker import BoundedWorker
from genrekit.serve.limits import Limits
from genrekit.worker import WorkerError

JOB = Job("song.wav", False, 60.0)


def run(worker: BoundedWorker, content: bytes) -> Outcome | Refused:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        return worker.run(JOB, file.fileno())


@pytest.fixture
def frugal(tiny_model_path: Path) -> Iterator[BoundedWorker]:
    worker = BoundedWorker(str(tiny_model_path), Limits(max_memory_bytes=20_000_000))
    worker.start()
    yield worker
    worker.kill()


def test_file_that_takes_too_much_memory_ends_its_worker_only(frugal: BoundedWorker) -> None:
    wide = wav(np.zeros((20_000, 1000), np.float32))
    answer = run(frugal, wide)
    assert isinstance(answer, Refused)
    assert answer.code in ("took_too_much_memory", "worker_died"), answer
    assert not frugal.is_alive
    assert isinstance(run(frugal, wav(tone())), Outcome)
    assert frugal.n_starts == 2


def test_model_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(WorkerError, match="missing"):
        BoundedWorker(str(tmp_path / "missing.onnx"), Limits()).start()


@pytest.mark.parametrize("format", ["WAV", "FLAC", "OGG", "MP3"])
def test_the_least_memory_that_may_be_asked_for_is_enough_for_a_song(format: str, tiny_model_path: Path) -> None:
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, np.tile(tone(), 30), 8000, format=format)
    worker = BoundedWorker(str(tiny_model_path), Limits(max_memory_bytes=100_000_000))
    try:
        assert isinstance(run(worker, buffer.getvalue()), Outcome)
    finally:
        worker.kill()
