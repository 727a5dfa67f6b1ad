"""Workers as processes of this machine; each is replaced when it dies, and all die with the process that made them."""

from __future__ import annotations

import multiprocessing
import os
import sys
from contextlib import closing, suppress
from dataclasses import dataclass, field
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path

from genrekit.experiments.dispatch import require_workers
from genrekit.experiments.job import Job, Outcome
from genrekit.spawned import ctrl_c_blocked, leave_to_parent, why_it_ended

__all__ = ["LocalPool"]

JOIN_S = 10


@dataclass(eq=False)
class _Process:
    process: SpawnProcess
    pipe: Connection
    job: Job | None = None
    data_key: tuple[object, ...] = field(default=())


class LocalPool:
    """A fixed number of worker processes, started when they are needed; a context manager that ends them.

    Parameters
    ----------
    size : number of processes
    threads : CPU threads of each
    logs : folder for what a worker says while it trains a run, such as warnings and tracebacks

    Raises
    ------
    UsageError : a size below 1: nothing would ever be trained
    """

    def __init__(self, size: int, *, threads: int | None, logs: str | Path) -> None:
        self.size = require_workers(size)
        self._threads, self._logs = threads, Path(logs)
        self._context: SpawnContext = multiprocessing.get_context("spawn")
        self._processes: list[_Process] = []
        self._refused: list[tuple[Job, Outcome]] = []

    def __enter__(self) -> LocalPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def free(self) -> int:
        """How many jobs can be started now."""
        return self.size - sum(worker.job is not None for worker in self._processes)

    def start(self, job: Job) -> None:
        """Give a job to an idle worker, best to one that holds its data already."""
        idle = [worker for worker in self._processes if worker.job is None]
        chosen = next((worker for worker in idle if worker.data_key == job.data_key), None)
        if chosen is None and len(self._processes) < self.size:
            try:
                chosen = self._spawn()
            except OSError as error:  # there are as many processes or descriptors as there may be
                if not idle:
                    reason = f"the system refused a process: {error.strerror or error}"
                    self._refused.append((job, Outcome("failed", reason)))
                    return
        chosen = chosen or idle[0]
        chosen.job, chosen.data_key = job, job.data_key
        try:
            chosen.pipe.send(job)
        except OSError:
            # It died while it was idle; `wait` tells so.
            return

    def wait(self, timeout_s: float) -> list[tuple[Job, Outcome]]:
        """The jobs that ended, at the latest after `timeout_s`."""
        if self._refused:
            refused, self._refused = self._refused, []
            return refused
        busy = [worker for worker in self._processes if worker.job is not None]
        handles = [handle for worker in busy for handle in (worker.pipe, worker.process.sentinel)]
        ready = set(connection.wait(handles, timeout_s)) if handles else set()
        ended = []
        for worker in busy:
            job = worker.job
            if job is None or not {worker.pipe, worker.process.sentinel} & ready:
                continue
            outcome = self._outcome(worker, job)
            worker.job = None
            ended.append((job, outcome))
        return ended

    def close(self) -> None:
        """End all workers at once: runs are safe against that at any moment."""
        for worker in self._processes:
            worker.process.kill()
        for worker in self._processes:
            worker.process.join(JOIN_S)
            worker.pipe.close()
            if worker.job is not None:
                _drop_if_empty(_log_path(self._logs, worker.job))
        self._processes.clear()

    def _spawn(self) -> _Process:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs, self._threads, self._logs), daemon=True)
        try:
            with closing(theirs), ctrl_c_blocked():
                process.start()
        except OSError:
            ours.close()
            raise
        worker = _Process(process, ours)
        self._processes.append(worker)
        return worker

    def _outcome(self, worker: _Process, job: Job) -> Outcome:
        try:
            if worker.pipe.poll():
                outcome: Outcome = worker.pipe.recv()
                return outcome
        except (EOFError, OSError):
            pass
        worker.process.join(JOIN_S)
        worker.pipe.close()
        self._processes.remove(worker)
        log = _log_path(self._logs, job)
        _drop_if_empty(log)
        see = f"; see {log}" if log.is_file() else ""
        return Outcome("died", f"{why_it_ended(worker.process.exitcode)}{see}")


def _log_path(logs: Path, job: Job) -> Path:
    return logs / f"{job.name}.log"


def _drop_if_empty(log: Path) -> None:
    if log.is_file() and log.stat().st_size == 0:
        # Windows keeps what is open: a worker writes to it still, and the parent drops it.
        with suppress(OSError):
            log.unlink()


def _serve(pipe: Connection, threads: int | None, logs: Path) -> None:
    """The life of a worker process."""
    leave_to_parent()
    from genrekit.experiments.job_trainer import JobTrainer

    trainer = JobTrainer(threads=threads)
    while True:
        try:
            job: Job = pipe.recv()
        except EOFError:
            return
        log = _log_path(logs, job)
        _write_all_to(log)
        outcome = trainer.work(job)
        sys.stdout.flush()
        sys.stderr.flush()
        _drop_if_empty(log)
        pipe.send(outcome)


def _write_all_to(log: Path) -> None:
    """Standard output and error to the log, below Python too: a native library's words would tear the parent's bar."""
    log.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
