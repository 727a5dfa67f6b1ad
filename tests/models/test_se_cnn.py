from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from genrekit.errors import RecipeError  # noqa: E402
from genrekit.models import ModelSpec, create_model  # noqa: E402
from genrekit.models.layers.squeeze_excitation import SqueezeExcitation  # noqa: E402
from genrekit.models.se_cnn import SECNN  # noqa: E402

WIDTHS = (32, 64, 128, 256, 128)

# Convolutions, 9 weights a pair of channels and a bias a channel:
#   (9 * 1 + 1) * 32 = 320, (9 * 32 + 1) * 64 = 18 496, (9 * 64 + 1) * 128 = 73 856, (9 * 128 + 1) * 256 = 295 168,
#   (9 * 256 + 1) * 128 = 295 040; together 682 880.
# Excitations at r = 32, two matrices of channels x hidden, hidden 1, 2, 4, 8, 4:
#   64 + 256 + 1024 + 4096 + 1024 = 6464.
CONVOLUTIONS, EXCITATIONS = 682_880, 6_464


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


def n_parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("n_bins", "n_columns", "options", "classifier"),
    [
        # 513 -> 256 -> 128 -> 64 -> 32 -> 16 bins and 130 -> 65 -> 32 -> 16 -> 8 -> 4 columns of 128 channels, no bias
        (513, 130, {}, 16 * 4 * 128 * 10),
        (513, None, {"pooling": "gap"}, 128 * 10),
        # 128 x 39 (3 s of the archive) -> 4 x 1; 128 x 64 (5 s) -> 4 x 2
        (128, 39, {}, 4 * 1 * 128 * 10),
        (128, 64, {}, 4 * 2 * 128 * 10),
    ],
)
def test_parameter_counts(n_bins: int, n_columns: int | None, options: dict[str, object], classifier: int) -> None:
    network = create_model(ModelSpec("se_cnn", 10, n_bins, n_columns, options))
    assert n_parameters(network) == CONVOLUTIONS + EXCITATIONS + classifier
    if (n_bins, n_columns) == (513, 130):
        assert n_parameters(network) == 771_264


@pytest.mark.parametrize(
    ("reduction", "hidden"), [(32, (1, 2, 4, 8, 4)), (2, (16, 32, 64, 128, 64)), (64, (1, 1, 2, 4, 2))]
)
def test_excitation_has_hidden_units(reduction: int, hidden: tuple[int, ...]) -> None:
    network = create_model(ModelSpec("se_cnn", 10, 128, 64, {"reduction": reduction}))
    assert isinstance(network, SECNN)
    assert tuple(block.excitation.squeeze.out_features for block in network.blocks) == hidden


def test_layer_shapes() -> None:
    network = create_model(ModelSpec("se_cnn", 10, 513, 130))
    assert isinstance(network, SECNN)
    x = torch.zeros(1, 1, 513, 130)
    shapes = []
    for block in network.blocks:
        x = block(x)
        shapes.append(tuple(x.shape[1:]))
    assert shapes == [(32, 256, 65), (64, 128, 32), (128, 64, 16), (256, 32, 8), (128, 16, 4)]


def test_equals_plain_modules_in_evaluation() -> None:
    network = create_model(ModelSpec("se_cnn", 10, 64, 64)).eval()
    assert isinstance(network, SECNN)
    layers: list[nn.Module] = []
    for block, before, width in zip(network.blocks, (1, *WIDTHS), WIDTHS, strict=False):
        convolution = nn.Conv2d(before, width, 3, padding=1)
        convolution.load_state_dict(block.conv.state_dict())
        excitation = SqueezeExcitation(width, reduction=32)
        excitation.load_state_dict(block.excitation.state_dict())
        layers += [convolution, nn.MaxPool2d(2), nn.Dropout(0.25), excitation, nn.ReLU()]
    plain = nn.Sequential(*layers, nn.Flatten()).eval()
    x = torch.randn(3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(network(x), plain(x[:, None]) @ network.classifier.weight.t())


def test_features_are_channels_last_all_the_way() -> None:
    network = create_model(ModelSpec("se_cnn", 10, 64, 64))
    assert isinstance(network, SECNN)
    layouts = []
    for block in network.blocks:
        block.register_forward_hook(
            lambda _module, _inputs, y: layouts.append(y.is_contiguous(memory_format=torch.channels_last))
        )
    network(torch.randn(2, 64, 64))
    assert layouts == [True] * 5


def test_gap_takes_any_length() -> None:
    network = create_model(ModelSpec("se_cnn", 10, 128, None, {"pooling": "gap"})).eval()
    for n_columns in (32, 39, 64, 387):
        assert network(torch.zeros(1, 128, n_columns)).shape == (1, 10)
    with pytest.raises(RecipeError, match="31 columns; expected at least 32"):
        network(torch.zeros(1, 128, 31))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reduction": 1}, "reduction is 1; expected 2 to 64"),
        ({"reduction": 65}, "reduction is 65"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"pooling": "max"}, "expected one of 'flatten', 'gap'"),
    ],
)
def test_options_out_of_range(options: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        create_model(ModelSpec("se_cnn", 10, 128, 64, options))


def test_flatten_needs_the_number_of_columns() -> None:
    with pytest.raises(RecipeError, match="'flatten' needs a fixed n_columns"):
        create_model(ModelSpec("se_cnn", 10, 128))


def test_too_few_bins() -> None:
    with pytest.raises(RecipeError, match="20 bins; expected at least 32"):
        create_model(ModelSpec("se_cnn", 10, 20, 64))
