from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrekit.errors import RecipeError
from genrekit.features import (
    ARCHIVE_LOG_MEL,
    ARCHIVE_LOG_MEL_9_KHZ,
    FEATURES,
    MEL_B,
    MEL_B_RENDERED,
    POWER_SPECTROGRAM_A,
    WAVEFORM,
    FeatureSpec,
    named_features,
)


@pytest.mark.parametrize(
    ("spec", "duration_s", "shape"),
    [
        (POWER_SPECTROGRAM_A, 3, (513, 130)),  # 1 + 66150 // 512
        (MEL_B, 5, (128, 313)),  # 1 + 80000 // 256
        (MEL_B_RENDERED, 5, (217, 334)),
        (ARCHIVE_LOG_MEL, 3, (128, 39)),  # 66150 * 129 / (512 * 431) = 38.67
        (ARCHIVE_LOG_MEL, 5, (128, 64)),  # 64.45
        (ARCHIVE_LOG_MEL, 10, (128, 129)),  # 128.9
        (ARCHIVE_LOG_MEL, 30, (128, 387)),  # 386.7
        (ARCHIVE_LOG_MEL_9_KHZ, 10, (120, 129)),
        (WAVEFORM, 3, (1, 66_150)),
    ],
)
def test_published_shapes(spec: FeatureSpec, duration_s: int, shape: tuple[int, int]) -> None:
    assert (spec.n_bins, spec.n_columns(duration_s * spec.sr)) == shape


@pytest.mark.parametrize("spec", FEATURES.values(), ids=FEATURES.keys())
def test_survives_json(spec: FeatureSpec) -> None:
    text = json.dumps(spec.to_dict(), sort_keys=True)
    again = FeatureSpec.from_dict(json.loads(text))
    assert again == spec
    assert json.dumps(again.to_dict(), sort_keys=True) == text


def test_whole_numbers_for_real_ones_make_an_equal_spec() -> None:
    values = POWER_SPECTROGRAM_A.to_dict() | {"power": 2, "top_db": 80}
    assert FeatureSpec.from_dict(values) == POWER_SPECTROGRAM_A
    assert isinstance(FeatureSpec.from_dict(values).power, float)


@given(n_samples=st.integers(1, 3_000_000))
def test_kept_frames_are_in_range_rising_and_evenly_spread(n_samples: int) -> None:
    index = ARCHIVE_LOG_MEL.frame_index(n_samples)
    n_frames = ARCHIVE_LOG_MEL.n_frames(n_samples)
    assert index.size == ARCHIVE_LOG_MEL.n_columns(n_samples) >= 1
    assert index[0] >= 0
    assert index[-1] < n_frames
    if index.size > 1:
        steps = np.diff(index)
        assert steps.min() >= 1
        assert steps.max() - steps.min() <= 1


def test_archive_rule_on_a_tie() -> None:
    # 1302 frames / 387.5 = 3.36: column 12 ends at 12.5 * 3.36 = 42 exactly, which belongs to frame 41.
    assert ARCHIVE_LOG_MEL.frame_index(1301 * 512, 387)[12] == 41


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sr": 0}, "sr is 0"),
        ({"n_fft": 1023}, "even number"),
        ({"win_length": 2048}, "1 to n_fft = 1024"),
        ({"hop_length": 0}, "hop_length is 0"),
        ({"power": 3.0}, "power is 3.0"),
        ({"n_mels": 40}, "expects none"),
        ({"kind": "log_mel"}, "expects at least 1"),
        ({"scale": "db", "power": 1.0}, "power 2.0"),
        ({"amin": 0.0}, "amin is 0.0"),
        ({"top_db": -3.0}, "top_db is -3.0"),
        ({"keep_frames": 3, "of_frames": 2}, "keep_frames <= of_frames"),
        ({"render_height": 3}, "expects none"),
        ({"kind": "mel"}, "kind is 'mel'; expected one of 'power_spectrogram', 'log_mel'"),
        ({"scale": "decibel"}, "scale is 'decibel'; expected one of 'linear', 'db'"),
        ({"normalise": "standardize"}, "normalise is 'standardize'; expected one of 'none', 'standardise'"),
        ({"keep_mels": 3}, "keep_mels is 3; kind 'power_spectrogram' expects none"),
        ({"kind": "log_mel", "n_mels": 8, "keep_mels": 9}, "expects 1 to n_mels = 8, or none"),
        ({"kind": "log_mel_rendered", "n_mels": 8, "render_height": 3, "render_width": 3}, "draws decibels"),
    ],
)
def test_refuses_what_does_not_fit(change: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        dataclasses.replace(POWER_SPECTROGRAM_A, **change)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_fft": 2, "win_length": 2}, "'waveform' expects 1, 1, 1, false"),
        ({"hop_length": 2}, "'waveform' expects 1, 1, 1, false"),
        ({"center": True}, "'waveform' expects 1, 1, 1, false"),
        ({"power": 2.0}, "expects power 1.0"),
        ({"of_frames": 2}, "all frames"),
        ({"scale": "db"}, "decibels are taken from power"),
        ({"n_mels": 8}, "expects none"),
    ],
)
def test_a_waveform_has_no_transform(change: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        dataclasses.replace(WAVEFORM, **change)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hop_lenght": 512}, "did you mean 'hop_length'"),
        ({"sr": "22050"}, "sr is '22050'; expected a whole number"),
        ({"center": 1}, "center is 1; expected true or false"),
        ({"pad_mode": "edge"}, "expected one of 'reflect', 'constant'"),
        ({"n_mels": 12.5}, "expected a whole number or none"),
    ],
)
def test_reads_strictly(change: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        FeatureSpec.from_dict(POWER_SPECTROGRAM_A.to_dict() | change)


def test_names_what_is_missing() -> None:
    with pytest.raises(RecipeError, match="missing n_fft, win_length, hop_length"):
        FeatureSpec.from_dict({"kind": "log_mel", "sr": 22050})


def test_unknown_name_suggests_the_nearest() -> None:
    assert named_features("mel_b") is MEL_B
    with pytest.raises(RecipeError, match="did you mean 'archive_log_mel'"):
        named_features("archive_logmel")
