from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from genrekit.errors import RecipeError  # noqa: E402
from genrekit.models import ModelSpec, create_model  # noqa: E402


def network(**options):
    torch.manual_seed(0)
    return create_model(ModelSpec("texture_mlp", 10, 128, None, options)).eval()


def test_parameters_are_those_of_two_layers_and_a_norm() -> None:
    made = network(units=100)
    n_statistics = made.n_statistics
    assert n_statistics == 3 * 64 + 3 * 24 + 24 * 23 // 2 + 32 * (4 + 8)
    assert network(spectrum_regions=3).n_statistics == n_statistics + 3 * 9 * 11
    count = sum(parameter.numel() for parameter in made.parameters())
    assert count == n_statistics * 100 + 2 * 100 + 100 * 10 + 10


def test_statistics_are_standardised_by_what_it_looked_at() -> None:
    made, x = network(), -40 + 10 * torch.randn(60, 128, 64, generator=torch.Generator().manual_seed(0))
    made.fit_input(iter(x.split(20)))
    standard = (made.statistics(x) - made.mean) / made.deviation
    torch.testing.assert_close(standard.mean(0), torch.zeros(made.n_statistics), atol=1e-3, rtol=0)
    torch.testing.assert_close(standard.std(0, correction=0), torch.ones(made.n_statistics), atol=1e-2, rtol=0)
    assert {"mean", "deviation", "reach"} <= made.state_dict().keys()


def test_says_less_the_farther_a_sound_lies_from_what_it_looked_at() -> None:
    made, x = network(), -40 + 10 * torch.randn(200, 128, 64, generator=torch.Generator().manual_seed(0))
    made.fit_input(iter(x.split(20)))
    standard = (made.statistics(x) - made.mean) / made.deviation
    distance = standard.square().mean(1).sqrt()
    assert float(made.reach) == pytest.approx(float(distance.max()), rel=1e-4)
    torch.testing.assert_close(made.forward_features(x), made.hidden(standard))
    far = torch.sin(0.3 * torch.arange(64.0)).expand(1, 128, 64) * 30
    standard = (made.statistics(far) - made.mean) / made.deviation
    times = standard.square().mean().sqrt() / made.reach
    assert times > 2
    torch.testing.assert_close(made.forward_features(far), made.hidden(standard) / times**2)
    # Nothing at all is said of what is farthest: the logits are the classifier's bias.
    torch.testing.assert_close(made(1e4 * far)[0], made.classifier.bias, atol=1e-2, rtol=0)


def test_the_hidden_layer_sees_no_statistic_beyond_the_bound() -> None:
    made, unbounded = network(bound=3.0), network()
    x = -40 + 10 * torch.randn(200, 128, 64, generator=torch.Generator().manual_seed(0))
    for each in (made, unbounded):
        each.fit_input(iter(x.split(20)))
    assert made.reach == unbounded.reach
    x[0, 100:] = -80
    x[0, 100:, 5] = -70
    standard = (made.statistics(x) - made.mean) / made.deviation
    assert standard[0].abs().max() > 10
    nearness = (made.reach / standard.square().mean(1, keepdim=True).sqrt()).clamp_max(1).square()
    torch.testing.assert_close(made.forward_features(x), made.hidden(standard.clamp(-3, 3)) * nearness)
    near = standard.abs().amax(1) <= 3
    assert near.any() and not near.all()
    torch.testing.assert_close(made(x)[near], unbounded(x)[near])


def test_takes_any_length_from_its_longest_filter_on() -> None:
    made = network(spectrum_regions=3)
    for n_columns in (32, 129, 387):
        assert made(torch.randn(2, 128, n_columns)).shape == (2, 10)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"spectrum_regions": -1}, "spectrum_regions is -1"),
        ({"bound": 0.0}, "bound is 0.0; expected more than 0 deviations"),
        ({"bound": float("inf")}, "bound is inf; expected"),
        ({"units": 0}, "units is 0"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"input_dropout": -0.1}, "input_dropout"),
    ],
)
def test_options_out_of_range_are_refused(options, message) -> None:
    with pytest.raises(RecipeError, match=message):
        network(**options)
