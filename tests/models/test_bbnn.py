from __future__ import annotations

import pytest
import torch

from genrekit.errors import RecipeError
from genrekit.models import ModelSpec, create_model


def test_parameters_are_the_paper_s_but_for_its_biases_and_the_batch_norms() -> None:
    network = create_model(ModelSpec("bbnn", 10, 128, 387))
    weights = sum(p.numel() for p in network.parameters() if p.dim() > 1)
    # Of the paper's 180 458, 32 biases a convolution are not here: the stem's, six in each block, the transition's.
    assert weights == 180_458 - 32 * (1 + 3 * 6 + 1) - 10
    assert network.embedding_size == 32


def test_each_block_sees_the_stem_and_all_blocks_before_it() -> None:
    network = create_model(ModelSpec("bbnn", 10, 128, None)).eval()
    seen = []
    for block in network.blocks:
        block.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    network(torch.randn(2, 128, 64))
    assert [tuple(maps.shape) for maps in seen] == [(2, channels, 128, 16) for channels in (32, 160, 288)]
    assert torch.equal(seen[2][:, :160], seen[1])
    assert torch.equal(seen[1][:, :32], seen[0])


@pytest.mark.parametrize("options", [{"width": 0}, {"dropout": 1.0}, {"dropout": -0.1}])
def test_options_out_of_range_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(RecipeError, match="expected width >= 1, 0 <= dropout < 1"):
        create_model(ModelSpec("bbnn", 10, 128, 64, options))
