"""In which number format a network is trained, by recipe and machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

__all__ = ["bfloat16_is_quick"]


def bfloat16_is_quick(device: torch.device) -> bool:
    """Whether `device` computes in bfloat16 itself.

    A processor without such instructions imitates them: on one with AVX2 alone, convolutions then take eight times as
    long as in float32 (`benchmarks/train_speed.py`). Every CUDA device that PyTorch supports today has them.
    """
    import torch

    if device.type != "cpu":
        return True
    return any(has for name, has in torch.cpu.get_capabilities().items() if name.endswith("bf16"))
