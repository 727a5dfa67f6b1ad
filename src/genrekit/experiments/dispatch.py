"""The loop that hands jobs to workers: one try more for a run whose worker died, patience with runs of others."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from genrekit.errors import UsageError
from genrekit.experiments.job import Job, Outcome

__all__ = ["Event", "Pool", "dispatch", "require_workers"]

TICK_S = 0.5
ASK_AGAIN_S = 2.0
TRIES = 2


class Pool(Protocol):
    """Workers that train jobs: processes of this machine, or actors of a Ray cluster.

    Attributes
    ----------
    size : how many jobs at most are trained at once
    free : how many more can be started now
    """

    size: int

    @property
    def free(self) -> int: ...

    def start(self, job: Job) -> None:
        """Start a job; only if one is free."""
        ...

    def wait(self, timeout_s: float) -> list[tuple[Job, Outcome]]:
        """The jobs that ended, at the latest after `timeout_s`."""
        ...

    def close(self) -> None:
        """End all workers, whatever they do."""
        ...


def require_workers(size: int) -> int:
    """The size of a pool, if it is 1 or more: with none, its jobs would wait for ever.

    Raises
    ------
    UsageError : it is not
    """
    if size < 1:
        raise UsageError(f"A pool has 1 worker or more; its size was given as {size}.")
    return size


@dataclass(frozen=True)
class Event:
    """Something that happened to a run.

    Attributes
    ----------
    kind : "known" if it was done before, by whomever; "waiting" if another process trains it; "started"; "finished";
        "failed" for good; "died" if its worker died and it is tried again; "tick" with no job, now and then
    job : the run, None for a tick
    reason : for people, of "failed" and "died"
    seconds : of this session, of "finished" and "failed"
    """

    kind: Literal["known", "waiting", "started", "finished", "failed", "died", "tick"]
    job: Job | None = None
    reason: str = ""
    seconds: float = 0.0


def dispatch(pool: Pool, take: Callable[[], Job | None], on_event: Callable[[Event], None]) -> None:
    """Train all jobs that `take` gives, until it has none and all that were taken have ended.

    Parameters
    ----------
    pool : of workers
    take : the next job; None if there is none now (asked again when a job has ended)
    on_event : told of all that happens, in this thread
    """
    tries: Counter[str] = Counter()
    again: list[Job] = []
    elsewhere: dict[str, _Elsewhere] = {}
    running = 0

    def offer(job: Job) -> None:
        nonlocal running
        before = elsewhere.pop(job.name, None)
        if job.done:
            on_event(Event("known", job))
        elif job.held:
            elsewhere[job.name] = _Elsewhere(job, time.monotonic() + ASK_AGAIN_S)
            if before is None:
                on_event(Event("waiting", job))
        else:
            tries[job.name] += 1
            pool.start(job)
            running += 1
            on_event(Event("started", job))

    while True:
        while pool.free and (job := again.pop() if again else take()) is not None:
            offer(job)
        for other in [other for other in elsewhere.values() if other.ask_s <= time.monotonic()]:
            if pool.free:
                offer(other.job)
        if not running and not again and not elsewhere:
            return
        if not running:
            time.sleep(TICK_S)
        for job, outcome in pool.wait(TICK_S) if running else []:
            running -= 1
            if outcome.kind == "finished":
                on_event(Event("finished", job, seconds=outcome.seconds))
            elif outcome.kind == "busy":
                # Another parent was quicker between our look at the lock and the worker's.
                tries[job.name] -= 1
                elsewhere[job.name] = _Elsewhere(job, time.monotonic() + ASK_AGAIN_S)
                on_event(Event("waiting", job))
            elif outcome.kind == "died" and tries[job.name] < TRIES:
                again.append(job)
                on_event(Event("died", job, outcome.reason))
            else:
                twice = f" (tried {tries[job.name]} times)" if outcome.kind == "died" else ""
                on_event(Event("failed", job, outcome.reason + twice, outcome.seconds))
        on_event(Event("tick"))


@dataclass(frozen=True)
class _Elsewhere:
    """A job that another process is at, and when to ask again."""

    job: Job
    ask_s: float
