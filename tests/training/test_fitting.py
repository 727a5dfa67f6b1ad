"""Checkpoints: whole ones are read, torn ones say what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from genrekit.errors import RunError
from genrekit.training.fitting import fit, read_checkpoint


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "recipe-0a1b2c3d-fold0-seed0" / "checkpoints" / "last.ckpt"
    path.parent.mkdir(parents=True)
    torch.save({"state_dict": {"network.weight": torch.arange(1000.0)}}, path)
    return path


def test_a_whole_checkpoint_is_read(checkpoint: Path) -> None:
    assert torch.equal(read_checkpoint(checkpoint)["state_dict"]["network.weight"], torch.arange(1000.0))


@pytest.mark.parametrize("share", [0, 0.5, 0.99])
def test_a_torn_checkpoint_says_which_folder_to_remove(checkpoint: Path, share: float) -> None:
    content = checkpoint.read_bytes()
    checkpoint.write_bytes(content[: int(share * len(content))])
    told = re.escape(f"remove its folder {checkpoint.parents[1]}, and it begins anew")
    with pytest.raises(RunError, match=f"no whole checkpoint.*{told}"):
        # Nothing of the trainer is needed: it is told before Lightning gets it.
        fit(None, None, (), None, checkpoint=checkpoint)
