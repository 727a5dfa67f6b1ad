"""Dropout masks from one random byte an element.

PyTorch's dropout draws a number for each element, one after the other, and keeps the mask in the type of the features;
on a CPU that takes as long as the convolutions around it. A byte decides as well: probabilities are multiples of 1/256,
which the usual ones are or nearly are, and eight decisions are one 64-bit draw.
"""

from __future__ import annotations

import torch

__all__ = ["keep_mask", "kept_share"]


def kept_share(dropout: float) -> float:
    """The exact probability of keeping an element: 1 - dropout, to the nearest 1/256."""
    return 1.0 - round(256 * dropout) / 256


def keep_mask(x: torch.Tensor, dropout: float) -> torch.Tensor:
    """Which elements of `x` to keep, bool of its shape and layout, each with probability `kept_share(dropout)`.

    The draws come from PyTorch's default generator of x's device, as those of its own dropout do.

    Parameters
    ----------
    x : any shape; dense, in any order of dimensions (contiguous, channels_last)
    dropout : probability of dropping, 0 to 1
    """
    draws = torch.empty((x.numel() + 7) // 8, dtype=torch.int64, device=x.device)
    draws.random_(torch.iinfo(torch.int64).min, None)
    noise = draws.view(torch.int8).as_strided(x.shape, x.stride())
    if dropout >= 1.0 - 1.0 / 512:
        return torch.zeros_like(noise, dtype=torch.bool)
    return noise >= round(256 * dropout) - 128
