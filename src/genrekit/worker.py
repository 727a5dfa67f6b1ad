"""A spawned process that answers one question after another, seen from both ends.

Decoders are native code: what a damaged file does to its process must not end the work on the others. Such a process
also has an interpreter of its own, so that several decode at once.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler, recv_handle, send_handle
from pathlib import Path
from typing import Any, Generic, TypeVar

from genrekit.errors import GenrekitError
from genrekit.spawned import ctrl_c_blocked, leave_to_parent, why_it_ended

__all__ = ["ElsewhereError", "Worker", "WorkerDiedError", "WorkerError", "WorkerSlowError"]

Answer = TypeVar("Answer")

START_S = 120.0  # a loaded machine may take long to import NumPy and ONNX Runtime
STOP_S = 2.0
START_TRIES = 3


class WorkerError(GenrekitError):
    """A worker process cannot be started."""


class WorkerDiedError(GenrekitError):
    """The process died before it answered; the text says of what, as far as that is known."""


class WorkerSlowError(GenrekitError):
    """The process did not answer in time, and was ended."""


class ElsewhereError(Exception):
    """Stands for what was raised in another process; its text is the traceback there."""


@dataclass(frozen=True)
class _Ready:
    """Sent by a process once it can be asked; `error` says why it cannot."""

    error: str | None = None


@dataclass(frozen=True)
class _Question:
    value: Any
    has_descriptor: bool


@dataclass(frozen=True)
class _Raised:
    """Sent in place of an answer."""

    error: Exception
    traceback: str

    @classmethod
    def of(cls, error: Exception) -> _Raised:
        traceback.clear_frames(error.__traceback__)  # where memory is short, they hold the most of it
        text = "".join(traceback.format_exception(error))
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:  # as many of those are that native code raises
            return cls(RuntimeError(f"{type(error).__name__}: {error}"), text)
        return cls(error, text)


class Worker(Generic[Answer]):
    """A spawned process, started when it is needed. Used by one thread at a time, but for `interrupt` and `stop`; all
    methods block.

    Attributes
    ----------
    n_starts : how often a process was started
    """

    def __init__(self, make: Callable[[], Callable[..., Answer]], *, max_memory_bytes: int | None) -> None:
        """Nothing is started yet.

        Parameters
        ----------
        make : called in the process; gives the function that answers, which is called with the question and, where one
            is sent, a descriptor. Must be picklable, as questions and answers must.
        max_memory_bytes : address space that answering may take beyond what the process has after `make`; on Linux
            only. None for no bound.
        """
        self.n_starts = 0
        self._make = make
        self._max_memory_bytes = max_memory_bytes
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None
        self._lock = threading.Lock()
        self._stopped = False

    @property
    def pid(self) -> int | None:
        """Process id, None while there is none."""
        return None if self._process is None else self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked without a start; any thread may look."""
        process = self._process
        # Not process.is_alive(), by which one thread takes the exit code away from another.
        return process is not None and not wait([process.sentinel], timeout=0)

    def start(self) -> None:
        """Start a new process in place of the one before, and wait until it can be asked.

        Raises
        ------
        WorkerError : if it does not come up, with the reason
        """
        for _ in range(START_TRIES):
            self.kill()
            reason, lasting = self._try_to_start()
            if reason is None:
                return
            self.kill()
            if lasting:
                break
        raise WorkerError(reason)

    def _try_to_start(self) -> tuple[str | None, bool]:
        """What is in the way, and whether it will be so next time."""
        context = multiprocessing.get_context("spawn")
        try:
            ours, theirs = context.Pipe(duplex=True)
        except OSError as error:
            return f"there is no pipe to it: {error.strerror or error}", False
        process = context.Process(
            target=_serve, args=(theirs, self._make, self._max_memory_bytes), name="genrekit-worker", daemon=True
        )
        try:
            with closing(theirs), self._lock, ctrl_c_blocked():
                if self._stopped:
                    ours.close()
                    return "it is not wanted any more", True
                self.n_starts += 1
                process.start()
                self._process, self._connection = process, ours
        except OSError as error:  # there are as many processes or descriptors as there may be
            ours.close()
            return f"the system refused it: {error.strerror or error}", False
        with suppress(EOFError, OSError):
            if not ours.poll(START_S):
                return f"it took more than {START_S:g} s to start", True
            ready = ours.recv()
            if isinstance(ready, _Ready):
                return ready.error, True
        process.join(STOP_S)
        return f"it died while it started ({why_it_ended(process.exitcode)})", self._stopped

    def ask(self, question: Any, *, descriptor: int | None = None, timeout_s: float | None = None) -> Answer:
        """Its answer; a process that is not there, or died since the last answer, is started before.

        Parameters
        ----------
        question : any picklable value
        descriptor : of an open file that goes with it; stays open here
        timeout_s : how long to wait; None for ever

        Raises
        ------
        WorkerError : if no process comes up
        WorkerDiedError, WorkerSlowError : if it gives no answer; there is no process any more
        Exception : what was raised in the process, from an `ElsewhereError`; a RuntimeError for what cannot travel
        """
        if not self.is_alive:
            self.start()
        connection, process = self._connection, self._process
        assert connection is not None and process is not None and process.pid is not None
        try:
            connection.send(_Question(question, descriptor is not None))
            if descriptor is not None:
                send_handle(connection, descriptor, process.pid)
            if not connection.poll(timeout_s):
                self.kill()
                raise WorkerSlowError(f"it took more than {timeout_s:g} s")
            answer: Answer | _Raised = connection.recv()
        except (EOFError, OSError) as error:
            process.join(STOP_S)
            reason = why_it_ended(process.exitcode)
            self.kill()
            raise WorkerDiedError(reason) from error
        if isinstance(answer, _Raised):
            raise answer.error from ElsewhereError(f"in another process\n{answer.traceback}")
        return answer

    def interrupt(self) -> None:
        """End the process at once, from any thread; one that is being asked raises `WorkerDiedError`."""
        with self._lock:  # what is being started now is there in a moment
            if (process := self._process) is not None:
                process.kill()

    def stop(self) -> None:
        """The same for good: no other process is started any more."""
        with self._lock:
            self._stopped = True
        self.interrupt()

    def kill(self) -> None:
        """End the process at once, whatever it does."""
        process, connection = self._process, self._connection
        self._process = self._connection = None
        if connection is not None:
            connection.close()
        if process is not None:
            process.kill()
            process.join(STOP_S)


