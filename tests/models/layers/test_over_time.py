from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from genrekit.models.layers.over_time import ConvolutionOverTime, MaxPoolOverTime, NormOverTime  # noqa: E402


@pytest.mark.parametrize("n_steps", [1, 2, 7, 64])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (ConvolutionOverTime(6, 5), nn.Conv1d(6, 5, 3, padding=1, bias=False)),
        (NormOverTime(6), nn.BatchNorm1d(6)),
        (MaxPoolOverTime(), nn.MaxPool1d(2)),
    ],
    ids=["convolution", "norm", "pooling"],
)
def test_the_same_as_pytorch_s_layer_with_its_parameters(ours: nn.Module, theirs: nn.Module, n_steps: int) -> None:
    torch.manual_seed(n_steps)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(3, n_steps, 6, requires_grad=True)
    if isinstance(theirs, nn.MaxPool1d) and n_steps == 1:
        for pooling, one_step in ((ours, x), (theirs, x.transpose(1, 2))):
            with pytest.raises(RuntimeError, match="output size"):
                pooling(one_step)
        return
    y = ours(x)
    expected = theirs(x.transpose(1, 2)).transpose(1, 2)
    torch.testing.assert_close(y, expected)
    weight = torch.randn_like(y)
    (y * weight).sum().backward()
    of_x, x.grad = x.grad, None
    (expected * weight).sum().backward()
    torch.testing.assert_close(of_x, x.grad)
    for mine, its in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, its.grad, rtol=1e-4, atol=1e-5)
    for name, value in theirs.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], value)
