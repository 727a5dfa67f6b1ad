from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from genrekit.errors import RecipeError  # noqa: E402
from genrekit.models import ModelSpec, create_model  # noqa: E402
from genrekit.models.layers.residual_block import ResidualBlock  # noqa: E402
from genrekit.models.resnet import ResNet  # noqa: E402


def block(before: int, width: int) -> int:
    """Two 3 x 3 convolutions and batch norms; where the channels change, a 1 x 1 convolution and its norm."""
    shortcut = before * width + 2 * width if before != width else 0
    return 9 * before * width + 2 * width + 9 * width * width + 2 * width + shortcut


@pytest.mark.parametrize(("depth", "blocks", "parameters"), [(18, (2, 2, 2, 2), 11_175_370), (34, (3, 4, 6, 3), None)])
def test_parameter_counts(depth: int, blocks: tuple[int, ...], parameters: int | None) -> None:
    network = create_model(ModelSpec("resnet", 10, 513, 130, {"depth": depth}))
    expected = 7 * 7 * 64 + 2 * 64 + 512 * 10 + 10
    for before, width, n_blocks in zip((64, 64, 128, 256), (64, 128, 256, 512), blocks, strict=True):
        expected += block(before, width) + (n_blocks - 1) * block(width, width)
    assert sum(parameter.numel() for parameter in network.parameters()) == expected
    # torchvision's resnet18 has 11 689 512 with three input channels and 1000 classes.
    if parameters is not None:
        assert expected == parameters == 11_689_512 - 2 * 7 * 7 * 64 - 990 * 513


def test_layer_shapes_on_report_a_s_input() -> None:
    network = create_model(ModelSpec("resnet", 10, 513, 130)).eval()
    assert isinstance(network, ResNet)
    x = torch.zeros(1, 1, 513, 130)
    shapes = []
    with torch.no_grad():
        for layer in network.layers:
            x = layer(x)
            if isinstance(layer, ResidualBlock | torch.nn.Conv2d | torch.nn.MaxPool2d):
                shapes.append(tuple(x.shape[1:]))
    assert shapes == [
        (64, 257, 65), (64, 129, 33),
        (64, 129, 33), (64, 129, 33), (128, 65, 17), (128, 65, 17),
        (256, 33, 9), (256, 33, 9), (512, 17, 5), (512, 17, 5),
    ]  # fmt: skip


def test_takes_any_length_without_a_fixed_one() -> None:
    network = create_model(ModelSpec("resnet", 10, 128, None)).eval()
    with torch.no_grad():
        for n_columns in (32, 39, 130):
            assert network(torch.zeros(1, 128, n_columns)).shape == (1, 10)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"depth": 50}, "expected one of 18, 34"), ({"dropout": 1.0}, "dropout is 1.0")],
)
def test_options_out_of_range(options: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        create_model(ModelSpec("resnet", 10, 128, 64, options))
