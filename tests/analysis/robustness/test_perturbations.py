from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrekit.analysis.robustness.mp3_round_trip import mp3_round_trip
from genrekit.analysis.robustness.perturbations import (
    add_white_noise,
    apply_gain,
    band_pass,
    high_pass,
    low_pass,
    shift_pitch,
    start_later,
    stretch_time,
)
from genrekit.errors import AudioError

SR = 22_050


def tone(frequency_hz: float, duration_s: float = 4.0, amplitude: float = 0.4) -> np.ndarray:
    t = np.arange(round(duration_s * SR)) / SR
    return (amplitude * np.sin(2 * np.pi * frequency_hz * t)).astype(np.float32)


def gain_db(after: np.ndarray, before: np.ndarray) -> float:
    """Of the second half, past what a filter needs to settle."""
    half = len(before) // 2
    return float(10 * np.log10(np.mean(after[half:].astype(float) ** 2) / np.mean(before[half:].astype(float) ** 2)))


def pitch_hz(y: np.ndarray) -> float:
    """Frequency of the highest peak, by a parabola through its logarithm."""
    spectrum = np.log(np.abs(np.fft.rfft(y * np.hanning(len(y)), 4 * len(y))) + 1e-12)
    k = int(spectrum.argmax())
    a, b, c = spectrum[k - 1 : k + 2]
    return (k + 0.5 * (a - c) / (a - 2 * b + c)) * SR / (4 * len(y))


@pytest.mark.parametrize("cutoff_hz", [20.0, 30.0])
def test_high_pass_takes_infrasound_and_keeps_music(cutoff_hz: float) -> None:
    assert gain_db(high_pass(tone(10), SR, cutoff_hz=cutoff_hz), tone(10)) < -40
    assert gain_db(high_pass(tone(cutoff_hz), SR, cutoff_hz=cutoff_hz), tone(cutoff_hz)) == pytest.approx(
        -3.01, abs=0.1
    )
    assert abs(gain_db(high_pass(tone(100), SR, cutoff_hz=cutoff_hz), tone(100))) < 0.01


def test_low_pass_and_telephone_band() -> None:
    assert abs(gain_db(low_pass(tone(8000), SR, cutoff_hz=10_000), tone(8000))) < 0.1
    assert gain_db(low_pass(tone(10_800), SR, cutoff_hz=10_000), tone(10_800)) < -20
    for frequency_hz, least, most in ((100, -300, -60), (300, -3.1, -2.9), (1000, -0.05, 0.05), (8000, -300, -60)):
        assert least < gain_db(band_pass(tone(frequency_hz), SR), tone(frequency_hz)) < most


@pytest.mark.parametrize("decibels", [6.0, -6.0])
def test_gain_is_exact_and_does_not_clip(decibels: float) -> None:
    y = tone(440, amplitude=0.9)
    louder = apply_gain(y, gain_db=decibels)
    assert gain_db(louder, y) == pytest.approx(decibels, abs=1e-4)
    assert louder == pytest.approx(y * 10 ** (decibels / 20), abs=1e-6)
    assert bool(np.abs(louder).max() > 1.7) is (decibels > 0)


@settings(max_examples=20, deadline=None)
@given(st.floats(-10, 60), st.integers(0, 2**32 - 1), st.floats(1e-3, 1.0))
def test_the_ratio_to_noise_is_exact(snr_db: float, seed: int, amplitude: float) -> None:
    y = tone(440, 0.5, amplitude)
    noise = add_white_noise(y, snr_db=snr_db, generator=np.random.default_rng(seed)).astype(float) - y
    measured = 10 * np.log10(np.mean(y.astype(float) ** 2) / np.mean(noise**2))
    # float32 samples round the noise: at 60 dB below the signal that is all there is left to err.
    assert measured == pytest.approx(snr_db, abs=2e-3)


