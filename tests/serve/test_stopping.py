"""What ends: workers that die or take too long, the service at a signal, and all that it started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
from processes import is_running, workers_of
from waiting import wait_until

from serve.asking import RAW, send, wait_for
from serve.bad_files import tone, wav
from serve.conftest import Running


def health(service: Running, *, is_well: bool) -> httpx.Response | None:
    """The service's answer on its health, if it is this one."""
    answer = httpx.get(f"{service.url}/health")
    return answer if (answer.status_code == 200) == is_well else None


def test_killed_worker_is_answered_and_replaced(start_service: Callable[..., Running]) -> None:
    service = start_service("--workers", 1, "--max-duration-s", 1e6)
    (pid,) = service.worker_pids()
    long = wav(np.zeros(40_000_000, np.float32) + 0.1 * np.sin(np.arange(40_000_000), dtype=np.float32))
    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(send, service, long)
        wait_for(service, "genrekit_workers_busy 1")
        waiting = pool.submit(send, service, wav(tone(duration_s=3.0)))
        os.kill(pid, signal.SIGKILL)
        assert running.result().status_code == 500 and running.result().json()["code"] == "worker_died"
        assert waiting.result().status_code == 200
    assert service.worker_pids() != [pid] and len(service.worker_pids()) == 1
    assert "genrekit_worker_restarts_total 1" in httpx.get(f"{service.url}/metrics").text
    # One that dies idle has lost nothing, and is not said to be there.
    assert httpx.get(f"{service.url}/health").json() == {"status": "ok", "workers": 1, "waiting": 0}
    os.kill(service.worker_pids()[0], signal.SIGKILL)
    ill = wait_until(lambda: health(service, is_well=False), what="the service misses its worker")
    assert ill.json() == {"status": "no_worker", "workers": 0, "waiting": 0}
    # Who asks brings it back, so that a service which gets no files until it is well becomes well.
    wait_until(lambda: health(service, is_well=True), what="the service has a worker again")
    assert "\ngenrekit_workers 1\n" in httpx.get(f"{service.url}/metrics").text
    assert send(service, wav(tone(duration_s=3.0))).status_code == 200
    assert list(service.scratch.iterdir()) == []
    assert service.stop() == 0


def test_file_that_takes_too_long_is_stopped(start_service: Callable[..., Running]) -> None:
    service = start_service("--workers", 1, "--max-duration-s", 1e6, "--max-work-s", 0.1)
    slow = wav(0.1 * np.sin(np.arange(30_000_000), dtype=np.float32))
    answer = send(service, slow)
    assert answer.status_code == 422 and answer.json()["code"] == "took_too_long"
    assert send(service, wav(tone())).status_code == 200
    service.stop()


def test_a_file_whose_client_has_left_is_not_worked_on_to_its_end(start_service: Callable[..., Running]) -> None:
    service = start_service("--workers", 1, "--max-duration-s", 1e6)
    (pid,) = service.worker_pids()
    # As if the file took it for ever.
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{service.url}/v1/classify", content=wav(tone()), headers=RAW, timeout=httpx.Timeout(60, read=0.5))
    wait_for(service, "genrekit_worker_restarts_total 1")
    wait_for(service, "genrekit_workers_busy 0")
    assert 'outcome="client_left"} 1' in httpx.get(f"{service.url}/metrics").text
    assert service.worker_pids() != [pid]
    assert send(service, wav(tone(duration_s=3.0))).status_code == 200
    assert list(service.scratch.iterdir()) == []
    assert service.stop() == 0


def test_queue_is_bounded_and_stop_finishes_what_was_let_in(start_service: Callable[..., Running]) -> None:
    service = start_service("--workers", 1, "--max-waiting", 2, "--max-duration-s", 1e6)
    slow = wav(0.1 * np.sin(np.arange(20_000_000), dtype=np.float32))
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: send(service, slow), range(3)))
        assert sorted(answer.status_code for answer in answers) == [200, 200, 429]
        full = next(answer for answer in answers if answer.status_code == 429)
        assert full.json()["code"] == "too_many_requests" and int(full.headers["Retry-After"]) > 0
        last = pool.submit(send, service, slow)
        wait_for(service, "genrekit_workers_busy 1")
        assert service.stop() == 0
        assert last.result().status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{service.url}/health")


@pytest.mark.parametrize("between", [[], [signal.SIGTERM]])
def test_a_second_ctrl_c_gives_up_what_was_let_in(
    start_service: Callable[..., Running], between: list[signal.Signals]
) -> None:
    service = start_service("--workers", 1, "--max-duration-s", 1e6, "--max-body-mb", 1000)
    slow = wav(0.1 * np.sin(np.arange(60_000_000), dtype=np.float32))
    with ThreadPoolExecutor(2) as pool:
        sent = [pool.submit(send, service, slow) for _ in range(2)]
        wait_for(service, "genrekit_requests_open 2")
        for number in (signal.SIGINT, *between, signal.SIGINT):
            assert service.process.poll() is None
            service.process.send_signal(number)
            time.sleep(0.2)
        for answer in (one.result() for one in sent):
            assert answer.status_code == 503 and answer.json()["code"] == "stopped"
        assert service.process.wait(30) == 130
    assert list(service.scratch.iterdir()) == []


@pytest.mark.usefixtures("_workers_are_found")
@pytest.mark.parametrize("between", [[], [signal.SIGTERM]])
def test_a_service_that_is_stopped_before_it_is_up_is_no_failure(
    tiny_model_path: Path, between: list[signal.Signals]
) -> None:
    command = [sys.executable, "-c", "import sys; from genrekit.cli.main import main; sys.exit(main())", "serve"]
    command += ["--port", "0", "--workers", "1", "--model", str(tiny_model_path)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    # From here to its being up lies the start of a process.
    wait_until(lambda: workers_of(process.pid), what="a worker starts", process=process, pause_s=0.005)
    for number in (signal.SIGINT, *between, signal.SIGINT):
        process.send_signal(number)
        time.sleep(0.02)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0 and said.splitlines()[-1] == "genrekit: stopped", said


def test_workers_end_with_the_service_and_leave_nothing(start_service: Callable[..., Running]) -> None:
    service = start_service("--workers", 2)
    pids = service.worker_pids()
    assert len(pids) == 2
    service.process.kill()
    service.process.wait()
    wait_until(lambda: not any(map(is_running, pids)), what="the workers end")
    assert list(service.scratch.iterdir()) == []
