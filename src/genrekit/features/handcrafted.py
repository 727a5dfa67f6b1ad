"""Front end F4: mean and variance over a clip of what librosa describes music with, and its tempo, 57 numbers.

The definition is librosa's, at 22 050 Hz with its defaults, as it was when the public GTZAN table was made. Three
things have changed since, and are kept here as they were:

- the short-time Fourier transform and the frames of the root mean square reflect the signal at both ends,
- the inverse transform ends at the centre of the last frame, and HPSS pads the rest of the clip with zeros,
- the tempo is that of the beat tracker, whose onset envelope is the median over mel bands rather than their mean.

One transform, one mel spectrogram, one HPSS and one onset envelope serve all of them, and the two median filters of
HPSS, which take most of librosa's time, are those of `running_median`.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from genrekit.errors import AudioError
from genrekit.features.mel import mel_filter_bank
from genrekit.features.running_median import running_median
from genrekit.features.table_columns import HANDCRAFTED_NAMES, N_MFCC

__all__ = [
    "HANDCRAFTED_NAMES",
    "HOP_SAMPLES",
    "MIN_SAMPLES",
    "N_FFT",
    "SR",
    "HandcraftedFeatures",
    "compute_handcrafted",
]

FloatArray = npt.NDArray[np.float32]

SR = 22_050
N_FFT = 2048
HOP_SAMPLES = 512
# One whole frame: with less, everything would be made of reflections.
MIN_SAMPLES = N_FFT
N_MELS = 128
MEDIAN_FRAMES = 31


@dataclass(frozen=True)
class HandcraftedFeatures:
    """The 57 values of one clip.

    Attributes
    ----------
    values : float64 [57], in the order of `HANDCRAFTED_NAMES`
    """

    values: npt.NDArray[np.float64]

    def as_dict(self) -> Mapping[str, float]:
        """The values by name, such as `"spectral_centroid_mean"`."""
        return MappingProxyType(dict(zip(HANDCRAFTED_NAMES, self.values.tolist(), strict=True)))


def compute_handcrafted(y: npt.ArrayLike, *, sr: int = SR) -> HandcraftedFeatures:
    """The 57 handcrafted features of a clip.

    Parameters
    ----------
    y : mono waveform [n], full scale 1, n at least 2048 (0.09 s)
    sr : of the waveform, Hz; the features are defined at 22 050 only

    Raises
    ------
    AudioError : for another sample rate or shape, a clip that is too short, or samples that are not finite
    ModuleNotFoundError : if librosa, of the extra `analyse`, is not installed
    """
    samples = np.ascontiguousarray(y, dtype=np.float32)
    if sr != SR:
        raise AudioError(f"handcrafted features are defined at {SR} Hz; the waveform has {sr} Hz: resample it first")
    if samples.ndim != 1:
        raise AudioError(f"waveform has shape {list(samples.shape)}; expected mono [n_samples]")
    if len(samples) < MIN_SAMPLES:
        raise AudioError(f"waveform has {len(samples)} samples; handcrafted features need at least {MIN_SAMPLES}")
    if not np.isfinite(samples).all():
        raise AudioError("waveform has samples that are not finite; set them to 0 first")
    import librosa

    spectrum = librosa.stft(samples, n_fft=N_FFT, hop_length=HOP_SAMPLES, pad_mode="reflect")
    magnitude = np.abs(spectrum)
    power = magnitude**2
    log_mel = librosa.power_to_db(_mel_bank() @ power)
    envelope = librosa.onset.onset_strength(S=log_mel, sr=SR, aggregate=np.median)
    harmonic, percussive = _harmonic_percussive(samples, spectrum, magnitude)
    described: list[npt.NDArray[Any]] = [
        _chroma(power),
        librosa.feature.rms(y=samples, frame_length=N_FFT, hop_length=HOP_SAMPLES, pad_mode="reflect"),
        *_shape(magnitude),
        librosa.feature.zero_crossing_rate(samples, frame_length=N_FFT, hop_length=HOP_SAMPLES),
        harmonic,
        percussive,
    ]
    mfcc = librosa.feature.mfcc(S=log_mel, n_mfcc=N_MFCC)
    tempo = librosa.feature.tempo(onset_envelope=envelope, sr=SR, hop_length=HOP_SAMPLES)
    values = [number for signal in described for number in _mean_and_variance(signal)]
    values.append(float(tempo[0]))
    values += [number for coefficient in mfcc for number in _mean_and_variance(coefficient)]
    return HandcraftedFeatures(np.array(values, dtype=np.float64))


def _mean_and_variance(x: npt.NDArray[Any]) -> tuple[float, float]:
    return float(np.mean(x, dtype=np.float64)), float(np.var(x, dtype=np.float64))


@lru_cache(maxsize=1)
def _mel_bank() -> FloatArray:
    bank = mel_filter_bank(sr=SR, n_fft=N_FFT, n_mels=N_MELS)
    bank.flags.writeable = False
    return bank


def _chroma(power: FloatArray) -> FloatArray:
    """Chroma of each frame, its maximum 1 [12, n_frames]; a clip without any pitch is taken to be in tune."""
    import librosa

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Trying to estimate tuning from empty frequency set")
        chroma: FloatArray = librosa.feature.chroma_stft(S=power, sr=SR)
    return chroma


def _shape(magnitude: FloatArray) -> tuple[npt.NDArray[np.float64], ...]:
    """Spectral centroid, bandwidth and 85 % roll-off of each frame, in Hz, each [n_frames].

    All are moments of one distribution over frequency, so that it is summed three times rather than built anew for
    each. A silent frame has the centroid and the roll-off 0.
    """
    frequency = np.arange(magnitude.shape[0]) * (SR / N_FFT)
    total, first, second = np.stack([np.ones_like(frequency), frequency, frequency**2]) @ magnitude.astype(np.float64)
    total = np.where(total < np.finfo(np.float32).tiny, 1.0, total)
    centroid = first / total
    bandwidth = np.sqrt(np.maximum(second / total - centroid**2, 0.0))
    cumulated = np.cumsum(magnitude, axis=0)
    rolloff = frequency[(cumulated >= 0.85 * cumulated[-1]).argmax(axis=0)]
    return centroid, bandwidth, rolloff


def _harmonic_percussive(
    samples: FloatArray, spectrum: npt.NDArray[np.complex64], magnitude: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The two waveforms of HPSS (D. Fitzgerald, DAFx 2010) with soft masks of power 2, each as long as the clip.

    The masks add up to 1 and the inverse transform to the clip, so that the percussive part is what the harmonic one
    leaves.
    """
    import librosa

    # Frames as rows: the layout in which librosa's transform lies in memory.
    frames = magnitude.T
    harmonic = running_median(frames, MEDIAN_FRAMES) ** 2
    percussive = running_median(np.ascontiguousarray(magnitude), MEDIAN_FRAMES).T ** 2
    total = harmonic + percussive
    silent = total < np.finfo(np.float32).tiny
    total[silent] = 1.0
    mask = harmonic / total
    mask[silent] = 0.5
    n_whole = HOP_SAMPLES * (len(frames) - 1)
    waveform = np.zeros_like(samples)
    waveform[:n_whole] = librosa.istft(spectrum * mask.T, hop_length=HOP_SAMPLES)[:n_whole]
    rest = np.zeros_like(samples)
    rest[:n_whole] = samples[:n_whole] - waveform[:n_whole]
    return waveform, rest
