"""Experiments: folds x seeds x recipes trained side by side from a plan whose state is on disk, and searches.

`make_plan` says what is to be trained and `check_plan` whether it can be; `run_experiment` trains what is missing, on
processes of this machine or on a Ray cluster; `run_search` looks for better settings by validation accuracy alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from genrekit.lazy_names import lazy_names

if TYPE_CHECKING:
    from genrekit.experiments.check import check_plan
    from genrekit.experiments.local_pool import LocalPool
    from genrekit.experiments.plan import Plan, make_plan
    from genrekit.experiments.ray_pool import RayPool
    from genrekit.experiments.runner import Finished, run_experiment
    from genrekit.experiments.state import Experiment

__all__ = ["Experiment", "Finished", "LocalPool", "Plan", "RayPool", "check_plan", "make_plan", "run_experiment"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "check": ("check_plan",),
            "local_pool": ("LocalPool",),
            "plan": ("Plan", "make_plan"),
            "ray_pool": ("RayPool",),
            "runner": ("Finished", "run_experiment"),
            "state": ("Experiment",),
        },
    )
