"""One worker process, seen from the service: started, given files, killed when it takes too long, started again."""

from __future__ import annotations

import multiprocessing
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import send_handle

from genrekit.errors import GenrekitError
from genrekit.serve.limits import Limits
from genrekit.serve.worker_process import Job, Outcome, Ready, Refused, worker_main

__all__ = ["Worker", "WorkerError"]

START_S = 120.0  # a loaded machine may take long to import NumPy and ONNX Runtime
STOP_S = 2.0


class WorkerError(GenrekitError):
    """A worker process cannot be started."""


class Worker:
    """A spawned process with the model loaded. Used by one thread at a time; all methods block.

    Attributes
    ----------
    n_starts : how often a process was started
    """

    def __init__(self, model: str, limits: Limits) -> None:
        self.n_starts = 0
        self._model = model
        self._limits = limits
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None

    @property
    def pid(self) -> int | None:
        """Process id, None while there is none."""
        return None if self._process is None else self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it can be given a file."""
        return self._process is not None and self._process.is_alive()

    def start(self) -> None:
        """Start a new process in place of the one before, and wait until its model is loaded.

        Raises
        ------
        WorkerError : if it does not come up, with the reason
        """
        self.kill()
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=True)
        process = context.Process(
            target=worker_main,
            args=(theirs, self._model, self._limits.max_memory_bytes),
            name="genrekit-worker",
            daemon=True,
        )
        self.n_starts += 1
        process.start()
        theirs.close()
        self._process, self._connection = process, ours
        error: str | None = "it did not answer"
        with suppress(EOFError, OSError):
            if ours.poll(START_S):
                ready = ours.recv()
                error = ready.error if isinstance(ready, Ready) else "it gave no sensible answer"
        if error is not None:
            self.kill()
            raise WorkerError(error)

    def run(self, job: Job, descriptor: int) -> Outcome | Refused:
        """Have one file classified; the process is killed if that takes too long.

        Parameters
        ----------
        job, descriptor : the file; the descriptor stays open here
        """
        # One that died idle has not seen the file, which may therefore be given to its successor.
        if not self.is_alive:
            try:
                self.start()
            except WorkerError as error:
                return Refused("no_worker", f"no worker process could be started: {error}")
        connection, process = self._connection, self._process
        assert connection is not None and process is not None and process.pid is not None
        try:
            connection.send(job)
            send_handle(connection, descriptor, process.pid)
            if not connection.poll(self._limits.max_work_s):
                self.kill()
                return Refused(
                    "took_too_long",
                    f"reading and classifying took more than {self._limits.max_work_s:g} s and was stopped; send a "
                    "shorter part, or convert it to wav or flac",
                )
            answer: Outcome | Refused = connection.recv()
        except (EOFError, OSError):
            self.kill()
            return Refused(
                "worker_died",
                "the process that read this file died; others are not affected. Try once more; if it happens again, "
                "the file is damaged: convert it to wav or flac",
            )
        if isinstance(answer, Refused) and answer.code in ("took_too_much_memory", "unexpected"):
            self.kill()
        return answer

    def kill(self) -> None:
        """End the process at once, whatever it does."""
        process, connection = self._process, self._connection
        self._process = self._connection = None
        if connection is not None:
            connection.close()
        if process is not None:
            process.kill()
            process.join(STOP_S)
