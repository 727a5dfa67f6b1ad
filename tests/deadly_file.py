"""A file that ends the process which reads it, as a damaged one may through a fault in a decoder."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from waiting import wait_until

needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks for the reader in /proc")


@contextmanager
def deadly_file(path: Path, *, n_deaths: int, content: bytes = b"") -> Iterator[Path]:
    """A pipe at `path` that has been read when this ends: by `n_deaths` processes that died, then, if at all, by one
    that got `content`.
    """
    os.mkfifo(path)
    with ThreadPoolExecutor(1) as pool:
        served = pool.submit(_serve, path, n_deaths, content)
        yield path
        served.result()


def _serve(path: Path, n_deaths: int, content: bytes) -> None:
    for _ in range(n_deaths):
        writing = _open_once_read(path)
        for reader in wait_until(lambda: _readers(path), what="a process reads the file", pause_s=0.005):
            os.kill(reader, signal.SIGSEGV)
        wait_until(lambda: not _readers(path), what="the one that was killed ends", pause_s=0.005)
        os.close(writing)
    while content:
        writing = _open_once_read(path)
        os.set_blocking(writing, True)
        # The one that was killed may still have been about to close it.
        with suppress(BrokenPipeError), os.fdopen(writing, "wb") as file:
            file.write(content)
            return


def _open_once_read(path: Path) -> int:
    def opened() -> list[int]:
        with suppress(OSError):  # nobody reads it yet
            return [os.open(path, os.O_WRONLY | os.O_NONBLOCK)]
        return []

    return wait_until(opened, what="somebody opens the file", pause_s=0.005)[0]


def _readers(path: Path) -> list[int]:
    return [
        int(process.name)
        for process in Path("/proc").iterdir()
        if process.name.isdecimal() and int(process.name) != os.getpid() and _has_open(process, path)
    ]


def _has_open(process: Path, path: Path) -> bool:
    try:
        return any(link.readlink() == path for link in (process / "fd").iterdir())
    except OSError:  # it has ended, or is another user's
        return False
