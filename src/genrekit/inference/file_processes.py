"""Files answered in processes of their own: what a file does to its process is the failure of that file alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

from genrekit.audio import display_name
from genrekit.errors import AudioError
from genrekit.worker import Worker, WorkerDiedError, WorkerError

__all__ = ["MANY_FILES", "FileProcesses", "is_own_descriptor"]

Answer = TypeVar("Answer")

# Fewer are done by threads before processes are up.
MANY_FILES = 8

# Beyond the process with its model; two hours of audio take a tenth of it.
MAX_MEMORY_BYTES = 2_000_000_000


class FileProcesses(Generic[Answer]):
    """A fixed number of processes, each started when it is first needed. `ask` may be called by as many threads."""

    def __init__(self, make: Callable[[], Callable[[str], Answer]], *, n_processes: int) -> None:
        """`make` is called in each process and gives what answers for a path; it must be picklable."""
        self._workers = [Worker(make, max_memory_bytes=MAX_MEMORY_BYTES) for _ in range(n_processes)]
        self._idle: SimpleQueue[Worker[Answer]] = SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)

    def ask(self, path: str | os.PathLike[str]) -> Answer:
        """The answer for a file, from the next process that is idle.

        Raises
        ------
        AudioError : if the process died of it
        WorkerError : if no process can be started
        """
        worker = self._idle.get()
        try:
            return worker.ask(os.fspath(path))
        except WorkerError as error:
            raise WorkerError(f"no process to read files in could be started: {error}; try again") from error
        except WorkerDiedError as error:
            raise AudioError(
                f"{display_name(path)}: the process that read it died ({error}); the others are not affected. If it "
                "happens again, the file is damaged: convert it to wav or flac, or leave it out"
            ) from error
        finally:
            self._idle.put(worker)

    def stop(self) -> None:
        """End all processes at once, also those that are asked something now."""
        for worker in self._workers:
            worker.stop()


def is_own_descriptor(path: str | os.PathLike[str]) -> bool:
    """Whether it names an open file of this process, which others do not have, as a shell's ``<(...)`` does."""
    folder = os.path.dirname(os.fspath(path))  # noqa: PTH120 - a name that is not UTF-8 stays as it is
    return folder.startswith(("/dev", "/proc")) and os.path.realpath(folder) == os.path.realpath("/dev/fd")
