from __future__ import annotations

import pytest
import torch

from genrekit.errors import RecipeError
from genrekit.models import ModelSpec, create_model
from genrekit.models.layers.residual_block import ResidualBlock


def parameters(**options) -> int:
    network = create_model(ModelSpec("res_cnn", 10, 128, 129, options))
    return sum(p.numel() for p in network.parameters())


def test_parameter_counts_by_hand():
    # Batch norm per bin 256; 5 x 5 convolution 25 w; a batch norm of c channels 2 c; a block from i to c channels
    # 9 i c + 9 c c + 4 c, and where i != c a shortcut of i c + 2 c; classifier 10 c + 10.
    def block(i: int, c: int) -> int:
        return 9 * i * c + 9 * c * c + 4 * c + (i * c + 2 * c if i != c else 0)

    small = 256 + 25 * 16 + 32 + sum(block(*io) for io in [(16, 16), (16, 32), (32, 64), (64, 128), (128, 160)]) + 1610
    assert parameters() == small == 745_530
    base = 256 + 25 * 32 + 64 + sum(block(*io) for io in [(32, 32), (32, 64), (64, 96), (96, 128)]) + 1290
    assert parameters(width=32, multipliers="1 2 3 4") == base
    # Squeeze-and-excitation: 2 c (c // r) a block. A height channel: 9 more weights a channel, and 1 in each shortcut,
    # which the first block needs, too.
    channels = (32, 64, 96, 128)
    wide = {"width": 32, "multipliers": "1 2 3 4"}
    assert parameters(**wide, squeeze_reduction=8) == base + sum(2 * c * (c // 8) for c in channels)
    height = sum(9 * c + c for c in channels) + (32 * 32 + 2 * 32)
    assert parameters(**wide, frequency_aware=True) == base + height
    assert parameters(**wide, pooling="mean_max") == base + 128 * 10
    assert parameters(**wide, pooling="generalised_mean") == base + 128
    assert parameters(**wide, pooling="attention") == base + 4 * 128 + 4


def test_any_number_of_columns_and_the_embedding_is_the_mean():
    network = create_model(ModelSpec("res_cnn", 10, 128, None, {"width": 4})).eval()
    for n_columns in (32, 129, 400):
        x = torch.randn(2, 128, n_columns)
        embedding = network.forward_features(x)
        assert embedding.shape == (2, 40)
        assert torch.equal(network(x), network.forward_head(embedding))


@pytest.mark.parametrize(("bins", "columns"), [(1, 1), (1, 2), (2, 1), (2, 2)])
def test_the_first_convolution_keeps_the_resolution_that_it_is_asked_to(bins, columns):
    network = create_model(ModelSpec("res_cnn", 10, 128, None, {"stride_bins": bins, "stride_columns": columns}))
    first = network.stages[0](torch.zeros(1, 1, 128, 128))
    assert first.shape == (1, 16, 128 // bins, 128 // columns)
    assert network(torch.zeros(2, 128, 129)).shape == (2, 10)


@pytest.mark.parametrize(
    "options",
    [
        {"multipliers": ""},
        {"multipliers": "1 2 x"},
        {"multipliers": "1 1 1 1 1 1"},
        {"width": 0},
        {"dropout": 1.0},
        {"pooling": "median"},
        {"squeeze_reduction": -1},
        {"stride_bins": 0},
        {"stride_columns": 3},
        {"excerpt_norm": "track"},
        {"skipped_share": 1.0},
    ],
)
def test_options_out_of_range(options):
    with pytest.raises(RecipeError, match="expected"):
        parameters(**options)


def test_skipped_items_go_through_the_shortcut_alone_and_later_blocks_are_skipped_more_often() -> None:
    network = create_model(ModelSpec("res_cnn", 10, 128, None, {"width": 4, "skipped_share": 0.4}))
    blocks = [module for module in network.modules() if isinstance(module, ResidualBlock)]
    assert [block.skipped_share for block in blocks] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])
    torch.manual_seed(0)
    last = ResidualBlock(8, 8, skipped_share=0.4).train()
    x = torch.rand(2000, 8, 1, 1)
    with torch.no_grad():
        y, residual = last(x), last.residual(x)
    skipped = torch.isclose(y, x, atol=1e-6).flatten(1).all(1)
    assert abs(float(skipped.float().mean()) - 0.4) < 0.04
    torch.testing.assert_close(y[~skipped], torch.relu(x + residual / 0.6)[~skipped], rtol=1e-4, atol=1e-5)
