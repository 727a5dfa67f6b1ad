"""The 57 features against librosa's functions, called one by one, and against the public GTZAN table."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("librosa")

from genrekit.errors import AudioError, RecipeError
from genrekit.features import (
    GTZAN_TABLE_10S,
    HANDCRAFTED,
    HANDCRAFTED_NAMES,
    ExportableFrontEnd,
    FeatureSpec,
    FrontEnd,
    HandcraftedFeatures,
    compute,
    compute_handcrafted,
)
from genrekit.features.handcrafted import MIN_SAMPLES, SR


def music(duration_s: float = 6.0, seed: int = 0) -> np.ndarray:
    """Chords that change, and a noise burst each half second: something harmonic, percussive and with a tempo."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(duration_s * SR)) / SR
    y = np.zeros_like(t)
    for start, root in enumerate((220.0, 261.6, 196.0, 293.7) * 4):
        chord = sum(np.sin(2 * np.pi * root * ratio * t) / ratio for ratio in (1, 1.25, 1.5, 2, 3))
        y += 0.1 * chord * ((t >= 1.5 * start) & (t < 1.5 * (start + 1)))
    y += 0.3 * rng.standard_normal(len(t)) * np.exp(-40 * (t % 0.5))
    return y.astype(np.float32)


def librosa_one_by_one(y: np.ndarray) -> dict[str, float]:
    """The public table's recipe with today's librosa: each function by itself, with what has changed set back."""
    import librosa

    era = {"pad_mode": "reflect"}
    n_whole = 512 * (len(y) // 512)
    harmonic, percussive = (np.pad(part[:n_whole], (0, len(y) - n_whole)) for part in librosa.effects.hpss(y, **era))
    described = {
        "chroma_stft": librosa.feature.chroma_stft(y=y, sr=SR, **era),
        "rms": librosa.feature.rms(y=y, **era),
        "spectral_centroid": librosa.feature.spectral_centroid(y=y, sr=SR, **era),
        "spectral_bandwidth": librosa.feature.spectral_bandwidth(y=y, sr=SR, **era),
        "rolloff": librosa.feature.spectral_rolloff(y=y, sr=SR, **era),
        "zero_crossing_rate": librosa.feature.zero_crossing_rate(y),
        "harmony": harmonic,
        "perceptr": percussive,
    }
    for k, row in enumerate(librosa.feature.mfcc(y=y, sr=SR, n_mfcc=20, **era), start=1):
        described[f"mfcc{k}"] = row
    values = {f"{name}_mean": float(np.mean(x, dtype=np.float64)) for name, x in described.items()}
    values |= {f"{name}_var": float(np.var(x, dtype=np.float64)) for name, x in described.items()}
    envelope = librosa.onset.onset_strength(y=y, sr=SR, aggregate=np.median, **era)
    return values | {"tempo": float(librosa.feature.tempo(onset_envelope=envelope, sr=SR)[0])}


def assert_same(found: HandcraftedFeatures, expected: dict[str, float], *, rtol: float, atol: float) -> None:
    values = found.as_dict()
    assert set(values) == set(expected)
    for name, value in values.items():
        assert value == pytest.approx(expected[name], rel=rtol, abs=atol), name


@pytest.mark.parametrize("duration_s", [0.1, 3.0, 6.01])
def test_same_values_as_librosa_s_functions_one_by_one(duration_s: float) -> None:
    y = music(duration_s)
    assert_same(compute_handcrafted(y), librosa_one_by_one(y), rtol=1e-4, atol=1e-7)


def test_golden_values() -> None:
    values = compute_handcrafted(music()).as_dict()
    golden = {
        "chroma_stft_mean": 0.3098564,
        "rms_mean": 0.1193069,
        "spectral_centroid_mean": 1526.365,
        "spectral_bandwidth_var": 1969275,
        "rolloff_mean": 2878.299,
        "zero_crossing_rate_mean": 0.07327047,
        "harmony_var": 0.01195149,
        "perceptr_var": 0.002250299,
        "tempo": 117.4538,
        "mfcc1_mean": -394.0177,
        "mfcc20_var": 107.8249,
    }
    for name, value in golden.items():
        assert values[name] == pytest.approx(value, rel=1e-4), name


def test_the_public_table_s_rows_of_the_lossless_tracks(gtzan_root: Path) -> None:
    import soundfile

    with (gtzan_root / "features_30_sec.csv").open(newline="") as file:
        rows = {row["filename"].removesuffix(".wav"): row for row in csv.DictReader(file)}
    paths = sorted((gtzan_root / "lossless").glob("*.flac"))
    assert len(paths) == 14
    for path in paths:
        y, sr = soundfile.read(path, dtype="float32")
        found = compute_handcrafted(y, sr=sr)
        expected = {name: float(rows[path.stem][name]) for name in HANDCRAFTED_NAMES}
        assert_same(found, expected, rtol=1e-3, atol=1e-9)
        assert found.as_dict()["tempo"] == expected["tempo"]


def test_names_are_those_of_the_public_table_in_its_order(gtzan_root: Path) -> None:
    with (gtzan_root / "features_30_sec.csv").open(newline="") as file:
        assert tuple(next(csv.reader(file))[2:-1]) == HANDCRAFTED_NAMES


def test_silence_has_finite_values() -> None:
    values = compute_handcrafted(np.zeros(SR, np.float32)).as_dict()
    assert np.isfinite(list(values.values())).all()
    assert values["rms_mean"] == values["spectral_centroid_mean"] == values["rolloff_mean"] == 0.0


@pytest.mark.parametrize(
    ("y", "sr", "message"),
    [
        (np.zeros(MIN_SAMPLES - 1), SR, "at least 2048"),
        (np.zeros((2, SR)), SR, r"expected mono"),
        (np.zeros(SR), 44_100, "resample"),
        (np.full(SR, np.nan), SR, "not finite"),
    ],
)
def test_bad_waveforms_are_refused(y: np.ndarray, sr: int, message: str) -> None:
    with pytest.raises(AudioError, match=message):
        compute_handcrafted(y, sr=sr)


@pytest.mark.parametrize(("spec", "n_bins"), [(HANDCRAFTED, 57), (GTZAN_TABLE_10S, 63)])
def test_a_table_s_front_end_is_one_column_whatever_the_length(spec: FeatureSpec, n_bins: int) -> None:
    assert spec.column_names is not None
    assert (spec.n_bins, spec.n_columns(3 * SR), spec.n_columns(30 * SR)) == (n_bins, 1, 1)
    assert FeatureSpec.from_dict(spec.to_dict()) == spec


def test_the_front_end_computes_them_too() -> None:
    y = music(1.0)
    np.testing.assert_array_equal(
        compute(HANDCRAFTED, y)[:, 0], compute_handcrafted(y).values.astype(np.float32), strict=True
    )


def test_what_no_table_can_do_is_refused() -> None:
    pytest.importorskip("torch")
    with pytest.raises(RecipeError, match="63 numbers from a table; it cannot be computed from audio"):
        compute(GTZAN_TABLE_10S, music(1.0))
    with pytest.raises(RecipeError, match="cannot be computed in batches"):
        FrontEnd(HANDCRAFTED)
    with pytest.raises(RecipeError, match="cannot be exported: a model file takes a waveform"):
        ExportableFrontEnd(HANDCRAFTED, SR)
