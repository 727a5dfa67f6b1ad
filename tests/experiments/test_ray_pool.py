from __future__ import annotations

import pytest

from genrekit.experiments.plan import make_plan
from genrekit.experiments.runner import run_experiment
from genrekit.experiments.state import Experiment
from genrekit.training.preparation import prepare
from genrekit.training.recipes.recipe import load_recipe
from genrekit.training.trainer import train

pytest.importorskip("ray")


@pytest.mark.slow
def test_two_ray_workers_give_the_same_bits(write_recipe, tmp_path):
    import os

    import ray

    from genrekit.experiments.ray_pool import RayPool

    recipe = load_recipe(write_recipe())
    plan = make_plan([recipe], tmp_path / "runs", seeds=(0, 1))
    with RayPool(2, threads=1) as pool:
        assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
        finished = run_experiment(Experiment(tmp_path / "runs"), plan, pool)
        assert ray.is_initialized()
    assert not ray.is_initialized()
    assert len(finished.complete) == 6 and not finished.failed
    for planned in plan.runs:
        reference = train(prepare(planned.recipe), tmp_path / "reference")
        assert planned.run.weights_path.read_bytes() == reference.weights_path.read_bytes()
        assert planned.run.predictions_path.read_bytes() == reference.predictions_path.read_bytes()
