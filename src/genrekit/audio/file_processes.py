"""Files answered in processes of their own: what a file does to its process is the failure of that file alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from genrekit.audio.files import display_name
from genrekit.errors import AudioError, GenrekitError
from genrekit.worker import Worker, WorkerDiedError, WorkerError

__all__ = ["MANY_FILES", "FileProcesses", "is_own_descriptor"]

Answer = TypeVar("Answer")
Job = TypeVar("Job")
Outcome = TypeVar("Outcome")

# Fewer are done by threads before processes are up.
MANY_FILES = 8

# Beyond the process with its model; two hours of audio take a tenth of it.
MAX_MEMORY_BYTES = 2_000_000_000


class FileProcesses(Generic[Answer]):
    """A fixed number of processes, each started when it is first needed. `ask` may be called by as many threads."""

    def __init__(
        self,
        make: Callable[[], Callable[[Any], Answer]],
        *,
        n_processes: int,
        max_memory_bytes: int | None = MAX_MEMORY_BYTES,
        n_tries: int = 1,
    ) -> None:
        """Nothing is started yet.

        Parameters
        ----------
        make : called in each process; gives what answers for a path, or another question. Must be picklable.
        n_processes : at least 1
        max_memory_bytes : address space that answering may take, see `Worker`; None for no bound
        n_tries : how often a file is read whose process dies: twice where memory that others take must not decide
        """
        self._workers = [Worker(make, max_memory_bytes=max_memory_bytes) for _ in range(n_processes)]
        self._n_tries = n_tries
        self._idle: SimpleQueue[Worker[Answer]] = SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)

    def ask(self, path: str | os.PathLike[str], question: Any = None) -> Answer:
        """The answer for a file, from the next process that is idle.

        Parameters
        ----------
        path : of the file, for messages
        question : what is asked about it, picklable; None for its path

        Raises
        ------
        AudioError : if the process died of it, or what was raised there is no `GenrekitError`
        GenrekitError : as it was raised there
        WorkerError : if no process can be started
        """
        worker = self._idle.get()
        try:
            return self._answer(worker, os.fspath(path) if question is None else question)
        except WorkerError as error:
            raise WorkerError(f"no process to read files in could be started: {error}; try again") from error
        except WorkerDiedError as error:
            raise AudioError(
                f"{display_name(path)}: the process that read it died ({error}); the others are not affected. If it "
                "happens again, the file is damaged: convert it to wav or flac, or leave it out"
            ) from error
        except GenrekitError:
            raise
        except MemoryError as error:
            text = f"{display_name(path)}: reading it took too much memory; convert it to wav or flac"
            raise AudioError(text) from error
        except Exception as error:
            raise AudioError(f"{display_name(path)}: unexpected {type(error).__name__}: {error}") from error
        finally:
            self._idle.put(worker)

    def as_ready(self, attempt: Callable[[Job], Outcome], jobs: Iterable[Job]) -> Generator[Outcome]:
        """What `attempt`, which may `ask`, gives for each of `jobs`, in whatever order; ends the processes in the end.

        Closing the iterator, or an error, stops the work.
        """
        pool = ThreadPoolExecutor(len(self._workers), thread_name_prefix="genrekit")
        try:
            for future in as_completed([pool.submit(attempt, job) for job in jobs]):
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            self.stop()

    def stop(self) -> None:
        """End all processes at once, also those that are asked something now."""
        for worker in self._workers:
            worker.stop()

    def _answer(self, worker: Worker[Answer], question: Any) -> Answer:
        for _ in range(self._n_tries - 1):
            with suppress(WorkerDiedError):
                return worker.ask(question)
        return worker.ask(question)


def is_own_descriptor(path: str | os.PathLike[str]) -> bool:
    """Whether it names an open file of this process, which others do not have, as a shell's ``<(...)`` does."""
    folder = os.path.dirname(os.fspath(path))  # noqa: PTH120 - a name that is not UTF-8 stays as it is
    return folder.startswith(("/dev", "/proc")) and os.path.realpath(folder) == os.path.realpath("/dev/fd")
