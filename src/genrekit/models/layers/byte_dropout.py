"""Dropout masks from one random byte an element, as integers to be ANDed with the features.

PyTorch's dropout draws a number for each element, one after the other, and keeps the mask in the type of the features;
on a CPU that takes as long as the convolutions around it. A byte decides as well: probabilities are multiples of 1/256,
which the usual ones are or nearly are, and eight decisions are one 64-bit draw. Applying the mask to the bits of the
features is a tenth of the work of multiplying by a bool, which PyTorch first turns into bfloat16 element by element.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

__all__ = ["ByteDropout", "apply_mask", "keep_mask", "kept_share"]

_INTEGER_OF_BYTES = {2: torch.int16, 4: torch.int32, 8: torch.int64}


def kept_share(dropout: float) -> float:
    """The exact probability of keeping an element: 1 - dropout to the nearest 1/256, at least 1/256."""
    return _kept_of_256(dropout) / 256


def keep_mask(x: torch.Tensor, dropout: float) -> torch.Tensor:
    """Which elements of `x` to keep: for each an integer, all bits set with probability `kept_share(dropout)`, or none.

    The draws come from PyTorch's default generator of x's device, as those of its own dropout do.

    Parameters
    ----------
    x : floating-point tensor of 2, 4 or 8 bytes an element; dense, in any order of dimensions
    dropout : probability of dropping, 0 to 1

    Returns
    -------
    mask : integers as wide as the elements of x, its shape and strides
    """
    integer = _INTEGER_OF_BYTES[x.element_size()]
    draws = torch.empty((x.numel() + 7) // 8, dtype=torch.int64, device=x.device)
    draws.random_(torch.iinfo(torch.int64).min, None)
    noise = draws.view(torch.int8).as_strided(x.shape, x.stride()).to(integer)
    # The sign bit of noise - limit, copied to all bits: a comparison, without the detour through bool.
    limit = _kept_of_256(dropout) - 128
    return noise.sub_(limit).bitwise_right_shift_(torch.iinfo(integer).bits - 1)


def apply_mask(x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """A new tensor: `x` where `mask` from `keep_mask` has its bits set, 0 elsewhere. Not seen by autograd."""
    return torch.bitwise_and(x.view(mask.dtype), mask).view(x.dtype)


class ByteDropout(nn.Module):
    """Dropout (Srivastava et al. 2014) that costs a byte of randomness an element.

    Parameters
    ----------
    dropout : probability of dropping an element, 0 to 1; kept to the nearest 1/256
    """

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Any dense floating-point tensor of 2, 4 or 8 bytes an element -> the same shape and type."""
        if not self.training or self.dropout == 0.0:
            return x
        dropped: torch.Tensor = _MaskedAndScaled.apply(  # type: ignore[no-untyped-call]
            x, keep_mask(x, self.dropout), 1 / kept_share(self.dropout)
        )
        return dropped

    def extra_repr(self) -> str:
        return f"{self.dropout}"


class _MaskedAndScaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, mask: torch.Tensor, scale: float) -> torch.Tensor:
        ctx.save_for_backward(mask)
        ctx.scale = scale
        return apply_mask(x, mask).mul_(scale)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (mask,) = ctx.saved_tensors
        return apply_mask(grad, mask).mul_(ctx.scale), None, None


def _kept_of_256(dropout: float) -> int:
    return max(1, 256 - round(256 * dropout))