def test_noise_follows_its_generator_and_is_white() -> None:
    y = tone(440)
    one, two = (add_white_noise(y, snr_db=20, generator=np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(one, two)
    power = np.abs(np.fft.rfft(one - y)) ** 2
    halves = power[: len(power) // 2].mean() / power[len(power) // 2 :].mean()
    assert halves == pytest.approx(1, abs=0.05)
    silence = np.zeros(100, np.float32)
    assert np.array_equal(add_white_noise(silence, snr_db=20, generator=np.random.default_rng(5)), silence)


@pytest.mark.parametrize("tempo", [0.94, 1.06])
def test_stretching_changes_the_tempo_and_keeps_the_pitch(tempo: float) -> None:
    y = tone(440)
    stretched = stretch_time(y, SR, tempo=tempo)
    assert len(stretched) == round(len(y) / tempo)
    assert pitch_hz(stretched) == pytest.approx(440, rel=1e-3)
    # Nothing is missing at either end, and it is as loud as before.
    for piece in (stretched, stretched[: SR // 2], stretched[-SR // 2 :]):
        assert np.sqrt(np.mean(piece**2)) == pytest.approx(0.4 / np.sqrt(2), rel=0.05)


@pytest.mark.parametrize("tempo", [0.94, 1.06])
def test_stretching_moves_beats_as_the_tempo_says(tempo: float) -> None:
    rng = np.random.default_rng(0)
    y = np.zeros(6 * SR, np.float32)
    for beat in range(1, 6):
        y[beat * SR : beat * SR + 2000] = rng.standard_normal(2000) * np.exp(-np.arange(2000) / 400)
    stretched = np.abs(stretch_time(y, SR, tempo=tempo))
    for beat in range(1, 6):
        near = round(beat * SR / tempo)
        window = stretched[near - 3000 : near + 3000]
        onset = np.flatnonzero(window > 0.5)[0] - 3000
        # atempo lays pieces of some ten milliseconds where they fit best.
        assert abs(onset) < 0.06 * SR


@pytest.mark.parametrize("semitones", [-1.0, 1.0])
def test_pitch_is_shifted_and_the_length_kept(semitones: float) -> None:
    y = tone(440)
    shifted = shift_pitch(y, SR, semitones=semitones)
    assert len(shifted) == len(y)
    assert pitch_hz(shifted) == pytest.approx(440 * 2 ** (semitones / 12), rel=1e-3)


def test_a_later_start_leaves_out_what_was_before() -> None:
    y = tone(440)
    assert np.array_equal(start_later(y, SR, offset_s=0.5), y[11_025:])


@pytest.mark.parametrize("bitrate_kbps", [64, 128])
@pytest.mark.parametrize("n", [SR, SR + 1, 3 * SR - 7])
def test_an_mp3_keeps_every_sample_in_its_place(bitrate_kbps: int, n: int) -> None:
    rng = np.random.default_rng(0)
    # Noise of the low band: its correlation has one sharp peak, and any encoder keeps it.
    y = low_pass((0.1 * rng.standard_normal(n)).astype(np.float32), SR, cutoff_hz=4000)
    back = mp3_round_trip(y, SR, bitrate_kbps=bitrate_kbps)
    assert len(back) == n and back.dtype == np.float32
    correlation = np.fft.irfft(np.fft.rfft(back, 2 * n) * np.conj(np.fft.rfft(y, 2 * n)))
    assert int(correlation.argmax()) == 0
    assert abs(gain_db(back, y)) < 1.0
    assert np.mean((back - y) ** 2) < 0.1 * np.mean(y**2)
    assert not np.array_equal(back, y)


def test_fewer_bits_are_a_worse_copy() -> None:
    y = (0.1 * np.random.default_rng(0).standard_normal(2 * SR)).astype(np.float32)
    errors = [np.mean((mp3_round_trip(y, SR, bitrate_kbps=rate) - y) ** 2) for rate in (64, 128, 320)]
    assert errors[0] > errors[1] > errors[2]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda y: high_pass(y, SR, cutoff_hz=0.0),
        lambda y: low_pass(y, SR, cutoff_hz=SR / 2),
        lambda y: band_pass(y, SR, low_hz=400, high_hz=300),
        lambda y: stretch_time(y, SR, tempo=3.0),
        lambda y: shift_pitch(y, SR, semitones=13),
        lambda y: start_later(y, SR, offset_s=4.0),
        lambda y: start_later(y, SR, offset_s=-0.1),
        lambda y: mp3_round_trip(y, SR, bitrate_kbps=8),
        lambda y: mp3_round_trip(y[:0], SR, bitrate_kbps=64),
    ],
)
def test_what_cannot_be_done_is_refused(wrong) -> None:
    with pytest.raises(AudioError):
        wrong(tone(440))


def test_nothing_changes_the_samples_that_were_given() -> None:
    y = tone(440, 1.0)
    kept = y.copy()
    for change in (
        high_pass(y, SR, cutoff_hz=20),
        apply_gain(y, gain_db=6),
        add_white_noise(y, snr_db=20, generator=np.random.default_rng(0)),
        stretch_time(y, SR, tempo=1.06),
        start_later(y, SR, offset_s=0.0),
        mp3_round_trip(y, SR, bitrate_kbps=64),
    ):
        change[:] = 0
    assert np.array_equal(y, kept)
