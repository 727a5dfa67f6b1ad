from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from genrekit.models.layers.byte_dropout import ByteDropout, apply_mask, keep_mask, kept_share  # noqa: E402


@pytest.fixture(autouse=True)
def repeatable() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


@pytest.mark.parametrize(("dropout", "share"), [(0.0, 1.0), (0.25, 0.75), (0.5, 0.5), (0.1, 230 / 256), (1.0, 1 / 256)])
def test_keeps_the_share_that_it_says(dropout: float, share: float) -> None:
    assert kept_share(dropout) == share
    n = 1_000_003
    kept = (keep_mask(torch.empty(n), dropout) != 0).double().mean().item()
    assert abs(kept - share) <= 5 * math.sqrt(share * (1 - share) / n)


def test_all_eight_bytes_of_a_draw_decide_alike() -> None:
    kept = (keep_mask(torch.empty(80_000, 8), 0.5) != 0).double().mean(0)
    assert (kept - 0.5).abs().max() < 5 * 0.5 / math.sqrt(80_000)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
def test_keeps_values_exactly_and_zeroes_the_others(dtype: torch.dtype) -> None:
    x = torch.randn(3, 8, 5, 4).to(dtype).contiguous(memory_format=torch.channels_last)
    mask = keep_mask(x, 0.25)
    assert mask.stride() == x.stride()
    assert set(mask.unique().tolist()) == {0, -1}
    torch.testing.assert_close(apply_mask(x, mask), torch.where(mask != 0, x, 0), rtol=0, atol=0)


def test_draws_follow_the_default_generator() -> None:
    x = torch.empty(100)
    torch.manual_seed(3)
    first, second = keep_mask(x, 0.5), keep_mask(x, 0.5)
    torch.manual_seed(3)
    assert torch.equal(keep_mask(x, 0.5), first)
    assert not torch.equal(first, second)


def test_the_layer_scales_what_it_keeps_and_passes_the_gradient_where_it_kept() -> None:
    layer = ByteDropout(0.25)
    x = torch.randn(40, 50, requires_grad=True)
    y = layer(x)
    kept = y != 0
    torch.testing.assert_close(y, torch.where(kept, x / 0.75, 0))
    y.sum().backward()
    torch.testing.assert_close(x.grad, torch.where(kept, 1 / 0.75, 0.0))
    assert 0.7 < kept.float().mean() < 0.8


@pytest.mark.parametrize("layer", [ByteDropout(0.5).eval(), ByteDropout(0.0)])
def test_the_layer_changes_nothing_outside_training_or_without_a_probability(layer: ByteDropout) -> None:
    x = torch.randn(4, 5)
    assert torch.equal(layer(x), x)