def _serve(connection: Connection, make: Callable[[], Callable[..., Any]], max_memory_bytes: int | None) -> None:
    """In the process: answer until the other end is closed."""
    leave_to_parent()
    _leave_no_core()
    try:
        answer = make()
        if max_memory_bytes is not None:
            _bound_memory(max_memory_bytes)
    except Exception as error:
        what = str(error) if isinstance(error, GenrekitError) else f"unexpected {type(error).__name__}: {error}"
        connection.send(_Ready(what))
        return
    # Nobody may be there any more to hear the answer, and there may be no memory left even to say so.
    with suppress(EOFError, BrokenPipeError, ConnectionResetError, MemoryError):
        connection.send(_Ready())
        while True:
            question: _Question = connection.recv()
            arguments = (recv_handle(connection),) if question.has_descriptor else ()
            connection.send_bytes(_packed(answer, question.value, *arguments))


def _packed(answer: Callable[..., Any], *arguments: Any) -> memoryview:
    """What is sent for a question: its answer, or what came of it."""
    try:
        return ForkingPickler.dumps(answer(*arguments))
    except Exception as error:
        return ForkingPickler.dumps(_Raised.of(error))


def _leave_no_core() -> None:
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _bound_memory(max_memory_bytes: int) -> None:
    if sys.platform != "linux":
        return  # macOS accepts the limit and does not keep it
    import resource

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * os.sysconf("SC_PAGE_SIZE") + max_memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
