"""How far a matrix of runs is, and how long the rest will take, from what its finished epochs took."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from genrekit.experiments.dispatch import Event
from genrekit.experiments.job import Job
from genrekit.experiments.validation import Validation, read_validation

__all__ = ["MatrixProgress", "RunningRun"]


@dataclass
class RunningRun:
    """A run in work.

    Attributes
    ----------
    began_s : of the clock, when this session started it
    began_epochs : epochs that it had by then
    validation : as last read
    """

    began_s: float
    began_epochs: int
    validation: Validation | None

    @property
    def epochs(self) -> int:
        return 0 if self.validation is None else self.validation.epochs


@dataclass
class _Pace:
    """What runs of one recipe took: epochs of complete runs, and seconds and epochs of this session."""

    lengths: list[int] = field(default_factory=list)
    seconds: float = 0.0
    epochs: int = 0


class MatrixProgress:
    """Fed with the events of `dispatch`; reads the logs of running runs at each tick.

    Parameters
    ----------
    jobs : all that are planned by now
    more : how many there will be beside them, as in a search that chooses as it goes
    workers : how many run at once
    clock : seconds, rising
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        *,
        workers: int,
        more: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock, self._workers = clock, workers
        self._waiting: dict[str, Job] = {job.name: job for job in jobs}
        self._jobs: dict[str, Job] = {}
        self._pace: dict[str, _Pace] = {}
        self._seen: set[str] = set(self._waiting)
        self._unseen = more
        self.total = len(self._waiting) + more
        self.running: dict[str, RunningRun] = {}
        self._longest = 0
        self.n_complete = 0
        self.n_failed = 0

    def see(self, event: Event) -> None:
        """Take an event in."""
        if event.job is None:
            for name, run in self.running.items():
                run.validation = self._read(self._jobs[name])
            return
        job, name = event.job, event.job.name
        if name not in self._seen:
            self._seen.add(name)
            self._unseen = max(0, self._unseen - 1)
        if event.kind == "started":
            self._waiting.pop(name, None)
            reached = self._read(job)
            self._jobs[name] = job
            self._longest = max(self._longest, job.recipe.max_epochs)
            self.running[name] = RunningRun(self._clock(), 0 if reached is None else reached.epochs, reached)
        elif event.kind in ("finished", "known"):
            self._end(name, job)
            self.n_complete += 1
        elif event.kind == "failed":
            self._end(name, None)
            self.n_failed += 1
        elif event.kind in ("died", "waiting"):
            self.running.pop(name, None)
            self._waiting[name] = job

    def left_s(self) -> float | None:
        """Estimated seconds to the end; None before any epoch has ended.

        Runs are expected to be as long as the complete ones of their recipe were on average, which counts early
        stopping, or as long as they may be where none is complete.
        """
        paces = [self._seconds_per_epoch(job) for job in (*self._waiting.values(), *map(self._job, self.running))]
        known = [pace for pace in paces if pace is not None] or self._session_pace()
        if not known:
            return None if paces or self._unseen else 0.0
        usual = sum(known) / len(known)
        left = 0.0
        for job in self._waiting.values():
            left += self._expected_epochs(job) * (self._seconds_per_epoch(job) or usual)
        for name, run in self.running.items():
            job = self._jobs[name]
            left += max(self._expected_epochs(job) - run.epochs, 1) * (self._seconds_per_epoch(job) or usual)
        lengths = [length for pace in self._pace.values() for length in pace.lengths]
        left += self._unseen * usual * (sum(lengths) / len(lengths) if lengths else self._longest)
        return left / max(1, min(self._workers, len(paces) + self._unseen))

    def _job(self, name: str) -> Job:
        return self._jobs[name]

    def _end(self, name: str, job: Job | None) -> None:
        self._waiting.pop(name, None)
        run = self.running.pop(name, None)
        reached = None if job is None else self._read(job)
        if job is None or reached is None:
            return
        pace = self._pace.setdefault(job.recipe.hash, _Pace())
        pace.lengths.append(reached.epochs)
        if run is not None:
            pace.seconds += self._clock() - run.began_s
            pace.epochs += max(0, reached.epochs - run.began_epochs)

    def _seconds_per_epoch(self, job: Job) -> float | None:
        pace = self._pace.get(job.recipe.hash, _Pace())
        seconds, epochs = pace.seconds, pace.epochs
        if not epochs:
            for name, run in self.running.items():
                if self._jobs[name].recipe.hash == job.recipe.hash:
                    seconds += self._clock() - run.began_s
                    epochs += run.epochs - run.began_epochs
        return seconds / epochs if epochs else None

    def _session_pace(self) -> list[float]:
        epochs = sum(pace.epochs for pace in self._pace.values())
        return [sum(pace.seconds for pace in self._pace.values()) / epochs] if epochs else []

    def _expected_epochs(self, job: Job) -> float:
        lengths = self._pace.get(job.recipe.hash, _Pace()).lengths
        return sum(lengths) / len(lengths) if lengths else job.recipe.max_epochs

    @staticmethod
    def _read(job: Job) -> Validation | None:
        return read_validation(job.run, job.recipe)
