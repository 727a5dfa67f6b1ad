"""Wilson's interval of a share, which has a width where all decisions are right, too."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["wilson_interval"]


def wilson_interval(right: NDArray[Any], n: NDArray[Any], *, level: float = 0.95) -> tuple[NDArray[np.float64], ...]:
    """Wilson's score interval of a share (Wilson 1927), both ends 0..1; NaN where n is 0.

    It takes decisions as independent, so it says least, not most, of what is uncertain.
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    n_filled = np.where(n > 0, n, np.nan).astype(np.float64)
    share = right / n_filled
    centre = (share + z**2 / (2 * n_filled)) / (1 + z**2 / n_filled)
    half = z * np.sqrt(share * (1 - share) / n_filled + z**2 / (4 * n_filled**2)) / (1 + z**2 / n_filled)
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)
