from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from genrekit.errors import RecipeError  # noqa: E402
from genrekit.models import ModelSpec, create_model  # noqa: E402


def ensemble(**options):
    torch.manual_seed(0)
    options = {"options": {"width": 4}, **options}
    return create_model(ModelSpec("ensemble", 5, 64, None, options)).eval()


def test_answers_the_mean_of_its_members_probabilities_and_embeds_beside_each_other() -> None:
    network = ensemble(copies=3)
    x = torch.randn(4, 64, 64)
    one_by_one = torch.stack([member(x).softmax(1) for member in network.members])
    assert not torch.allclose(one_by_one[0], one_by_one[1], atol=1e-3)
    assert torch.allclose(network(x).softmax(1), one_by_one.mean(0), atol=1e-6)
    assert torch.allclose(network(x).exp().sum(1), torch.ones(4), atol=1e-5)
    assert torch.equal(network.forward_features(x)[:, 40:80], network.members[1].forward_features(x))
    assert torch.allclose(network.member_logits(x).softmax(2), one_by_one, atol=1e-6)


def test_each_member_gets_the_gradient_that_it_would_get_alone() -> None:
    network = ensemble().train()
    for member in network.modules():
        if isinstance(member, torch.nn.Dropout):
            member.p = 0.0
    x, labels = torch.randn(6, 64, 64), torch.arange(6) % 5
    sum(torch.nn.functional.cross_entropy(logits, labels) for logits in network.member_logits(x)).backward()
    together = [member.classifier.weight.grad.clone() for member in network.members]
    for member, gradient in zip(network.members, together, strict=True):
        member.zero_grad()
        torch.nn.functional.cross_entropy(member(x), labels).backward()
        assert torch.allclose(member.classifier.weight.grad, gradient, atol=1e-6)


def test_what_one_learns_of_the_input_all_know() -> None:
    torch.manual_seed(0)
    network = create_model(ModelSpec("ensemble", 5, 57, 1, {"member": "mlp", "copies": 2}))
    network.fit_input(iter([3 + 2 * torch.randn(200, 57, 1)]))
    first, second = (dict(member.named_buffers()) for member in network.members)
    assert first and all(torch.equal(first[name], second[name]) for name in first)
    assert any(abs(float(value.float().mean()) - 3) < 0.2 for value in first.values())


@pytest.mark.parametrize("options", [{"copies": 1}, {"member": "ensemble"}])
def test_what_is_no_ensemble_is_refused(options) -> None:
    with pytest.raises(RecipeError, match="2 or more copies"):
        ensemble(**options)


def test_input_too_short_for_its_members_is_refused() -> None:
    with pytest.raises(RecipeError, match="20 columns; expected at least 32"):
        ensemble()(torch.randn(1, 64, 20))


def test_a_wrong_option_of_the_member_is_named() -> None:
    with pytest.raises(RecipeError, match="widht"):
        ensemble(options={"widht": 4})
