"""Worker processes behind one awaitable call: each file goes to the next one that is idle, in the order of asking."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from genrekit.serve.answering import Job, Outcome, Refused
from genrekit.serve.bounded_worker import BoundedWorker
from genrekit.serve.limits import Limits
from genrekit.worker import WorkerError

__all__ = ["WorkerPool"]

# How often a client is looked for while its file is worked on: a process is ready again in about as long.
LOOK_EVERY_S = 1.0


class WorkerPool:
    """A fixed number of workers. `start` and `close` belong to the event loop that calls `classify`.

    Attributes
    ----------
    n_busy : workers that have a file now
    """

    def __init__(self, model: str, limits: Limits, *, n_workers: int) -> None:
        """Workers with `model`, a name or a path; nothing is started yet."""
        self.n_busy = 0
        self._limits = limits
        self._workers = [BoundedWorker(model, limits) for _ in range(n_workers)]
        self._idle: asyncio.Queue[BoundedWorker] = asyncio.Queue()
        self._threads = ThreadPoolExecutor(n_workers, thread_name_prefix="genrekit-worker")
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def n_workers(self) -> int:
        """How many there are."""
        return len(self._workers)

    @property
    def n_restarts(self) -> int:
        """How many processes were started in place of one that died or was killed."""
        return sum(max(0, worker.n_starts - 1) for worker in self._workers)

    @property
    def n_alive(self) -> int:
        """How many have a process."""
        return sum(worker.is_alive for worker in self._workers)

    async def start(self) -> None:
        """Start all of them and wait for their models; WorkerError if one does not come up."""
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(self._threads, worker.start) for worker in self._workers))
        for worker in self._workers:
            self._idle.put_nowait(worker)

    async def classify(
        self, descriptor: int, *, name: str | None, timeline: bool, is_abandoned: Callable[[], Awaitable[bool]]
    ) -> Outcome | Refused | None:
        """The result for an open file, or why there is none; None if nobody waits for it any more.

        Parameters
        ----------
        descriptor : of the file, read from its beginning; may be closed as soon as this returns or is cancelled
        name : for messages and the result
        timeline : whether the result has one
        is_abandoned : asked when its turn has come and while it is worked on, which then ends
        """
        worker = await self._idle.get()
        try:
            if await is_abandoned():
                self._idle.put_nowait(worker)
                return None
            own = os.dup(descriptor)
        except BaseException:
            self._idle.put_nowait(worker)
            raise
        answer: asyncio.Future[Outcome | Refused] = asyncio.get_running_loop().create_future()
        job = Job(name, timeline, self._limits.max_duration_s)
        # A task of its own: a request that is cancelled must not hand back a worker that is still at work.
        self._keep(self._work(worker, job, own, answer))
        while not answer.done():
            await asyncio.wait({answer}, timeout=LOOK_EVERY_S)
            # Without an answer, the worker has no other file yet.
            if await is_abandoned() and not answer.done():
                answer.cancel()
                worker.interrupt()
                return None
        return answer.result()

    def revive(self) -> None:
        """Begin to start idle workers that died; nobody's file has to wait for that, or come first."""
        for worker in [self._idle.get_nowait() for _ in range(self._idle.qsize())]:
            if worker.is_alive:
                self._idle.put_nowait(worker)
            else:
                self._keep(self._started(worker))

    def give_up(self) -> None:
        """End all workers at once and for good, whatever they have in hand."""
        for worker in self._workers:
            worker.stop()

    async def close(self) -> None:
        """End all workers, after what they have in hand."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for worker in self._workers:
            worker.kill()
        self._threads.shutdown(wait=False)

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _started(self, worker: BoundedWorker) -> None:
        """Start one that died, and let it wait for files."""
        try:
            await self._start_again(worker)
        finally:
            self._idle.put_nowait(worker)

    async def _start_again(self, worker: BoundedWorker) -> None:
        # If it does not come up, that is tried again with the next file, whose request is told.
        with suppress(WorkerError):
            await asyncio.get_running_loop().run_in_executor(self._threads, worker.start)

    async def _work(
        self, worker: BoundedWorker, job: Job, descriptor: int, answer: asyncio.Future[Outcome | Refused]
    ) -> None:
        loop = asyncio.get_running_loop()
        self.n_busy += 1
        try:
            outcome = await loop.run_in_executor(self._threads, worker.run, job, descriptor)
            if not answer.done():
                answer.set_result(outcome)
            if not worker.is_alive:
                await self._start_again(worker)
        except BaseException as error:
            if not answer.done():
                answer.set_exception(error)
            raise
        finally:
            os.close(descriptor)
            self.n_busy -= 1
            self._idle.put_nowait(worker)
