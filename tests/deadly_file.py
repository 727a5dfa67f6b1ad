"""A file that ends the process which reads it, as a damaged one may through a fault in a decoder."""

from __future__ import annotations

import os
import signal
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
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
    killed: set[int] = set()
    # Open in both directions, it waits for nobody, and to whoever opens it late it is a pipe that has a writer.
    held = os.open(path, os.O_RDWR)
    try:
        for _ in range(n_deaths):
            for reader in _next_readers(path, killed):
                os.kill(reader, signal.SIGSEGV)
                killed.add(reader)
        if not content:
            return
        _next_readers(path, killed)
        writing = path.open("wb")
    finally:
        os.close(held)
    with writing:
        writing.write(content)


def _next_readers(path: Path, killed: Collection[int]) -> list[int]:
    """Those that read it now; one that was killed may take a while to end, and counts no more."""

    def readers() -> list[int]:
        return [
            int(process.name)
            for process in Path("/proc").iterdir()
            if process.name.isdecimal() and int(process.name) not in {os.getpid(), *killed} and _has_open(process, path)
        ]

    return wait_until(readers, what="a process reads the file", pause_s=0.005)


def _has_open(process: Path, path: Path) -> bool:
    try:
        return any(link.readlink() == path for link in (process / "fd").iterdir())
    except OSError:  # it has ended, or is another user's
        return False
