from __future__ import annotations

import dataclasses

import librosa
import numpy as np
import pytest

from features.signals import COMPUTED, music_like
from genrekit.errors import AudioError
from genrekit.features import (
    ARCHIVE_LOG_MEL,
    ARCHIVE_LOG_MEL_9_KHZ,
    FEATURES,
    MEL_B,
    MEL_B_RENDERED,
    POWER_SPECTROGRAM_A,
    FeatureSpec,
    compute,
)
from genrekit.features.numpy_frontend import grid_power, hann_window


def relative_difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def librosa_log_mel(y: np.ndarray, spec: FeatureSpec) -> np.ndarray:
    mel = librosa.feature.melspectrogram(
        y=y, sr=spec.sr, n_fft=spec.n_fft, hop_length=spec.hop_length, n_mels=spec.n_mels or 0
    )
    return np.asarray(librosa.power_to_db(mel, ref=np.max, top_db=80.0))


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_spectrogram_equals_librosa(power: float) -> None:
    spec = dataclasses.replace(POWER_SPECTROGRAM_A, power=power)
    y = music_like(spec.sr, 3.0)
    theirs = np.abs(librosa.stft(y, n_fft=1024, hop_length=512, pad_mode="reflect")) ** power
    ours = compute(spec, y)
    assert ours.dtype == np.float32
    assert ours.shape == (513, 130)
    assert relative_difference(ours, theirs) < 1e-5


@pytest.mark.filterwarnings("ignore:Empty filters")
def test_mel_b_equals_librosa() -> None:
    y = music_like(MEL_B.sr, 5.0)
    np.testing.assert_allclose(compute(MEL_B, y), librosa_log_mel(y, MEL_B), atol=0.01)


def test_archive_equals_every_third_frame_or_so_of_librosa() -> None:
    y = music_like(ARCHIVE_LOG_MEL.sr, 10.0)
    # librosa's decibels before the archive's choice of frames refer to the greatest cell of all frames.
    mel = librosa.feature.melspectrogram(y=y, sr=22_050)[:, ARCHIVE_LOG_MEL.frame_index(y.size)]
    theirs = librosa.power_to_db(mel, ref=np.max, top_db=80.0)
    np.testing.assert_allclose(compute(ARCHIVE_LOG_MEL, y), theirs, atol=0.01)


def test_keeping_all_frames_is_the_whole_grid_and_a_choice_is_a_part_of_it() -> None:
    y = music_like(22_050, 7.3)
    whole = grid_power(dataclasses.replace(ARCHIVE_LOG_MEL, keep_frames=1, of_frames=1), y)
    assert whole.shape == (128, ARCHIVE_LOG_MEL.n_frames(y.size))
    for n_columns in (None, 50, 387):
        index = ARCHIVE_LOG_MEL.frame_index(y.size, n_columns)
        np.testing.assert_allclose(grid_power(ARCHIVE_LOG_MEL, y, n_columns=n_columns), whole[:, index], rtol=1e-5)


@pytest.mark.parametrize("spec", COMPUTED.values(), ids=COMPUTED.keys())
@pytest.mark.parametrize("n_samples", [1, 2, 300, 1025, 5000])
def test_any_length_from_one_sample_on(spec: FeatureSpec, n_samples: int) -> None:
    features = compute(spec, np.linspace(-0.5, 0.5, n_samples, dtype=np.float32))
    assert features.shape == (spec.n_bins, spec.n_columns(n_samples))
    assert np.isfinite(features).all()


@pytest.mark.parametrize("spec", COMPUTED.values(), ids=COMPUTED.keys())
def test_silence_is_finite(spec: FeatureSpec) -> None:
    assert np.isfinite(compute(spec, np.zeros(spec.sr))).all()


def test_decibels_are_unchanged_by_gain_and_lie_between_the_floor_and_zero() -> None:
    y = music_like(22_050, 3.0)
    features = compute(ARCHIVE_LOG_MEL, y)
    assert features.max() == 0.0
    assert features.min() >= -80.0
    np.testing.assert_allclose(compute(ARCHIVE_LOG_MEL, 0.25 * y), features, atol=1e-3)


def test_standardised_has_zero_mean_and_unit_deviation() -> None:
    features = compute(FEATURES["standardised_spectrogram_a"], music_like(22_050, 3.0))
    assert features.mean(dtype=np.float64) == pytest.approx(0.0, abs=1e-5)
    assert features.std(dtype=np.float64) == pytest.approx(1.0, abs=1e-5)


def test_rendering_draws_the_grid_low_frequencies_at_the_bottom() -> None:
    # A low tone that starts half-way: bright only in the bottom right of the picture.
    t = np.arange(5 * 16_000) / 16_000
    y = np.where(t >= 2.5, np.sin(2 * np.pi * 200.0 * t), 0.0)
    picture = compute(MEL_B_RENDERED, y)
    assert picture.shape == (217, 334)
    assert picture.min() >= 0.0
    assert picture.max() == 1.0
    assert picture[:, 200:].mean(axis=1).argmax() > 200
    assert picture[210, 200:].mean() > picture[210, :130].mean() + 0.3
    grid = compute(MEL_B, y)
    # Pixel centre (216.5 / 217 from the top, 100.5 / 334 from the left) lies in mel 0 and column 94.
    assert picture[216, 100] == pytest.approx(1.0 + grid[0, 94] / 80.0)


def test_window_is_periodic_and_centred() -> None:
    spec = dataclasses.replace(POWER_SPECTROGRAM_A, win_length=512)
    np.testing.assert_allclose(hann_window(spec)[256:768], librosa.filters.get_window("hann", 512), atol=1e-7)
    assert not hann_window(spec)[:256].any()
    y = music_like(22_050, 1.0)
    theirs = np.abs(librosa.stft(y, n_fft=1024, win_length=512, hop_length=512, pad_mode="reflect")) ** 2
    assert relative_difference(compute(spec, y), theirs) < 1e-5


def test_uncentred_frames() -> None:
    spec = dataclasses.replace(POWER_SPECTROGRAM_A, center=False)
    y = music_like(22_050, 1.0)
    theirs = np.abs(librosa.stft(y, n_fft=1024, hop_length=512, center=False)) ** 2
    assert relative_difference(compute(spec, y), theirs) < 1e-5
    with pytest.raises(AudioError, match="1023 samples; expected at least 1024"):
        compute(spec, y[:1023])


@pytest.mark.parametrize("shape", [(0,), (2, 100), ()])
def test_refuses_what_is_not_a_mono_waveform(shape: tuple[int, ...]) -> None:
    with pytest.raises(AudioError, match="waveform has"):
        compute(ARCHIVE_LOG_MEL, np.zeros(shape))


def test_kept_mels_are_the_lowest_of_all_in_decibels_of_all() -> None:
    # The loudest cell lies above what is kept: 0 dB is still that cell.
    time_s = np.arange(3 * ARCHIVE_LOG_MEL.sr) / ARCHIVE_LOG_MEL.sr
    y = (0.5 * np.sin(2 * np.pi * 10_000 * time_s) + 0.01 * music_like(ARCHIVE_LOG_MEL.sr, 3.0)).astype(np.float32)
    kept, whole = compute(ARCHIVE_LOG_MEL_9_KHZ, y), compute(ARCHIVE_LOG_MEL, y)
    assert kept.shape == (120, 39) and whole.max() == 0
    np.testing.assert_array_equal(kept, whole[:120])
    assert kept.max() < -20
