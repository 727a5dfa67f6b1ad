from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from genrekit.errors import RecipeError  # noqa: E402
from genrekit.models import ModelSpec, create_model  # noqa: E402
from genrekit.models.layers.rglu import ResidualGatedUnit  # noqa: E402
from genrekit.models.rglu import RGLU, TransformerOverChannels, sinusoids  # noqa: E402

# A unit is 3 * in * 2 out weights (value and gate) and batch norm of 2 * 2 out numbers; the ten units:
#   64 -> 64     24 576 +   256, three times
#   64 -> 128    49 152 +   512
#   128 -> 128   98 304 +   512, three times
#   128 -> 256  196 608 + 1 024
#   256 -> 256  393 216 + 1 024, twice
UNITS = 3 * 24_832 + 49_664 + 3 * 98_816 + 197_632 + 2 * 394_240
STEM_217 = 3 * 217 * 64 + 2 * 64
# Attention: four 256 x 256 matrices with biases; feed-forward 256 -> 2048 -> 256 with biases; two layer norms.
TRANSFORMER = 4 * (256 * 256 + 256) + (256 * 2048 + 2048) + (2048 * 256 + 256) + 2 * 512
# Ten steps as features: four 10 x 10 matrices, feed-forward 10 -> 2048 -> 10, two norms of 10.
TRANSFORMER_OVER_CHANNELS = 4 * (10 * 10 + 10) + (10 * 2048 + 2048) + (2048 * 10 + 10) + 2 * 20
# Four gates (three for a GRU), each with an input matrix, a recurrent matrix and two biases.
LSTM = 4 * (256 * 256 + 256 * 256 + 2 * 256)
GRU = 3 * (256 * 256 + 256 * 256 + 2 * 256)
BILSTM = 2 * 4 * (256 * 128 + 128 * 128 + 2 * 128)
BIGRU = 2 * 3 * (256 * 128 + 128 * 128 + 2 * 128)
HEAD = (512 * 200 + 200) + (200 * 100 + 100) + (100 * 10 + 10)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


def n_parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("encoder", "parameters"),
    [
        ("transformer", TRANSFORMER),
        ("transformer_over_channels", TRANSFORMER_OVER_CHANNELS),
        ("lstm", LSTM),
        ("gru", GRU),
        ("bilstm", BILSTM),
        ("bigru", BIGRU),
    ],
)
def test_parameter_counts(encoder: str, parameters: int) -> None:
    network = create_model(ModelSpec("rglu", 10, 217, 334, {"encoder": encoder}))
    assert n_parameters(network) == STEM_217 + UNITS + parameters + HEAD
    if encoder == "transformer":
        assert n_parameters(network) == 2_887_294
    if encoder == "lstm":
        assert n_parameters(network) == 2_098_558


@pytest.mark.parametrize(("n_columns", "n_steps"), [(334, 10), (313, 9), (64, 2), (32, 1)])
@pytest.mark.parametrize("encoder", ["transformer", "transformer_over_channels", "lstm", "bigru"])
def test_layer_shapes(encoder: str, n_columns: int, n_steps: int) -> None:
    network = create_model(ModelSpec("rglu", 10, 217, n_columns, {"encoder": encoder})).eval()
    assert isinstance(network, RGLU)
    x = network.blocks(network.stem(torch.randn(2, n_columns, 217)))
    assert x.shape == (2, n_steps, 256)
    assert network.encoder(x).shape == (2, n_steps, 256)
    assert network.forward_features(torch.randn(2, 217, n_columns)).shape == (2, 512)


