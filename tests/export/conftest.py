"""A small network with its header, and a run folder that holds it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from stored_splits import write_split

from genrekit.features import ARCHIVE_LOG_MEL
from genrekit.models import GenreNetwork, ModelSpec, WeightsHeader, create_model, save_weights

GENRES = ("blues", "jazz", "rock")
WINDOW_S = 3.0


@pytest.fixture(scope="session")
def network() -> GenreNetwork:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = create_model(ModelSpec("res_cnn", len(GENRES), ARCHIVE_LOG_MEL.n_bins, None, {"width": 4}))
    # Statistics and weights of a network that has seen something, so that windows give different answers.
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.5, 0.5)
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)
    return network.eval()


@pytest.fixture(scope="session")
def header(network: GenreNetwork) -> WeightsHeader:
    return WeightsHeader(GENRES, network.spec, ARCHIVE_LOG_MEL, WINDOW_S)


@pytest.fixture(scope="session")
def run_folder(network: GenreNetwork, header: WeightsHeader, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "small-fold0-seed0"
    folder.mkdir()
    save_weights(folder / "weights.safetensors", network, header)
    (folder / "scores.json").write_text(json.dumps({"test": {"accuracy": 0.5}}))
    write_split(folder, name="a_folds")
    return folder
