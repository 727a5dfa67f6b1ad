from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from genrekit.models.layers.height_channel import HeightChannel  # noqa: E402
from genrekit.models.layers.pooling import (  # noqa: E402
    POOLINGS,
    AttentionPooling,
    GeneralisedMeanPooling,
    MaxPooling,
    MeanPooling,
)


def maps() -> torch.Tensor:
    return torch.rand(3, 8, 4, 5, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", list(POOLINGS))
def test_contract(name: str) -> None:
    """A vector of the size that it says; a constant map keeps its value; the order of places does not matter."""
    torch.manual_seed(0)
    pooling = POOLINGS[name](8)
    pooled = pooling(maps())
    assert pooled.shape == (3, pooling.size)
    assert pooling(torch.full((1, 8, 4, 5), 0.7)).detach() == pytest.approx(torch.full((1, pooling.size), 0.7))
    assert pooling(maps().flip(2).flip(3)).detach() == pytest.approx(pooled.detach(), rel=1e-5)


def test_generalised_mean_lies_between_mean_and_maximum() -> None:
    mean, most = MeanPooling(8)(maps()), MaxPooling(8)(maps())
    assert GeneralisedMeanPooling(8, exponent=1.0)(maps()).detach() == pytest.approx(mean, rel=1e-5)
    middle = GeneralisedMeanPooling(8, exponent=3.0)(maps())
    by_hand = (maps() ** 3).mean((2, 3)) ** (1 / 3)
    assert middle.detach() == pytest.approx(by_hand, rel=1e-5)
    assert ((mean < middle) & (middle < most)).all()


def test_attention_looks_where_its_score_is_high() -> None:
    pooling = AttentionPooling(2, n_heads=1)
    x = torch.zeros(1, 2, 3, 3)
    x[0, 0, 1, 1], x[0, 1, 1, 1] = 1.0, 5.0
    with torch.no_grad():
        pooling.score.weight.copy_(torch.tensor([100.0, 0.0]).view(1, 2, 1, 1))
    assert pooling(x).detach() == pytest.approx(torch.tensor([[1.0, 5.0]]))


def test_height_channel_runs_from_minus_one_to_one() -> None:
    x = maps()
    out = HeightChannel()(x)
    assert torch.equal(out[:, :8], x)
    assert out[1, 8, :, 2] == pytest.approx(torch.tensor([-1, -1 / 3, 1 / 3, 1]))
