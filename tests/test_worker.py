"""Real spawned processes that answer, die, hang or take too much memory."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from processes import children_of
from waiting import wait_until

from genrekit.errors import AudioError, GenrekitError
from genrekit.worker import ElsewhereError, Worker, WorkerDiedError, WorkerError, WorkerSlowError


def make_obedient() -> Callable[..., Any]:
    """Does as it is told, whatever comes of it."""
    n_asked = 0

    def answer(order: tuple[str, Any], descriptor: int | None = None) -> Any:
        nonlocal n_asked
        n_asked += 1
        what, value = order
        if what == "die":
            os.kill(os.getpid(), value)
        if what == "exit":
            os._exit(value)
        if what == "raise":
            raise value
        if what == "decode":
            raise DecoderError(3, "bad header")
        if what == "unpicklable":
            return lambda: None
        if what == "sleep":
            time.sleep(value)
        if what == "allocate":
            try:
                return np.ones(value, np.uint8).nbytes
            except MemoryError:
                return "refused"
        if descriptor is not None:
            with os.fdopen(descriptor, "rb") as file:
                file.seek(0)
                return file.read()
        return value, n_asked, os.getpid()

    return answer


def make_frail(marks: str) -> Callable[..., Any]:
    """Dies twice while it starts."""
    mark = Path(marks) / str(len(list(Path(marks).iterdir())))
    mark.touch()
    if mark.name in "01":
        os.kill(os.getpid(), signal.SIGKILL)
    return make_obedient()


def make_doomed() -> Callable[..., Any]:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def make_none() -> Callable[..., Any]:
    raise GenrekitError("there is no such model")


def make_broken() -> Callable[..., Any]:
    raise RuntimeError("no such thing")


class DecoderError(Exception):
    """Cannot travel, as many exceptions of native code cannot: it is not made of its text alone."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{text} ({code})")


@pytest.fixture
def worker() -> Iterator[Worker[Any]]:
    worker: Worker[Any] = Worker(make_obedient, max_memory_bytes=300_000_000)
    yield worker
    worker.kill()


def test_one_process_answers_one_question_after_another(worker: Worker[Any]) -> None:
    assert not worker.is_alive and worker.pid is None
    first = worker.ask(("say", "a"))
    second = worker.ask(("say", "b"))
    assert (first[:2], second[:2]) == (("a", 1), ("b", 2))
    assert first[2] == second[2] == worker.pid != os.getpid()
    assert worker.n_starts == 1


def test_an_open_file_goes_with_a_question_and_stays_open_here(worker: Worker[Any]) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"content")
        file.flush()
        assert worker.ask(("read", None), descriptor=file.fileno()) == b"content"
        os.fstat(file.fileno())


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (("die", signal.SIGSEGV), "SIGSEGV"),
        (("die", signal.SIGKILL), "SIGKILL, for want of memory perhaps"),
        (("exit", 3), "code 3"),
    ],
)
def test_a_death_is_told_and_the_next_question_has_a_new_process(order: Any, reason: str, worker: Worker[Any]) -> None:
    before = worker.ask(("say", "a"))[2]
    with pytest.raises(WorkerDiedError, match=reason):
        worker.ask(order)
    assert not worker.is_alive
    assert worker.ask(("say", "a"))[2] != before
    assert worker.n_starts == 2


