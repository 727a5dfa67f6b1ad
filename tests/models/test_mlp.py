"""M1, report A's baseline."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from genrekit.errors import RecipeError  # noqa: E402
from genrekit.models import ModelSpec, create_model  # noqa: E402


def network(**options: object) -> torch.nn.Module:
    torch.manual_seed(0)
    return create_model(ModelSpec("mlp", 10, 57, 1, dict(options))).eval()


def raw_features(n: int = 200) -> torch.Tensor:
    """Columns of very different size, as the 57 are: from 1e-5 to 1e6."""
    generator = torch.Generator().manual_seed(1)
    scale = torch.logspace(-5, 6, 57)
    return (scale * (3 + torch.randn(n, 57, generator=generator))).unsqueeze(2)


def test_layers_are_report_a_s() -> None:
    mlp = network()
    shapes = {name: tuple(value.shape) for name, value in mlp.named_parameters()}
    assert shapes == {
        "hidden.0.weight": (256, 57),
        "hidden.0.bias": (256,),
        "hidden.3.weight": (64, 256),
        "hidden.3.bias": (64,),
        "classifier.weight": (10, 64),
        "classifier.bias": (10,),
    }
    assert [layer.p for layer in mlp.hidden if isinstance(layer, torch.nn.Dropout)] == [0.4, 0.2]


def test_fitted_input_has_mean_0_and_deviation_1() -> None:
    mlp, features = network(), raw_features()
    mlp.fit_input(iter(features.split(64)))
    seen: list[torch.Tensor] = []
    mlp.hidden[0].register_forward_pre_hook(lambda layer, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        mlp(features)
    deviation, mean = torch.std_mean(seen[0].double(), dim=0, correction=0)
    torch.testing.assert_close(mean, torch.zeros(57, dtype=torch.float64), atol=1e-5, rtol=0)
    torch.testing.assert_close(deviation, torch.ones(57, dtype=torch.float64), atol=1e-5, rtol=0)


def test_units_of_the_features_do_not_matter() -> None:
    features, units = raw_features(), torch.logspace(3, -3, 57).unsqueeze(1)
    logits = []
    for given in (features, features * units):
        mlp = network()
        mlp.fit_input([given])
        with torch.no_grad():
            logits.append(mlp(given))
    torch.testing.assert_close(logits[0], logits[1], atol=1e-4, rtol=1e-4)


def test_what_is_learnt_of_the_input_is_in_the_state() -> None:
    mlp, again = network(), network()
    mlp.fit_input([raw_features()])
    again.load_state_dict(mlp.state_dict())
    with torch.no_grad():
        assert torch.equal(again(raw_features()), mlp(raw_features()))
    assert {"mean", "deviation"} <= mlp.state_dict().keys()


@pytest.mark.parametrize("value", [0.0, 0.1, 440.0])
def test_an_input_that_does_not_vary_is_only_centred(value: float) -> None:
    mlp, features = network(), raw_features()
    features[:, 7] = value
    mlp.fit_input(features.split(50))
    assert mlp.deviation[7] == 1.0
    with torch.no_grad():
        assert torch.isfinite(mlp(features)).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [({"units": 0}, "units is 0"), ({"dropout": 1.0}, "dropout is 1.0"), ({"second_dropout": -0.1}, "second_dropout")],
)
def test_options_out_of_range_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        network(**options)


def test_any_number_of_columns_is_refused() -> None:
    with pytest.raises(RecipeError, match="fixed n_columns"):
        create_model(ModelSpec("mlp", 10, 57))
