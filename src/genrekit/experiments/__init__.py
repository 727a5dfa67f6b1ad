"""Experiments: folds x seeds x recipes trained side by side from a plan whose state is on disk, and searches.

`make_plan` says what is to be trained and `check_plan` whether it can be; `run_experiment` trains what is missing, on
processes of this machine or on a Ray cluster; `run_search` looks for better settings by validation accuracy alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genrekit.experiments.check import check_plan
    from genrekit.experiments.dispatch import Pool
    from genrekit.experiments.local_pool import LocalPool
    from genrekit.experiments.plan import Plan, PlannedRun, make_plan, parse_folds, parse_seeds
    from genrekit.experiments.progress import MatrixProgress
    from genrekit.experiments.ray_pool import RayPool
    from genrekit.experiments.runner import Finished, run_experiment
    from genrekit.experiments.searcher import SearchResult, run_search
    from genrekit.experiments.space import Axis, Space, parse_space
    from genrekit.experiments.state import Experiment, RunState
    from genrekit.experiments.trials import SearchTask, TrialRecord

_HOMES = {
    "Axis": "space",
    "Experiment": "state",
    "Finished": "runner",
    "LocalPool": "local_pool",
    "MatrixProgress": "progress",
    "Plan": "plan",
    "PlannedRun": "plan",
    "Pool": "dispatch",
    "RayPool": "ray_pool",
    "RunState": "state",
    "SearchResult": "searcher",
    "SearchTask": "trials",
    "Space": "space",
    "TrialRecord": "trials",
    "check_plan": "check",
    "make_plan": "plan",
    "parse_folds": "plan",
    "parse_seeds": "plan",
    "parse_space": "space",
    "run_experiment": "runner",
    "run_search": "searcher",
}

__all__ = [
    "Axis",
    "Experiment",
    "Finished",
    "LocalPool",
    "MatrixProgress",
    "Plan",
    "PlannedRun",
    "Pool",
    "RayPool",
    "RunState",
    "SearchResult",
    "SearchTask",
    "Space",
    "TrialRecord",
    "check_plan",
    "make_plan",
    "parse_folds",
    "parse_seeds",
    "parse_space",
    "run_experiment",
    "run_search",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
