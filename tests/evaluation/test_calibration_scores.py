from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from genrekit.evaluation.calibration_scores import calibration_of
from genrekit.evaluation.fusion import fuse
from genrekit.evaluation.predictions import Predictions

Make = Callable[..., Predictions]


def test_calibration_is_of_one_seed_not_of_all_in_one_bin(make_predictions: Make) -> None:
    """One seed is 30 points underconfident and one as much over; together they would seem to be calibrated."""
    seeds = [make_predictions(seed=seed, accuracy=0.6 + sign * 0.3) for seed, sign in ((0, 1), (1, -1))]
    alone = [calibration_of(fuse(table, "mean")) for table in seeds]
    both = calibration_of(fuse(Predictions.concatenate(seeds), "mean"))
    assert both.reliability.error == pytest.approx(0, abs=1e-6)
    for figure in ("error", "nll", "brier", "mean_confidence", "accuracy"):
        assert getattr(both, figure) == pytest.approx(np.mean([getattr(one, figure) for one in alone]))
    assert both.error == pytest.approx(0.3, abs=1e-6)
    # As many tracks as one model decided on, not as all seeds together.
    assert both.if_calibrated == alone[0].if_calibrated == alone[1].if_calibrated
