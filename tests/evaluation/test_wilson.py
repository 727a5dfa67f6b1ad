from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from genrekit.evaluation.wilson import wilson_interval


def test_wilson_is_scipys() -> None:
    right, n = np.array([0.0, 3.0, 10.0, 0.0]), np.array([5, 7, 10, 0])
    low, high = wilson_interval(right, n)
    for k in range(3):
        expected = binomtest(int(right[k]), int(n[k])).proportion_ci(0.95, method="wilson")
        assert (low[k], high[k]) == pytest.approx((expected.low, expected.high), abs=1e-6)
    assert np.isnan(low[3]) and np.isnan(high[3])
