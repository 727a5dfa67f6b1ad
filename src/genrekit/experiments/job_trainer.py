"""What trains a job, in a process of its own: the data stay in memory from one job to the next."""

from __future__ import annotations

import sys
import time
import traceback

import torch

from genrekit.errors import GenrekitError
from genrekit.experiments.job import Job, Outcome
from genrekit.training.preparation import Prepared, prepare
from genrekit.training.run_lock import RunBusyError
from genrekit.training.trainer import train

__all__ = ["JobTrainer"]


class JobTrainer:
    """Trains one job after the other.

    Parameters
    ----------
    threads : CPU threads of PyTorch; None leaves them as they are
    """

    def __init__(self, *, threads: int | None) -> None:
        if threads is not None:
            torch.set_num_threads(threads)
        self._held: Prepared | None = None
        self._key: tuple[object, ...] = ()

    def work(self, job: Job) -> Outcome:
        """Train the job, or go on with it; an error becomes its outcome, so that the other jobs go on."""
        began = time.monotonic()
        if self._key != job.data_key:
            # Let go first, or two data sets would be in memory at once.
            self._held = None
        try:
            prepared = prepare(job.recipe, held=self._held)
            self._held, self._key = prepared, job.data_key
            train(prepared, job.runs, negatives_root=job.negatives, predicted=job.predicted)
        except RunBusyError as error:
            return Outcome("busy", str(error))
        except GenrekitError as error:
            return Outcome("failed", str(error), time.monotonic() - began)
        # One run's fault, such as too little memory, must not end the other runs of a long experiment.
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            return Outcome("failed", f"unexpected {type(error).__name__}: {error}", time.monotonic() - began)
        return Outcome("finished", seconds=time.monotonic() - began)
