from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from genrekit.errors import RecipeError  # noqa: E402
from genrekit.models import ModelSpec, create_model  # noqa: E402

MEMBERS = [{"name": "res_cnn", "options": {"width": 4}}, {"name": "texture_mlp", "options": {"units": 16}}]


def ensemble(members=MEMBERS):
    torch.manual_seed(0)
    return create_model(ModelSpec("ensemble", 5, 64, None, {"members": members})).eval()


def test_answers_the_geometric_mean_of_its_members_probabilities_and_embeds_beside_each_other() -> None:
    network = ensemble()
    x = torch.randn(4, 64, 64)
    one_by_one = torch.stack([member(x).softmax(1) for member in network.members])
    assert not torch.allclose(one_by_one[0], one_by_one[1], atol=1e-3)
    product = one_by_one.prod(0).sqrt()
    assert torch.allclose(network(x).softmax(1), product / product.sum(1, keepdim=True), atol=1e-6)
    embedding = network.forward_features(x)
    assert embedding.shape == (4, network.embedding_size) == (4, 40 + 16)
    assert torch.equal(embedding[:, 40:], network.members[1].forward_features(x))


def test_takes_over_what_was_trained_apart() -> None:
    torch.manual_seed(1)
    trained = [create_model(ModelSpec(member["name"], 5, 64, None, member["options"])).eval() for member in MEMBERS]
    network = ensemble()
    x = torch.randn(4, 64, 64)
    before = network(x)
    network.take_weights(trained)
    assert not torch.allclose(network(x), before)
    expected = torch.stack([member(x).log_softmax(1) for member in trained]).mean(0)
    assert torch.allclose(network(x), expected, atol=1e-6)
    with pytest.raises(ValueError, match="shorter"):
        network.take_weights(trained[:1])


def test_each_member_looks_at_the_whole_input() -> None:
    torch.manual_seed(0)
    mlps = [{"name": "mlp"}, {"name": "mlp", "options": {"units": 8}}]
    network = create_model(ModelSpec("ensemble", 5, 57, 1, {"members": mlps}))
    network.fit_input(iter((3 + 2 * torch.randn(200, 57, 1)).split(50)))
    first, second = (dict(member.named_buffers()) for member in network.members)
    assert first and all(torch.equal(first[name], second[name]) for name in first)
    assert abs(float(first["mean"].mean()) - 3) < 0.2


@pytest.mark.parametrize("members", [[], MEMBERS[:1], [{"name": "ensemble"}, *MEMBERS]])
def test_what_is_no_ensemble_is_refused(members) -> None:
    with pytest.raises(RecipeError, match="2 or more networks"):
        ensemble(members)


def test_input_too_short_for_its_members_is_refused() -> None:
    with pytest.raises(RecipeError, match="20 columns; expected at least 32"):
        ensemble()(torch.randn(1, 64, 20))


@pytest.mark.parametrize(
    ("member", "message"),
    [
        ({"name": "res_cnn", "options": {"widht": 4}}, r"unknown key 'widht' \(did you mean 'width'"),
        ({"name": "res_cnm"}, "did you mean 'res_cnn'"),
        ({"nmae": "res_cnn"}, "member of an ensemble: unknown key 'nmae'"),
        ({"options": {}}, "member of an ensemble: missing name"),
    ],
)
def test_what_is_wrong_with_a_member_is_named(member, message) -> None:
    with pytest.raises(RecipeError, match=message):
        ensemble([member, *MEMBERS])
