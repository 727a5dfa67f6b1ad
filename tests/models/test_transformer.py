from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from genrekit.errors import RecipeError  # noqa: E402
from genrekit.models import ModelSpec, create_model  # noqa: E402
from genrekit.models.transformer import SpectrogramTransformer  # noqa: E402

WIDTH = 128
# Attention: four 128 x 128 matrices with biases; feed-forward 128 -> 512 -> 128 with biases; two layer norms.
BLOCK = 4 * (WIDTH * WIDTH + WIDTH) + (WIDTH * 512 + 512) + (512 * WIDTH + WIDTH) + 2 * 2 * WIDTH


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


@pytest.mark.parametrize(("n_bins", "n_rows"), [(128, 12), (513, 50), (16, 1), (25, 1), (26, 2)])
@pytest.mark.parametrize("pooling", ["mean", "token"])
def test_parameter_counts(n_bins: int, n_rows: int, pooling: str) -> None:
    network = create_model(ModelSpec("transformer", 10, n_bins, 129, {"pooling": pooling}))
    patches = 16 * 16 * WIDTH + WIDTH
    around = 2 * n_bins + patches + n_rows * WIDTH + (WIDTH if pooling == "token" else 0) + 2 * WIDTH + WIDTH * 10 + 10
    assert sum(parameter.numel() for parameter in network.parameters()) == around + 4 * BLOCK


@pytest.mark.parametrize(("n_columns", "n_patches"), [(129, 12), (313, 30), (16, 1), (25, 1), (26, 2)])
def test_patches_overlap_by_six(n_columns: int, n_patches: int) -> None:
    network = create_model(ModelSpec("transformer", 10, 128, n_columns)).eval()
    assert isinstance(network, SpectrogramTransformer)
    assert network.patches(torch.zeros(1, 1, 128, n_columns)).shape == (1, WIDTH, 12, n_patches)


@pytest.mark.parametrize("pooling", ["mean", "token"])
def test_takes_any_length_without_a_fixed_one(pooling: str) -> None:
    network = create_model(ModelSpec("transformer", 10, 128, None, {"pooling": pooling})).eval()
    with torch.no_grad():
        for n_columns in (16, 39, 129, 387):
            assert network(torch.zeros(1, 128, n_columns)).shape == (1, 10)
    with pytest.raises(RecipeError, match="15 columns; expected at least 16"):
        network(torch.zeros(1, 128, 15))


@pytest.mark.parametrize("dim", [1, 2], ids=["rows", "columns"])
def test_the_place_of_a_patch_matters(dim: int) -> None:
    # Cells that belong to a single patch, moved by a patch: only positions tell the two inputs apart.
    network = create_model(ModelSpec("transformer", 10, 46, 46)).eval()
    with torch.no_grad():
        torch.nn.init.normal_(network.row)
        x = torch.zeros(1, 46, 46)
        x[:, 16:20, 16:20] = 10 * torch.randn(4, 4)
        moved = x.roll(10, dim)
        assert not torch.allclose(network(x), network(moved), atol=1e-4)
        network.row.zero_()
        if dim == 1:
            torch.testing.assert_close(network(x), network(moved), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 100, "n_heads": 3}, "n_heads is 3; expected a divisor of width, 100"),
        ({"depth": 0}, "depth is 0"),
        ({"pooling": "class"}, "expected one of 'mean', 'token'"),
        ({"dropout": 1.0}, "dropout is 1.0"),
    ],
)
def test_options_out_of_range(options: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        create_model(ModelSpec("transformer", 10, 128, 64, options))
