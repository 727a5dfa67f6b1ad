"""Every network, in training as it is used, can learn a few excerpts by heart."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
import torch.nn.functional as F  # noqa: E402

from genrekit.models import ModelSpec, create_model  # noqa: E402

N_CLASSES = 4
CASES = [
    pytest.param("se_cnn", 64, 64, {"dropout": 0.0}, id="se_cnn"),
    pytest.param("res_cnn", 64, 64, {"width": 8, "dropout": 0.0}, id="res_cnn"),
    pytest.param(
        "res_cnn",
        64,
        64,
        {"width": 8, "dropout": 0.0, "pooling": "attention", "squeeze_reduction": 4, "frequency_aware": True},
        id="res_cnn-attention",
    ),
    pytest.param("resnet", 64, 64, {}, id="resnet"),
    pytest.param("cnn_lstm", 64, 64, {"dropout": 0.0}, id="cnn_lstm"),
    pytest.param("transformer", 64, 64, {"dropout": 0.0}, id="transformer"),
    pytest.param("transformer", 64, 64, {"dropout": 0.0, "pooling": "token"}, id="transformer-token"),
    pytest.param("rglu", 64, 64, {"encoder": "gru", "dropout": 0.0}, id="rglu-gru"),
    pytest.param("rglu", 64, 64, {"encoder": "bilstm", "dropout": 0.0}, id="rglu-bilstm"),
    pytest.param("texture_mlp", 64, 64, {"dropout": 0.0, "input_dropout": 0.0}, id="texture_mlp"),
    pytest.param(
        "ensemble",
        64,
        64,
        {
            "members": [
                {"name": "res_cnn", "options": {"width": 8, "dropout": 0.0}},
                {"name": "texture_mlp", "options": {"dropout": 0.0, "input_dropout": 0.0}},
            ]
        },
        id="ensemble",
    ),
    pytest.param("sincnet", 1, 8192, {"n_filters": 40, "width": 32, "dropout": 0.0}, id="sincnet"),
]


def batch(n_bins: int, n_columns: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Two excerpts a class: noise, and a tone of the class's own frequency in waveforms or place in spectrograms."""
    generator = torch.Generator().manual_seed(3)
    labels = torch.arange(N_CLASSES).repeat(2)
    x = 0.5 * torch.randn(len(labels), n_bins, n_columns, generator=generator)
    for item, label in enumerate(labels.tolist()):
        if n_bins == 1:
            x[item] += torch.sin(2 * torch.pi * 0.04 * (label + 1) * torch.arange(n_columns))
        else:
            x[item, 14 * label : 14 * label + 10] += 1.0
    return x, labels


@pytest.mark.parametrize(("name", "n_bins", "n_columns", "options"), CASES)
def test_learns_a_few_excerpts_by_heart(name: str, n_bins: int, n_columns: int, options: dict[str, object]) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = create_model(ModelSpec(name, N_CLASSES, n_bins, n_columns, options)).train()
    x, labels = batch(n_bins, n_columns)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    first = last = float("inf")
    for step in range(80):
        loss = F.cross_entropy(network(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        last = float(loss.detach())
        first = last if step == 0 else first
        if last < 0.05:
            break
    assert first > 0.5
    assert last < 0.05, f"loss fell from {first:.2f} to {last:.2f} only"
    assert (network(x).argmax(1) == labels).all()
