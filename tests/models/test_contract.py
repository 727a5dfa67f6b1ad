"""What every registered network must do, in every variant."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch._subclasses import FakeTensorMode  # noqa: E402

from genrekit.errors import RecipeError  # noqa: E402
from genrekit.features import (  # noqa: E402
    ARCHIVE_LOG_MEL,
    GTZAN_TABLE_10S,
    HANDCRAFTED,
    MEL_B,
    MEL_B_RENDERED,
    POWER_SPECTROGRAM_A,
    WAVEFORM,
    FeatureSpec,
)
from genrekit.models import MODELS, GenreNetwork, ModelSpec, create_model, network_class  # noqa: E402
from genrekit.models.layers.pooling import POOLINGS  # noqa: E402
from genrekit.models.weights import WeightsHeader, load_weights, save_weights  # noqa: E402

N_CLASSES = 10

# name -> (options, front end, window in seconds) of each variant; a network that is not here is tested as by default.
ARCHIVE_10_S = (ARCHIVE_LOG_MEL, 10.0)
# Networks of one column of numbers, which no size is too small for.
NO_POOLING = {"mlp"}
VARIANTS: dict[str, list[tuple[dict[str, Any], FeatureSpec, float]]] = {
    "se_cnn": [
        ({}, ARCHIVE_LOG_MEL, 3.0),
        ({}, POWER_SPECTROGRAM_A, 3.0),
        ({"pooling": "gap"}, POWER_SPECTROGRAM_A, 3.0),
        ({"pooling": "gap", "reduction": 2, "dropout": 0.0}, ARCHIVE_LOG_MEL, 5.0),
    ],
    "mlp": [
        ({}, HANDCRAFTED, 30.0),
        ({}, GTZAN_TABLE_10S, 10.0),
        ({"units": 8, "second_units": 4, "dropout": 0.0}, HANDCRAFTED, 3.0),
    ],
    "res_cnn": [
        ({}, *ARCHIVE_10_S),
        *(({"width": 4, "pooling": name}, ARCHIVE_LOG_MEL, 3.0) for name in POOLINGS),
        ({"width": 4, "squeeze_reduction": 4, "frequency_aware": True}, ARCHIVE_LOG_MEL, 5.0),
        ({"width": 4, "excerpt_norm": "excerpt"}, ARCHIVE_LOG_MEL, 3.0),
        ({"width": 4, "excerpt_norm": "band", "skipped_share": 0.2}, ARCHIVE_LOG_MEL, 3.0),
    ],
    "ensemble": [
        ({"members": [{"name": "res_cnn", "options": {"width": 4}}, {"name": "texture_mlp"}]}, *ARCHIVE_10_S),
        ({"members": [{"name": "res_cnn", "options": {"width": width}} for width in (4, 8, 4)]}, ARCHIVE_LOG_MEL, 3.0),
    ],
    "bbnn": [({}, *ARCHIVE_10_S), ({"width": 4, "dropout": 0.5}, ARCHIVE_LOG_MEL, 3.0)],
    "texture_mlp": [
        ({"spectrum_regions": 3, "bound": 3}, *ARCHIVE_10_S),
        ({"units": 16, "dropout": 0.0}, ARCHIVE_LOG_MEL, 3.0),
    ],
    "resnet": [({}, ARCHIVE_LOG_MEL, 3.0), ({}, POWER_SPECTROGRAM_A, 3.0), ({"depth": 34}, ARCHIVE_LOG_MEL, 3.0)],
    "cnn_lstm": [
        ({}, ARCHIVE_LOG_MEL, 3.0),
        ({}, POWER_SPECTROGRAM_A, 3.0),
        ({"n_directions": 2, "hidden": 64}, ARCHIVE_LOG_MEL, 10.0),
    ],
    "transformer": [({}, *ARCHIVE_10_S), ({"pooling": "token"}, ARCHIVE_LOG_MEL, 3.0), ({"depth": 2}, MEL_B, 5.0)],
    "sincnet": [({}, WAVEFORM, 3.0), ({"n_filters": 40, "filter_length": 101, "width": 64}, WAVEFORM, 1.0)],
    "rglu": [
        ({}, ARCHIVE_LOG_MEL, 5.0),
        ({}, MEL_B, 5.0),
        ({}, MEL_B_RENDERED, 5.0),
        ({"encoder": "transformer_over_channels"}, MEL_B_RENDERED, 5.0),
        ({"encoder": "lstm"}, ARCHIVE_LOG_MEL, 5.0),
        ({"encoder": "lstm"}, MEL_B_RENDERED, 5.0),
        ({"encoder": "bilstm"}, ARCHIVE_LOG_MEL, 5.0),
        ({"encoder": "gru"}, ARCHIVE_LOG_MEL, 5.0),
        ({"encoder": "bigru"}, ARCHIVE_LOG_MEL, 5.0),
    ],
}


def variants() -> list[Any]:
    cases = []
    for name in MODELS:
        for options, features, window_s in VARIANTS.get(name, [({}, *ARCHIVE_10_S)]):
            n_columns = features.n_columns(round(window_s * features.sr))
            spec = ModelSpec(name, N_CLASSES, features.n_bins, n_columns, options)
            label = "-".join([name, *(str(value) for value in options.values()), f"{features.n_bins}x{n_columns}"])
            cases.append(pytest.param(spec, features, window_s, id=label))
    return cases


def exports() -> list[Any]:
    """Each network as it is by default and, slowly, in all its variants: an export takes seconds."""
    seen: set[str] = set()
    cases = []
    for case in variants():
        first = case.values[0].name not in seen
        seen.add(case.values[0].name)
        marks = () if first else pytest.mark.slow
        cases.append(pytest.param(*case.values, id=case.id, marks=marks))
    return cases


@pytest.fixture(autouse=True)
def quiet_and_repeatable() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)


def some_features(spec: ModelSpec, batch: int = 2) -> torch.Tensor:
    return torch.randn(batch, spec.n_bins, spec.n_columns or 64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("spec", "features", "window_s"), variants())
class TestContract:
    def test_shapes_and_parts(self, spec: ModelSpec, features: FeatureSpec, window_s: float) -> None:
        network = create_model(spec).eval()
        x = some_features(spec)
        with torch.no_grad():
            embedding = network.forward_features(x)
            logits = network(x)
        assert isinstance(network, GenreNetwork)
        assert network.spec == spec
        assert embedding.shape == (2, network.embedding_size)
        assert logits.shape == (2, N_CLASSES)
        assert torch.equal(logits, network.forward_head(embedding))

    def test_evaluation_is_repeatable_and_items_do_not_see_each_other(
        self, spec: ModelSpec, features: FeatureSpec, window_s: float
    ) -> None:
        network = create_model(spec).eval()
        x = some_features(spec)
        with torch.no_grad():
            logits = network(x)
            assert torch.equal(network(x), logits)
            torch.testing.assert_close(network(x[1:]), logits[1:], rtol=1e-4, atol=1e-5)

    def test_same_seed_same_network(self, spec: ModelSpec, features: FeatureSpec, window_s: float) -> None:
        networks = []
        for _ in range(2):
            torch.manual_seed(7)
            networks.append(create_model(spec).state_dict())
        assert all(torch.equal(networks[0][name], networks[1][name]) for name in networks[0])

    def test_saved_and_loaded_gives_the_same_logits(
        self, spec: ModelSpec, features: FeatureSpec, window_s: float, tmp_path: Path
    ) -> None:
        network = create_model(spec)
        network.train()(some_features(spec))  # moves the running statistics, which must be stored too
        network.eval()
        header = WeightsHeader(tuple(f"genre {index}" for index in range(N_CLASSES)), spec, features, window_s)
        save_weights(tmp_path / "weights.safetensors", network, header)
        again, header_again = load_weights(tmp_path / "weights.safetensors")
        assert header_again == header
        assert not again.training
        with torch.no_grad():
            assert torch.equal(again(some_features(spec)), network(some_features(spec)))

    @pytest.mark.parametrize("autocast", [False, True], ids=["float32", "bfloat16"])
    def test_gradients_reach_all_parameters(
        self, spec: ModelSpec, features: FeatureSpec, window_s: float, autocast: bool
    ) -> None:
        network = create_model(spec).train()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
            logits = network(some_features(spec, batch=3))
        torch.nn.functional.cross_entropy(logits.float(), torch.tensor([0, 1, 2])).backward()
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
            assert torch.isfinite(parameter.grad).all(), name
            assert parameter.grad.abs().max() > 0, name

    def test_looks_at_features_that_are_on_another_device(
        self, spec: ModelSpec, features: FeatureSpec, window_s: float
    ) -> None:
        # A tensor that is there in all but its numbers knows its device, and that two must not meet.
        network, n_columns = create_model(spec), spec.n_columns or 64
        with FakeTensorMode(allow_non_fake_inputs=True):
            network.fit_input([torch.empty(4, spec.n_bins, n_columns, device="cuda")])

    def test_wrong_shapes_are_refused(self, spec: ModelSpec, features: FeatureSpec, window_s: float) -> None:
        network = create_model(spec).eval()
        expected = rf"\[any, {spec.n_bins}, {spec.n_columns}\]"
        for shape in ((2, spec.n_bins + 1, spec.n_columns), (2, spec.n_bins, spec.n_columns - 1), (2, spec.n_bins)):
            with pytest.raises(RecipeError, match=expected):
                network(torch.zeros(shape))


@pytest.mark.parametrize(("spec", "features", "window_s"), exports())
def test_exported_to_onnx_agrees(spec: ModelSpec, features: FeatureSpec, window_s: float, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    network = create_model(spec).eval()
    torch.onnx.export(
        network,
        (some_features(spec),),
        tmp_path / "network.onnx",
        dynamo=True,
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        input_names=["features"],
        external_data=False,
        verbose=False,
    )
    session = onnxruntime.InferenceSession(tmp_path / "network.onnx", providers=["CPUExecutionProvider"])
    x = some_features(spec, batch=3)
    with torch.no_grad():
        expected = network(x).numpy()
    np.testing.assert_allclose(session.run(None, {"features": x.numpy()})[0], expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", sorted(set(MODELS) - NO_POOLING))
def test_too_small_inputs_are_refused_with_the_numbers(name: str) -> None:
    ((_, features, _), *_) = VARIANTS.get(name, [({}, *ARCHIVE_10_S)])
    least = network_class(name).min_columns
    # An ensemble needs what its members need.
    least = network_class("res_cnn").min_columns if name == "ensemble" else least
    assert least >= 16
    with pytest.raises(RecipeError, match=f"{least - 1} columns; expected at least {least}.*longer window"):
        create_model(ModelSpec(name, N_CLASSES, features.n_bins, least - 1))


@pytest.mark.parametrize("name", MODELS)
def test_unknown_options_are_refused(name: str) -> None:
    wrong: dict[str, Any] = {"dropuot": 0.1}
    members = [{"name": "res_cnn"}, {"name": "texture_mlp", "options": wrong}]
    spec = ModelSpec(name, N_CLASSES, 128, 64, {"members": members} if name == "ensemble" else wrong)
    model = "texture_mlp" if name == "ensemble" else name
    with pytest.raises(RecipeError, match=rf"options of model '{model}': unknown key 'dropuot' .*mean 'dropout'"):
        create_model(spec)
