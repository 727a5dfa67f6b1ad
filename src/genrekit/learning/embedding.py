"""What a model makes of a recording, window by window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Embedding"]


@dataclass(frozen=True, eq=False)
class Embedding:
    """The second output of a model file for the windows of one recording.

    Attributes
    ----------
    rows : float32 [n_windows, d], n_windows >= 1
    weights : float64 [n_windows], of each window in a mean over the recording, as `window_weights` has them
    """

    rows: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float64]

    def spread(self, most: int) -> Embedding:
        """At most so many of its windows, evenly over the recording."""
        if len(self.rows) <= most:
            return self
        chosen = np.linspace(0, len(self.rows) - 1, most).round().astype(int)
        return Embedding(self.rows[chosen], self.weights[chosen])
