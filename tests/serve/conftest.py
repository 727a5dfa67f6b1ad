"""A real service on a free port, in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from processes import workers_of

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
httpx = pytest.importorskip("httpx")

START_S = 60


@dataclass(frozen=True)
class Running:
    """A service that takes requests."""

    url: str
    port: int
    process: subprocess.Popen[str]
    scratch: Path

    def worker_pids(self) -> list[int]:
        """Processes that were spawned for work."""
        return workers_of(self.process.pid)

    def stop(self) -> int:
        """End it as an operator would, and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@pytest.fixture(scope="session")
def _workers_are_found() -> None:
    if not Path("/proc/self/task").is_dir():
        pytest.skip("looks for the workers in /proc")


@pytest.fixture(scope="session")
def start_service(
    _workers_are_found: None, tiny_model_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Running]]:
    """Starts `genrekit serve` with the tiny model and the options given; all are stopped at the end."""
    started: list[Running] = []

    def start(*options: object, model: str | None = None, token: str | None = None) -> Running:
        scratch = tmp_path_factory.mktemp("scratch")
        command = [sys.executable, "-c", "import sys; from genrekit.cli.main import main; sys.exit(main())", "serve"]
        command += ["--port", "0", "--model", model or str(tiny_model_path), *map(str, options)]
        environment = {**os.environ, "TMPDIR": str(scratch), "OMP_NUM_THREADS": "1"}
        environment.pop("GENREKIT_TOKEN", None)
        if token is not None:
            environment["GENREKIT_TOKEN"] = token
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
        lines: list[str] = []
        ready = threading.Event()

        def read() -> None:
            assert process.stderr is not None
            for line in process.stderr:
                lines.append(line)
                if "serving at" in line:
                    ready.set()
            ready.set()

        threading.Thread(target=read, daemon=True).start()
        assert ready.wait(START_S), lines
        address = re.search(r"http://\S+:(\d+)/", "".join(lines))
        assert address, lines
        running = Running(f"http://127.0.0.1:{address[1]}", int(address[1]), process, scratch)
        started.append(running)
        return running

    yield start
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()


@pytest.fixture(scope="session")
def service(start_service: Callable[..., Running]) -> Running:
    """One that most tests share: two workers, small limits."""
    return start_service("--workers", 2, "--max-body-mb", 2, "--max-duration-s", 60)
