"""Recipes over a small archive, and workers in this very process, for tests that need no others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml
from training.conftest import write_archive

from genrekit.experiments.job import Job, Outcome
from genrekit.experiments.job_trainer import JobTrainer


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def archive_path(tmp_path_factory) -> Path:
    return write_archive(tmp_path_factory.mktemp("experiments") / "small.npz")


@pytest.fixture
def write_recipe(tmp_path, archive_path) -> Callable[..., Path]:
    """Writes a recipe that trains in about a second; keyword arguments replace top-level keys."""

    def write(name: str = "small", **changes: object) -> Path:
        values = {
            "name": name,
            "data": {"dataset": "archive", "root": str(archive_path)},
            "split": {"name": "artist_disjoint", "valid_fraction": 0.25},
            "excerpts": {"window_s": 3.0, "hop_s": 6.0},
            "features": "archive_log_mel",
            "model": {"name": "res_cnn", "options": {"width": 2}},
            "optimisation": {"learning_rate": 0.01, "batch_size": 16, "max_epochs": 2},
        }
        path = tmp_path / f"{name}.yaml"
        path.write_text(yaml.safe_dump(values | changes))
        return path

    return write


class SamePool:
    """Trains each job when it is started, in this process."""

    size = 1

    def __init__(self) -> None:
        self._trainer = JobTrainer(threads=None)
        self._ended: list[tuple[Job, Outcome]] = []
        self.trained: list[str] = []

    @property
    def free(self) -> int:
        return 1 - len(self._ended)

    def start(self, job: Job) -> None:
        self.trained.append(job.name)
        self._ended.append((job, self._trainer.work(job)))

    def wait(self, timeout_s: float) -> list[tuple[Job, Outcome]]:
        ended, self._ended = self._ended, []
        return ended

    def close(self) -> None:
        pass


@pytest.fixture
def same_pool() -> SamePool:
    return SamePool()
