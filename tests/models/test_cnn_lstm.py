from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from genrekit.errors import RecipeError  # noqa: E402
from genrekit.models import ModelSpec, create_model  # noqa: E402
from genrekit.models.cnn_lstm import CNNLSTM  # noqa: E402
from genrekit.models.se_cnn import SECNN, as_image  # noqa: E402


def n_parameters(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(("n_bins", "n_rows"), [(513, 16), (128, 4)])
@pytest.mark.parametrize("n_directions", [1, 2])
def test_parameter_counts(n_bins: int, n_rows: int, n_directions: int) -> None:
    network = create_model(ModelSpec("cnn_lstm", 10, n_bins, 130, {"n_directions": n_directions}))
    se_cnn = create_model(ModelSpec("se_cnn", 10, n_bins, 130, {"pooling": "gap"}))
    step, hidden = 128 * n_rows, 128 // n_directions
    lstm = n_directions * 4 * (step * hidden + hidden * hidden + 2 * hidden)
    assert n_parameters(network) == n_parameters(se_cnn.blocks) + 2 * step + lstm + 128 * 10 + 10


@pytest.mark.parametrize(("n_columns", "n_steps"), [(130, 16), (39, 4), (129, 16), (32, 4)])
def test_three_of_five_poolings_halve_time(n_columns: int, n_steps: int) -> None:
    network = create_model(ModelSpec("cnn_lstm", 10, 128, n_columns)).eval()
    assert isinstance(network, CNNLSTM)
    x = torch.randn(2, 128, n_columns)
    assert network.blocks(as_image(x)).shape == (2, 128, 4, n_steps)
    assert network.forward_features(x).shape == (2, 128)


def test_extractor_is_the_se_cnn_s() -> None:
    network = create_model(ModelSpec("cnn_lstm", 10, 128, 64)).eval()
    se_cnn = create_model(ModelSpec("se_cnn", 10, 128, 64)).eval()
    assert isinstance(se_cnn, SECNN)
    network.blocks.load_state_dict(se_cnn.blocks.state_dict())
    x = as_image(torch.randn(2, 128, 64))
    assert torch.equal(network.blocks[:3](x), se_cnn.blocks[:3](x))


def test_the_order_of_the_steps_matters() -> None:
    torch.manual_seed(0)
    network = create_model(ModelSpec("cnn_lstm", 10, 128, 64)).eval()
    x = torch.randn(1, 128, 64)
    halves = torch.cat((x[:, :, 32:], x[:, :, :32]), dim=2)
    assert not torch.allclose(network(x), network(halves), atol=1e-4)


def test_takes_any_length_and_raw_powers_do_not_saturate_it() -> None:
    network = create_model(ModelSpec("cnn_lstm", 10, 128, None)).eval()
    for n_columns in (32, 39, 130):
        x = 1e4 * torch.rand(2, 128, n_columns)
        assert network(x).shape == (2, 10)
        assert network.forward_features(x).abs().max() < 0.9


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_directions": 3}, "n_directions is 3"),
        ({"hidden": 5, "n_directions": 2}, "hidden is 5; expected a positive multiple"),
        ({"reduction": 1}, "reduction is 1"),
        ({"dropout": 1.0}, "dropout is 1.0"),
    ],
)
def test_options_out_of_range(options: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        create_model(ModelSpec("cnn_lstm", 10, 128, 64, options))
