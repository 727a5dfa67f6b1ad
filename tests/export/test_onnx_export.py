from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

import genrekit
from genrekit.errors import ModelFileError, RecipeError
from genrekit.export import onnx_export as module
from genrekit.export.onnx_export import export_onnx
from genrekit.features import FrontEnd
from genrekit.inference import ModelCard, ModelFile
from genrekit.models import GenreNetwork, WeightsHeader

TEMPERATURE = 1.7


def _card(header: WeightsHeader, **changes: object) -> ModelCard:
    card = ModelCard(
        name="small",
        genres=header.genres,
        sr=header.features.sr,
        window_s=header.window_s,
        hop_s=header.window_s / 2,
        features=header.features.to_dict(),
        model=header.model.to_dict(),
        text="# small",
    )
    return replace(card, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def exported(network: GenreNetwork, header: WeightsHeader, tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    path = tmp_path_factory.mktemp("export") / "small.onnx"
    return export_onnx(network, header, card=_card(header), path=path, window_temperature=TEMPERATURE)


def test_the_file_says_what_the_card_says(exported: ModelFile, header: WeightsHeader) -> None:
    assert exported.card == _card(header)
    assert ModelFile.read(exported.path) == exported


def test_nothing_but_the_file_is_left(exported: ModelFile) -> None:
    assert [path.name for path in exported.path.parent.iterdir()] == ["small.onnx"]


@pytest.mark.parametrize("n_windows", [1, 2, 7])
def test_any_number_of_windows_gives_what_pytorch_gives(
    n_windows: int, exported: ModelFile, network: GenreNetwork, header: WeightsHeader
) -> None:
    sr, n = header.features.sr, exported.card.window_samples
    rng = np.random.default_rng(n_windows)
    t = np.arange(n) / sr
    chirps = [np.sin(2 * np.pi * (100 + 300 * i) * t * (1 + t)) for i in range(n_windows)]
    waveform = (0.3 * np.array(chirps) + 0.01 * rng.standard_normal((n_windows, n))).astype(np.float32)
    session = onnxruntime.InferenceSession(exported.path)
    probabilities, embedding = session.run(["probabilities", "embedding"], {"waveform": waveform})
    with torch.inference_mode():
        features = network.forward_features(FrontEnd(header.features)(torch.from_numpy(waveform)))
        expected = torch.softmax(network.forward_head(features) / TEMPERATURE, dim=1)
    np.testing.assert_allclose(probabilities, expected, atol=2e-4)
    np.testing.assert_allclose(embedding, features, rtol=1e-2, atol=1e-3)
    assert embedding.shape == (n_windows, network.embedding_size)


def test_the_classifier_takes_it(exported: ModelFile, header: WeightsHeader) -> None:
    rng = np.random.default_rng(0)
    result = genrekit.load(exported.path).classify(0.1 * rng.standard_normal(44100 * 7), sr=44100)
    assert set(result.probabilities) == set(header.genres)
    assert result.duration_s == pytest.approx(7.0, abs=0.01)


def test_it_names_no_place_of_the_machine_that_made_it(exported: ModelFile) -> None:
    data = exported.path.read_bytes()
    assert str(Path(module.__file__).parents[2]).encode() not in data
    assert str(Path(torch.__file__).parents[1]).encode() not in data
    assert onnx.load(exported.path).producer_name == "genrekit"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"genres": ("x", "y", "z")}, "genres"),
        ({"sr": 16000}, "sr is 16000; the weights were trained with 22050"),
        ({"window_s": 4.0}, "window_s"),
    ],
)
def test_a_card_of_other_weights_is_refused(
    changes: dict[str, object], said: str, network: GenreNetwork, header: WeightsHeader, tmp_path: Path
) -> None:
    with pytest.raises(RecipeError, match=said):
        export_onnx(network, header, card=_card(header, **changes), path=tmp_path / "x.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_too_large_is_refused(network: GenreNetwork, header: WeightsHeader, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="at most 1,000 were expected"):
        export_onnx(network, header, card=_card(header), path=tmp_path / "x.onnx", max_bytes=1000)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_differs_from_the_network_is_not_kept(
    network: GenreNetwork, header: WeightsHeader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Wrong(FrontEnd):
        def forward(self, waveform: torch.Tensor) -> torch.Tensor:
            return super().forward(waveform).flip(1)

    monkeypatch.setattr(module, "FrontEnd", Wrong)
    with pytest.raises(ModelFileError, match="differs from the network"):
        export_onnx(network, header, card=_card(header), path=tmp_path / "x.onnx")
    assert list(tmp_path.iterdir()) == []
