from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from genrekit.models.layers import squeeze_excitation  # noqa: E402
from genrekit.models.layers.byte_dropout import keep_mask, kept_share  # noqa: E402
from genrekit.models.layers.squeeze_excitation import DropoutExcitationReLU, SqueezeExcitation  # noqa: E402


@pytest.fixture(autouse=True)
def repeatable() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


def test_equals_the_formula() -> None:
    layer = SqueezeExcitation(64, reduction=16)
    x = torch.randn(2, 64, 5, 3)
    hidden = torch.relu(x.mean((2, 3)) @ layer.squeeze.weight.t())
    gate = torch.sigmoid(hidden @ layer.excite.weight.t())
    torch.testing.assert_close(layer(x), x * gate[:, :, None, None])
    assert layer.squeeze.weight.shape == (4, 64)
    assert layer.squeeze.bias is None
    assert layer.excite.bias is None


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_fused_equals_dropout_then_excitation_then_relu(
    memory_format: torch.memory_format, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = DropoutExcitationReLU(16, reduction=4, dropout=0.25).double()
    x = torch.randn(3, 16, 6, 5, dtype=torch.float64).contiguous(memory_format=memory_format).requires_grad_()
    mask = keep_mask(x, 0.25)
    monkeypatch.setattr(squeeze_excitation, "keep_mask", lambda _x, _dropout: mask)
    weights = torch.randn(3, 16, 6, 5, dtype=torch.float64)
    parameters = [x, layer.squeeze.weight, layer.excite.weight]

    fused = layer(x)
    fused_gradients = torch.autograd.grad((fused * weights).sum(), parameters)
    dropped = x * (mask != 0) / kept_share(0.25)
    plain = torch.relu(SqueezeExcitation.forward(layer, dropped))
    plain_gradients = torch.autograd.grad((plain * weights).sum(), parameters)

    torch.testing.assert_close(fused, plain)
    assert fused.stride() == x.stride()
    for one, other in zip(fused_gradients, plain_gradients, strict=True):
        torch.testing.assert_close(one, other)


def test_fused_gradient_is_the_numerical_one() -> None:
    x = torch.randn(2, 5, 4, 6, dtype=torch.float64, requires_grad=True)
    w1 = torch.randn(2, 5, dtype=torch.float64, requires_grad=True)
    w2 = torch.randn(5, 2, dtype=torch.float64, requires_grad=True)
    mask = keep_mask(x, 0.5)
    function = squeeze_excitation._DropoutExcitationReLU
    assert torch.autograd.gradcheck(lambda *inputs: function.apply(inputs[0], mask, 0.5, *inputs[1:]), (x, w1, w2))


def test_bfloat16_agrees_with_float32() -> None:
    layer = DropoutExcitationReLU(32, reduction=8, dropout=0.25)
    x = torch.randn(4, 32, 16, 16).contiguous(memory_format=torch.channels_last)
    results = []
    for dtype in (torch.float32, torch.bfloat16):
        torch.manual_seed(5)
        results.append(layer(x.to(dtype)))
    assert results[1].dtype == torch.bfloat16
    torch.testing.assert_close(results[1].float(), results[0], rtol=0.02, atol=0.02)


def test_training_drops_and_evaluation_does_not() -> None:
    layer = DropoutExcitationReLU(8, reduction=4, dropout=0.25)
    x = torch.rand(4, 8, 50, 50) + 0.1
    assert (layer(x) == 0).double().mean().item() == pytest.approx(0.25, abs=0.01)
    layer.eval()
    assert (layer(x) > 0).all()
    torch.testing.assert_close(layer(x), SqueezeExcitation.forward(layer, x))


def test_a_gate_that_underflows_gives_no_nan() -> None:
    layer = DropoutExcitationReLU(8, reduction=4, dropout=0.25)
    with torch.no_grad():
        layer.squeeze.weight.fill_(100.0)
        layer.excite.weight.fill_(-100.0)
    x = (torch.rand(2, 8, 4, 4) + 1.0).requires_grad_()
    layer(x).sum().backward()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()
