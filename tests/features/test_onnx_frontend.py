from __future__ import annotations

import dataclasses
import logging
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

import onnxruntime  # noqa: E402

from features.signals import COMPUTED, music_like  # noqa: E402
from genrekit.errors import AudioError, RecipeError  # noqa: E402
from genrekit.features import (  # noqa: E402
    ARCHIVE_LOG_MEL,
    ARCHIVE_LOG_MEL_9_KHZ,
    FEATURES,
    MEL_B,
    MEL_B_RENDERED,
    POWER_SPECTROGRAM_A,
    WAVEFORM,
    ExportableFrontEnd,
    FeatureSpec,
    compute,
)

WINDOW_S = 2.0


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def run_exported(spec: FeatureSpec, waveforms: np.ndarray, path: Path) -> np.ndarray:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    torch.onnx.export(
        ExportableFrontEnd(spec, waveforms.shape[1]).eval(),
        (torch.from_numpy(waveforms[:2]),),
        path,
        dynamo=True,
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        input_names=["waveform"],
        external_data=False,
        verbose=False,
    )
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"waveform": waveforms})[0])


@pytest.mark.parametrize(
    "spec",
    [
        POWER_SPECTROGRAM_A,
        FEATURES["magnitude_spectrogram_a"],
        MEL_B,
        MEL_B_RENDERED,
        ARCHIVE_LOG_MEL,
        ARCHIVE_LOG_MEL_9_KHZ,
        WAVEFORM,
    ],
    ids=["power", "magnitude", "mel_b", "mel_b_rendered", "archive_log_mel", "archive_log_mel_9_khz", "waveform"],
)
def test_exported_equals_numpy(spec: FeatureSpec, tmp_path: Path) -> None:
    waveforms = np.stack([10.0**-seed * music_like(spec.sr, WINDOW_S, seed=seed) for seed in range(4)])
    ours = run_exported(spec, waveforms, tmp_path / "front_end.onnx")
    assert (tmp_path / "front_end.onnx").stat().st_size < 1_000_000
    for one, y in zip(ours, waveforms, strict=True):
        expected = compute(spec, y)
        assert one.shape == expected.shape
        assert np.abs(one - expected).max() < 1e-4 * np.abs(expected).max()
        if spec.scale == "db" and spec.kind == "log_mel":
            assert np.abs(one - expected).max() < 0.01


@pytest.mark.parametrize("spec", COMPUTED.values(), ids=COMPUTED.keys())
def test_equals_numpy_before_export(spec: FeatureSpec) -> None:
    y = music_like(spec.sr, WINDOW_S)
    ours = ExportableFrontEnd(spec, y.size)(torch.from_numpy(y)[None])[0].numpy()
    expected = compute(spec, y)
    # Cells without a floor lie at float32's rounding noise in quiet bins: decibels there agree to a tenth.
    tolerance = 0.1 if spec.scale == "db" and spec.top_db is None else 1e-4 * float(np.abs(expected).max())
    assert np.abs(ours - expected).max() < tolerance


@pytest.mark.parametrize("n_fft", [16, 32, 256, 4096])
@pytest.mark.parametrize("hop_length", [5, 8, 100])
def test_any_power_of_two_and_any_hop(n_fft: int, hop_length: int) -> None:
    spec = dataclasses.replace(POWER_SPECTROGRAM_A, n_fft=n_fft, win_length=n_fft, hop_length=hop_length)
    y = music_like(8000, 0.5)
    ours = ExportableFrontEnd(spec, y.size)(torch.from_numpy(y)[None])[0].numpy()
    expected = compute(spec, y)
    assert np.abs(ours - expected).max() < 1e-5 * expected.max()


def test_silence_is_zero_decibels_as_in_numpy() -> None:
    front_end = ExportableFrontEnd(ARCHIVE_LOG_MEL, 22_050)
    assert not front_end(torch.zeros(1, 22_050)).any()
    assert not compute(ARCHIVE_LOG_MEL, np.zeros(22_050)).any()


def test_refuses_what_it_cannot_export() -> None:
    with pytest.raises(RecipeError, match="power of two"):
        ExportableFrontEnd(dataclasses.replace(POWER_SPECTROGRAM_A, n_fft=1200, win_length=1024), 22_050)
    with pytest.raises(RecipeError, match="more than n_fft / 2 = 512"):
        ExportableFrontEnd(POWER_SPECTROGRAM_A, 512)


def test_refuses_another_window_length() -> None:
    with pytest.raises(AudioError, match=r"\[any, 22050\]"):
        ExportableFrontEnd(ARCHIVE_LOG_MEL, 22_050)(torch.zeros(1, 22_051))
