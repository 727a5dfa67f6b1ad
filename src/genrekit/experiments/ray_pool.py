"""Workers as actors of a Ray cluster; they need to see the data and the folder of runs under the same paths."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genrekit.experiments.dispatch import require_workers
from genrekit.experiments.job import Job, Outcome

if TYPE_CHECKING:
    from genrekit.experiments.job_trainer import JobTrainer

__all__ = ["RayPool"]


class RayWorker:
    """What an actor does: a `JobTrainer` in the folder that the parent started in, so that relative paths hold."""

    def __init__(self, folder: str, threads: int | None) -> None:
        from genrekit.experiments.job_trainer import JobTrainer

        os.chdir(folder)
        self._trainer: JobTrainer = JobTrainer(threads=threads)

    def work(self, job: Job) -> Outcome:
        return self._trainer.work(job)


class RayPool:
    """A fixed number of Ray actors, started when they are needed; a context manager that ends them.

    A cluster that runs already is used if `address` or the variable RAY_ADDRESS names it; otherwise one is started on
    this machine, without dashboard, and ends with this process. Ray's usage statistics are switched off: nothing is
    sent anywhere.

    Parameters
    ----------
    size : number of actors
    threads : CPU threads and Ray CPUs of each; None leaves the threads as they are and asks for one CPU
    address : of a running cluster
    gpus : Ray GPUs of each actor; None for an equal share of what the cluster has

    Raises
    ------
    ModuleNotFoundError
        If Ray is not installed, which the extra "cluster" brings.
    UsageError
        A size below 1: nothing would ever be trained.
    """

    def __init__(
        self, size: int, *, threads: int | None, address: str | None = None, gpus: float | None = None
    ) -> None:
        self.size = require_workers(size)
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        import ray

        self._ray: Any = ray
        self._threads = threads
        self._started_cluster = not ray.is_initialized()
        address = address or os.environ.get("RAY_ADDRESS") or None
        if self._started_cluster:
            # A cluster of our own has as many CPUs as its actors ask for, so that none waits for another for ever.
            own: dict[str, Any] = {} if address else {"num_cpus": size * (threads or 1), "include_dashboard": False}
            ray.init(address=address or "local", log_to_driver=False, configure_logging=False, **own)
        if gpus is None:
            gpus = min(1.0, float(self._ray.cluster_resources().get("GPU", 0)) / size)
        self._actor_class = ray.remote(num_cpus=threads or 1, num_gpus=gpus, max_restarts=0)(RayWorker)
        self._idle: list[tuple[Any, tuple[object, ...]]] = []
        self._busy: dict[Any, tuple[Any, Job]] = {}

    def __enter__(self) -> RayPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def free(self) -> int:
        """How many jobs can be started now."""
        return self.size - len(self._busy)

    def start(self, job: Job) -> None:
        """Give a job to an idle actor, best to one that holds its data already."""
        place = next((n for n, (_, held) in enumerate(self._idle) if held == job.data_key), None)
        if place is not None:
            actor, _ = self._idle.pop(place)
        elif len(self._idle) + len(self._busy) < self.size:
            actor = self._actor_class.remote(str(Path.cwd()), self._threads)
        else:
            actor, _ = self._idle.pop(0)
        self._busy[actor.work.remote(job)] = (actor, job)

    def wait(self, timeout_s: float) -> list[tuple[Job, Outcome]]:
        """The jobs that ended, at the latest after `timeout_s`."""
        if not self._busy:
            return []
        ready, _ = self._ray.wait(list(self._busy), num_returns=1, timeout=timeout_s)
        ended = []
        for reference in ready:
            actor, job = self._busy.pop(reference)
            try:
                outcome: Outcome = self._ray.get(reference)
            except self._ray.exceptions.RayError as error:
                # The actor is gone; the next job gets a new one.
                outcome = Outcome("died", f"its Ray worker ended: {type(error).__name__}")
            else:
                self._idle.append((actor, job.data_key))
            ended.append((job, outcome))
        return ended

    def close(self) -> None:
        """End all actors at once, and the cluster if it was started for them."""
        for actor in [actor for actor, _ in (*self._idle, *self._busy.values())]:
            self._ray.kill(actor)
        self._idle.clear()
        self._busy.clear()
        if self._started_cluster:
            self._ray.shutdown()
