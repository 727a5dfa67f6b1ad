"""Every format that the package promises, decoded from a real file and compared with what went in."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soxr

from audio.encoding import SR, music, write_pyav, write_soundfile
from genrekit.audio import load_audio, open_audio

DURATION_S = 2.0


@dataclass(frozen=True)
class Format:
    suffix: str
    write: Callable[[Path, np.ndarray, int], Path]
    sr: int = SR
    max_error: float | None = None  # for exact formats: the largest difference of a sample


def by_soundfile(format: str, subtype: str) -> Callable[[Path, np.ndarray, int], Path]:
    return lambda path, samples, sr: write_soundfile(path, samples, sr, format=format, subtype=subtype)


def by_pyav(container: str, codec: str, sample_format: str) -> Callable[[Path, np.ndarray, int], Path]:
    return lambda path, samples, sr: write_pyav(
        path, samples, sr, container=container, codec=codec, sample_format=sample_format
    )


BITS_8, BITS_16, BITS_24, FLOAT = 2.0**-7, 2.0**-15, 2.0**-23, 1e-7

FORMATS = {
    "wav 16 bit": Format(".wav", by_soundfile("WAV", "PCM_16"), max_error=BITS_16),
    "wav 24 bit": Format(".wav", by_soundfile("WAV", "PCM_24"), max_error=BITS_24),
    "wav 8 bit": Format(".wav", by_soundfile("WAV", "PCM_U8"), max_error=BITS_8),
    "wav float": Format(".wav", by_soundfile("WAV", "FLOAT"), max_error=FLOAT),
    "wav double": Format(".wav", by_soundfile("WAV", "DOUBLE"), max_error=FLOAT),
    "wav extensible": Format(".wav", by_soundfile("WAVEX", "PCM_16"), max_error=BITS_16),
    "wav a-law": Format(".wav", by_soundfile("WAV", "ALAW")),
    "wav MS ADPCM": Format(".wav", by_soundfile("WAV", "MS_ADPCM")),
    "rf64": Format(".rf64", by_soundfile("RF64", "PCM_16"), max_error=BITS_16),
    "w64": Format(".w64", by_soundfile("W64", "PCM_16"), max_error=BITS_16),
    "au 16 bit": Format(".au", by_soundfile("AU", "PCM_16"), max_error=BITS_16),
    "au mu-law": Format(".au", by_soundfile("AU", "ULAW")),
    "aiff": Format(".aiff", by_soundfile("AIFF", "PCM_16"), max_error=BITS_16),
    "aiff-c float": Format(".aifc", by_soundfile("AIFF", "FLOAT"), max_error=FLOAT),
    "caf": Format(".caf", by_soundfile("CAF", "PCM_24"), max_error=BITS_24),
    "voc": Format(".voc", by_soundfile("VOC", "PCM_16"), max_error=BITS_16),
    "flac 16 bit": Format(".flac", by_soundfile("FLAC", "PCM_16"), max_error=BITS_16),
    "flac 24 bit": Format(".flac", by_soundfile("FLAC", "PCM_24"), max_error=BITS_24),
    "ogg flac": Format(".oga", by_pyav("ogg", "flac", "s16"), max_error=BITS_16),
    "mp3": Format(".mp3", by_pyav("mp3", "libmp3lame", "fltp")),
    "mp3 by libsndfile": Format(".mp3", by_soundfile("MP3", "MPEG_LAYER_III")),
    "mp2": Format(".mp2", by_pyav("mp2", "mp2", "s16")),
    "ogg vorbis": Format(".ogg", by_soundfile("OGG", "VORBIS")),
    "opus": Format(".opus", by_soundfile("OGG", "OPUS"), sr=48_000),
    "m4a aac": Format(".m4a", by_pyav("ipod", "aac", "fltp")),
    "m4a alac": Format(".m4a", by_pyav("ipod", "alac", "s16p"), max_error=BITS_16),
    "caf alac": Format(".caf", by_pyav("caf", "alac", "s16p")),  # FFmpeg drops up to a packet of 93 ms at the end
    "aac adts": Format(".aac", by_pyav("adts", "aac", "fltp")),
    "mp4 aac": Format(".mp4", by_pyav("mp4", "aac", "fltp")),
    "wma": Format(".wma", by_pyav("asf", "wmav2", "fltp")),
    "webm opus": Format(".webm", by_pyav("webm", "libopus", "flt"), sr=48_000),
    "mka flac": Format(".mka", by_pyav("matroska", "flac", "s16"), max_error=BITS_16),
    "mka opus": Format(".mka", by_pyav("matroska", "libopus", "flt"), sr=48_000),
    "wavpack 16 bit": Format(".wv", by_pyav("wv", "wavpack", "s16p"), max_error=BITS_16),
    "wavpack float": Format(".wv", by_pyav("wv", "wavpack", "fltp"), max_error=FLOAT),
    "tta": Format(".tta", by_pyav("tta", "tta", "s16"), max_error=BITS_16),
    "ac3": Format(".ac3", by_pyav("ac3", "ac3", "fltp")),
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("n_channels", [1, 2])
def test_format_decodes_to_the_mean_of_its_channels(name: str, n_channels: int, tmp_path: Path) -> None:
    kind = FORMATS[name]
    samples = music(DURATION_S, sr=kind.sr, n_channels=n_channels)
    path = kind.write(tmp_path / f"music{kind.suffix}", samples, kind.sr)
    with open_audio(path, sr=kind.sr) as stream:
        decoded = np.concatenate(list(stream))
        assert stream.source_sr == kind.sr
        assert stream.warnings == []
        assert stream.duration_s is None or stream.duration_s == pytest.approx(DURATION_S, abs=0.1)
    expected = samples.astype(np.float64).mean(axis=1)
    if kind.max_error is not None:
        assert decoded.shape == expected.shape
        assert np.abs(decoded - expected).max() <= kind.max_error
    else:
        assert decoded.size == pytest.approx(expected.size, abs=0.1 * kind.sr)
        assert snr_db(decoded, expected) > 12


@pytest.mark.parametrize("n_channels", [5, 6, 7, 8, 9, 12, 16])
def test_many_channels_decode_to_their_mean(n_channels: int, tmp_path: Path) -> None:
    # Each channel of a frame is a plane of its own; the eighth, and the ninth, lie where PyAV looks for something else.
    samples = music(DURATION_S, n_channels=n_channels)
    path = write_pyav(tmp_path / "music.wv", samples, SR, container="wv", codec="wavpack", sample_format="fltp")
    np.testing.assert_allclose(load_audio(path, sr=SR), samples.astype(np.float64).mean(axis=1), rtol=0, atol=FLOAT)


def test_ape_decodes_exactly() -> None:
    # Written by JMAC (Debian's libjmac-java), because FFmpeg decodes Monkey's Audio but does not encode it.
    t = np.arange(2205) / 22_050
    left, right = np.round(16_000 * np.sin(2 * np.pi * 440 * t)), np.round(8_000 * np.sin(2 * np.pi * 660 * t))
    decoded = load_audio(Path(__file__).parent / "data" / "tone.ape", sr=22_050)
    np.testing.assert_array_equal(decoded, ((left + right) / 2 / 2**15).astype(np.float32))


@pytest.mark.parametrize("name", ["flac 16 bit", "mp3", "ogg vorbis", "m4a aac", "wavpack 16 bit", "au 16 bit"])
def test_suffix_plays_no_part(name: str, tmp_path: Path) -> None:
    kind = FORMATS[name]
    path = kind.write(tmp_path / f"music{kind.suffix}", music(), kind.sr)
    expected = load_audio(path, sr=22_050)
    for misleading in ("music.raw", "music.xyz", "music", "music.wav", "other.mp3"):
        np.testing.assert_array_equal(load_audio(shutil.copy(path, tmp_path / misleading), sr=22_050), expected)


@pytest.mark.parametrize("sr", [22_050, 16_000, 48_000])
def test_resampled_like_the_whole_at_once(sr: int, tmp_path: Path) -> None:
    samples = music(7.3)
    path = write_soundfile(tmp_path / "music.flac", samples, format="FLAC", subtype="PCM_24")
    expected = soxr.resample(samples.mean(axis=1), SR, sr, quality="HQ")
    decoded = load_audio(path, sr=sr)
    assert decoded.shape == expected.shape
    np.testing.assert_allclose(decoded, expected, atol=1e-6)


def test_variable_bit_rate_without_a_length_is_read_to_its_end(tmp_path: Path) -> None:
    # libsndfile stops where the bit rate of the first frames would put the end: here after a fraction of the song.
    rng = np.random.default_rng(0)
    samples = np.concatenate([rng.uniform(-0.5, 0.5, (2 * SR, 2)), np.zeros((20 * SR, 2))]).astype(np.float32)
    path = write_pyav(
        tmp_path / "vbr.mp3",
        samples,
        container="mp3",
        codec="libmp3lame",
        sample_format="fltp",
        options={"global_quality": "118", "flags": "+qscale"},
        container_options={"write_xing": "0"},
    )
    with open_audio(path, sr=SR) as stream:
        n_samples = sum(block.size for block in stream)
        assert n_samples / SR == pytest.approx(22.0, abs=0.2)
        assert stream.duration_s is None
        assert stream.warnings == []


def test_flac_that_does_not_state_its_length(tmp_path: Path) -> None:
    samples = music(3.21)
    path = write_soundfile(tmp_path / "music.flac", samples, format="FLAC", subtype="PCM_16")
    expected = load_audio(path, sr=SR)
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0  # STREAMINFO: the number of samples is the low 4 bits of byte 21 and the next 4 bytes
    data[22:26] = bytes(4)
    path.write_bytes(data)
    np.testing.assert_array_equal(load_audio(path, sr=SR), expected)


def test_large_cover_in_front_of_an_mp3(tmp_path: Path) -> None:
    path = FORMATS["mp3"].write(tmp_path / "music.mp3", music(), SR)
    expected = load_audio(path, sr=SR)
    size = 3_000_000
    picture = b"APIC" + (size - 10).to_bytes(4, "big") + bytes(2) + np.random.default_rng(0).bytes(size - 10)
    tag = b"ID3\x03\x00\x00" + bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0)) + picture
    audio = path.read_bytes()
    frames = audio[audio.index(b"\xff\xfb") :]
    path.write_bytes(tag + frames)
    with open_audio(path, sr=SR) as stream:
        assert stream.duration_s is not None  # the Xing header behind the tag is found
        np.testing.assert_array_equal(np.concatenate(list(stream)), expected)


def snr_db(decoded: np.ndarray, expected: np.ndarray) -> float:
    """How much of `decoded` is `expected`, at the delay that fits best: lossy encoders add some."""
    size = 2 ** (decoded.size + expected.size).bit_length()
    correlation = np.fft.irfft(np.fft.rfft(decoded, size) * np.fft.rfft(expected, size).conj(), size)
    lag = int(np.argmax(correlation))
    lag = lag if lag < size // 2 else lag - size
    assert abs(lag) < 2700
    start, stop = SR // 4, expected.size - SR // 4
    middle, aligned = expected[start:stop], decoded[start + lag : stop + lag]
    return float(10 * np.log10((middle**2).sum() / ((aligned - middle) ** 2).sum()))
