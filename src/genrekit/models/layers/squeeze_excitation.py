"""Squeeze-and-excitation (Hu et al. 2018), without biases, and the fused end of an SE-CNN block."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from genrekit.models.layers.byte_dropout import apply_mask, keep_mask, kept_share

__all__ = ["DropoutExcitationReLU", "SqueezeExcitation"]


class SqueezeExcitation(nn.Module):
    """Multiplies each channel by sigmoid(W2 relu(W1 mean)), where mean is the channel's mean over its map.

    Parameters
    ----------
    channels : channels of the input
    reduction : the hidden layer has channels // reduction units, at least 1
    """

    def __init__(self, channels: int, *, reduction: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(channels, max(1, channels // reduction), bias=False)
        self.excite = nn.Linear(self.squeeze.out_features, channels, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps [batch, channels, height, width] -> the same shape and type."""
        gate = torch.sigmoid(self.excite(torch.relu(self.squeeze(x.mean((2, 3))))))
        return x * gate[:, :, None, None].to(x.dtype)


class DropoutExcitationReLU(SqueezeExcitation):
    """Dropout -> squeeze-and-excitation -> ReLU, as one function in training.

    The three are element-wise over maps that are far larger than the weights, so they cost what they read and write.
    Together they need one byte of randomness an element and half the passes: dropout's factor goes into the gate; the
    gate is positive, so ReLU passes where the result is positive; and the result, which the next layer keeps anyway, is
    all that the gradient needs of the maps.

    Parameters
    ----------
    channels, reduction : see `SqueezeExcitation`
    dropout : probability of dropping an element, 0 to 1; kept to the nearest 1/256
    """

    def __init__(self, channels: int, *, reduction: int, dropout: float) -> None:
        super().__init__(channels, reduction=reduction)
        self.dropout = dropout

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps [batch, channels, height, width] -> the same shape and type."""
        if not self.training or self.dropout == 0.0:
            return torch.relu(super().forward(x))
        result: torch.Tensor = _DropoutExcitationReLU.apply(  # type: ignore[no-untyped-call]
            x, keep_mask(x, self.dropout), kept_share(self.dropout), self.squeeze.weight, self.excite.weight
        )
        return result


class _DropoutExcitationReLU(torch.autograd.Function):
    """With d = x * keep / share: y = relu(d * s), s = sigmoid(W2 h), h = relu(W1 mean(d)).

    Backwards, with g = dL/dy where y > 0: dL/d(W2 h) = sum(g d) s (1 - s) = sum(g y) (1 - s), so neither d nor x is
    kept; dL/dd = g s + dL/dmean / area.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        keep: torch.Tensor,
        share: float,
        w1: torch.Tensor,
        w2: torch.Tensor,
    ) -> torch.Tensor:
        kept = apply_mask(x, keep)
        # The gate is a few numbers a map: float32 whatever the autocast state costs nothing.
        with torch.autocast(x.device.type, enabled=False):
            mean = kept.sum((2, 3)).to(w1.dtype) / (share * x.shape[2] * x.shape[3])
            hidden = torch.relu(mean @ w1.t())
            gate = torch.sigmoid(hidden @ w2.t())
        scale = (gate / share)[:, :, None, None].to(x.dtype)
        y = kept.mul_(scale).relu_()
        ctx.save_for_backward(y, keep, scale, mean, hidden, gate, w1, w2)
        ctx.share = share
        return y

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        y, keep, scale, mean, hidden, gate, w1, w2 = ctx.saved_tensors
        grad = torch.ops.aten.threshold_backward(grad.contiguous(memory_format=_layout(y)), y, 0)
        to_gate = (grad * y).sum((2, 3)).to(w1.dtype) * (1.0 - gate)
        to_hidden = (to_gate @ w2) * (hidden > 0)
        to_mean = (to_hidden @ w1) / (ctx.share * y.shape[2] * y.shape[3])
        to_kept = torch.addcmul(to_mean[:, :, None, None].to(y.dtype), grad, scale)
        to_x = apply_mask(to_kept, keep)
        return to_x, None, None, to_hidden.t() @ mean, to_gate.t() @ hidden


def _layout(x: torch.Tensor) -> torch.memory_format:
    channels_last = x.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if channels_last else torch.contiguous_format