def test_channels_of_the_ten_units_and_where_they_are_residual() -> None:
    network = create_model(ModelSpec("rglu", 10, 217, 334))
    assert isinstance(network, RGLU)
    units = [module for module in network.blocks if isinstance(module, ResidualGatedUnit)]
    channels = [(unit.conv.in_channels, unit.conv.out_channels // 2) for unit in units]
    assert channels == [
        (64, 64), (64, 64), (64, 64), (64, 128), (128, 128), (128, 128), (128, 128), (128, 256), (256, 256), (256, 256)
    ]  # fmt: skip
    assert [unit.is_residual for unit in units] == [before == after for before, after in channels]


@pytest.mark.parametrize("channels", [6, 5])
def test_gated_unit_equals_its_formula(channels: int) -> None:
    unit = ResidualGatedUnit(6, channels)
    x = torch.randn(4, 6, 11)
    value_and_gate = nn.BatchNorm1d(2 * channels)(nn.functional.conv1d(x, unit.conv.weight, padding=1))
    value, gate = value_and_gate[:, :channels], value_and_gate[:, channels:]
    expected = value * torch.sigmoid(gate) + (x if channels == 6 else 0.0)
    torch.testing.assert_close(unit(x.transpose(1, 2)).transpose(1, 2), expected)


def test_one_norm_over_value_and_gate_equals_two() -> None:
    unit = ResidualGatedUnit(4, 4)
    both = unit.conv(torch.randn(8, 9, 4))
    channels_second = both.transpose(1, 2)
    separate = torch.cat([nn.BatchNorm1d(4)(part) for part in channels_second.split(4, dim=1)], dim=1).transpose(1, 2)
    torch.testing.assert_close(unit.norm(both), separate)


def test_the_order_of_steps_matters_to_the_encoder_only_through_their_positions() -> None:
    network = create_model(ModelSpec("rglu", 10, 16, 64)).eval()
    assert isinstance(network, RGLU)
    x = torch.randn(1, 2, 256)
    swapped = network.encoder(x.flip(1)).flip(1)
    assert not torch.allclose(network.encoder(x), swapped)


@pytest.mark.parametrize(("n_columns", "n_heads"), [(334, 5), (313, 3), (256, 8), (64, 2), (32, 1), (224, 7)])
def test_attention_over_channels_takes_the_most_heads_that_divide_the_steps(n_columns: int, n_heads: int) -> None:
    network = create_model(ModelSpec("rglu", 10, 16, n_columns, {"encoder": "transformer_over_channels"}))
    assert isinstance(network, RGLU)
    assert isinstance(network.encoder, TransformerOverChannels)
    assert network.encoder.block.self_attn.num_heads == n_heads


def test_sinusoids() -> None:
    encoding = sinusoids(50, 9)
    assert encoding.shape == (50, 9)
    assert encoding[0].tolist() == [0.0, 1.0] * 4 + [0.0]
    torch.testing.assert_close(encoding[3, :2], torch.tensor([math.sin(3.0), math.cos(3.0)]))
    torch.testing.assert_close(encoding[7, 4], torch.sin(7 / torch.tensor(10_000.0) ** (4 / 9)))


@pytest.mark.parametrize("encoder", ["transformer", "lstm"])
def test_takes_any_length_without_a_fixed_one(encoder: str) -> None:
    network = create_model(ModelSpec("rglu", 10, 128, None, {"encoder": encoder})).eval()
    for n_columns in (32, 64, 313):
        assert network(torch.zeros(1, 128, n_columns)).shape == (1, 10)
    with pytest.raises(RecipeError, match="31 columns; expected at least 32"):
        network(torch.zeros(1, 128, 31))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"encoder": "transfomer"}, "expected one of 'transformer'"),
        ({"n_heads": 7}, "n_heads is 7; expected a divisor of 256"),
        ({"feed_forward": 0}, "feed_forward is 0"),
        ({"encoder_dropout": 1.0}, "encoder_dropout is 1.0"),
        ({"dropout": -0.1}, "dropout is -0.1"),
        ({"encoder": "transformer_over_channels"}, "needs a fixed n_columns"),
    ],
)
def test_options_out_of_range(options: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        create_model(ModelSpec("rglu", 10, 128, None, options))