@pytest.mark.parametrize(
    ("order", "expected", "message"),
    [
        (("raise", AudioError("a.wav: damaged")), AudioError, r"^a\.wav: damaged$"),
        (("raise", MemoryError()), MemoryError, "^$"),
        (("decode", None), RuntimeError, r"^DecoderError: bad header \(3\)$"),
        (("unpicklable", None), (AttributeError, pickle.PicklingError), "lambda"),
    ],
)
def test_what_is_raised_there_is_raised_here_and_the_process_goes_on(
    order: Any, expected: Any, message: str, worker: Worker[Any], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(expected, match=message) as caught:
        worker.ask(order)
    assert isinstance(caught.value.__cause__, ElsewhereError)
    assert "Traceback" in str(caught.value.__cause__)
    assert worker.ask(("say", "a"))[:2] == ("a", 2)
    assert capfd.readouterr().err == ""


def test_one_that_died_idle_has_not_seen_the_question(worker: Worker[Any]) -> None:
    worker.start()
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    wait_until(lambda: not worker.is_alive, what="the worker ends")
    assert worker.ask(("say", "a"))[0] == "a"


def test_one_that_takes_too_long_is_ended(worker: Worker[Any]) -> None:
    worker.start()
    with pytest.raises(WorkerSlowError, match=r"0\.2 s"):
        worker.ask(("sleep", 60), timeout_s=0.2)
    assert not worker.is_alive


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps RLIMIT_AS")
def test_memory_is_bounded_beyond_what_is_in_use(worker: Worker[Any]) -> None:
    assert worker.ask(("allocate", 100_000_000)) == 100_000_000
    assert worker.ask(("allocate", 1_000_000_000)) == "refused"


def test_stopping_from_another_thread_ends_the_wait(worker: Worker[Any]) -> None:
    worker.start()
    threading.Timer(0.3, worker.stop).start()
    with pytest.raises(WorkerDiedError):
        worker.ask(("sleep", 60))


def test_an_interrupted_one_is_started_again_by_the_next_question(worker: Worker[Any]) -> None:
    worker.start()
    threading.Timer(0.3, worker.interrupt).start()
    with pytest.raises(WorkerDiedError, match="SIGKILL"):
        worker.ask(("sleep", 60))
    assert worker.ask(("say", "a"))[0] == "a"
    assert worker.n_starts == 2


def test_one_that_dies_while_it_starts_is_started_again(tmp_path: Path) -> None:
    worker: Worker[Any] = Worker(partial(make_frail, str(tmp_path)), max_memory_bytes=300_000_000)
    assert worker.ask(("say", "a"))[:2] == ("a", 1)
    assert worker.n_starts == 3
    worker.kill()


def test_once_stopped_it_is_not_started_again(worker: Worker[Any]) -> None:
    worker.start()
    worker.stop()
    wait_until(lambda: not worker.is_alive, what="the worker ends")
    with pytest.raises(WorkerError, match="not wanted"):
        worker.ask(("say", "a"))


CTRL_C = """
import os, signal, sys, threading, time
sys.path.insert(0, sys.argv[1])
from test_worker import make_obedient
from genrekit.worker import Worker
if __name__ == "__main__":
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    threading.Thread(target=Worker(make_obedient, max_memory_bytes=10**9).ask, args=(("sleep", 60),)).start()
    while True:  # in short pieces: a signal just before a sleep does not end it
        time.sleep(0.05)
"""


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="process groups are a thing of POSIX")
@pytest.mark.parametrize("after_s", [0.0, 0.05, 0.1, 0.2, 0.4])
def test_ctrl_c_while_it_starts_shows_no_traceback(after_s: float, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(CTRL_C)
    process = subprocess.Popen(
        [sys.executable, script, str(Path(__file__).parent)], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    if Path("/proc/self/task").is_dir():
        wait_until(lambda: children_of(process.pid), what="the worker starts", process=process)
    time.sleep(after_s)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert "KeyboardInterrupt" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")
@pytest.mark.parametrize("n_free", [0, 1, 3, 5])
def test_one_that_the_system_refuses_says_so(n_free: int) -> None:
    script = f"""
import os, resource
from genrekit.worker import Worker, WorkerError
from {__name__} import make_obedient

worker = Worker(make_obedient, max_memory_bytes=1_000_000_000)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
taken = []
try:
    while True:
        taken.append(os.dup(0))
except OSError:
    for descriptor in taken[:{n_free}]:
        os.close(descriptor)
try:
    worker.ask(("say", 1))
except WorkerError as error:
    print("refused:", error)
for descriptor in taken[{n_free}:]:
    os.close(descriptor)
print(worker.ask(("say", 2))[0])
worker.kill()
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=Path(__file__).parent,
    )
    assert done.returncode == 0, done.stderr
    assert "refused: " in done.stdout and "Too many open files" in done.stdout
    assert done.stdout.endswith("2\n")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (make_none, "no such model"),
        (make_broken, "unexpected RuntimeError: no such thing"),
        (make_doomed, r"died while .*SIGKILL"),
    ],
)
def test_one_that_does_not_come_up_says_why(make: Callable[[], Any], reason: str) -> None:
    worker: Worker[Any] = Worker(make, max_memory_bytes=1_000_000)
    with pytest.raises(WorkerError, match=reason):
        worker.ask("anything")
    assert not worker.is_alive
