from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from genrekit.errors import RecipeError  # noqa: E402
from genrekit.models import ModelSpec, create_model  # noqa: E402
from genrekit.models.sincnet import SincNet  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


def test_parameter_counts() -> None:
    network = create_model(ModelSpec("sincnet", 10, 1, 66_150))
    # Two edges a filter; batch norm of the bands; convolutions 5 wide with batch norm; classifier of mean and maximum.
    convolutions = 5 * 80 * 128 + 2 * 5 * 128 * 128 + 3 * 2 * 128
    assert sum(p.numel() for p in network.parameters()) == 2 * 80 + 2 * 80 + convolutions + 256 * 10 + 10


def test_steps_of_three_seconds() -> None:
    network = create_model(ModelSpec("sincnet", 10, 1, 66_150)).eval()
    assert isinstance(network, SincNet)
    x = torch.randn(2, 1, 66_150)
    bands = network.filters(x)
    assert bands.shape == (2, 80, 4135)
    assert network.blocks(torch.zeros(2, 80, 4135 // 4)).shape == (2, 128, 16)
    assert network.forward_features(x).shape == (2, 256)


def test_loudness_and_offset_do_not_matter_and_silence_is_finite() -> None:
    network = create_model(ModelSpec("sincnet", 10, 1, None)).eval()
    x = torch.randn(2, 1, 8000)
    with torch.no_grad():
        torch.testing.assert_close(network(0.1 * x + 0.3), network(x), atol=1e-2, rtol=1e-2)
        assert torch.isfinite(network(torch.zeros(2, 1, 8000))).all()


def test_silence_does_not_spoil_the_gradient() -> None:
    network = create_model(ModelSpec("sincnet", 10, 1, None)).train()
    x = torch.randn(4, 1, 8000)
    x[0] = 0
    network(x).square().sum().backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in network.parameters())


@pytest.mark.parametrize("n_samples", [4096, 22_050, 70_001])
def test_takes_any_length_without_a_fixed_one(n_samples: int) -> None:
    network = create_model(ModelSpec("sincnet", 10, 1, None)).eval()
    with torch.no_grad():
        assert network(torch.randn(1, 1, n_samples)).shape == (1, 10)


@pytest.mark.parametrize(
    ("n_bins", "n_columns", "options", "message"),
    [
        (128, 64_000, {}, "128 bins; expected a waveform, which has 1: use features: waveform"),
        (1, 4095, {}, "4095 columns; expected at least 4096"),
        (1, 66_150, {"filter_length": 250}, "filter_length is 250; expected an odd number"),
        (1, 66_150, {"n_filters": 0}, "n_filters is 0"),
        (1, 66_150, {"dropout": 1.0}, "dropout is 1.0"),
    ],
)
def test_what_does_not_fit_is_refused(n_bins: int, n_columns: int, options: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        create_model(ModelSpec("sincnet", 10, n_bins, n_columns, options))
