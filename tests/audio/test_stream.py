from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.encoding import SR, music, write_pyav, write_soundfile
from genrekit.audio import AudioWarning, load_audio, open_audio
from genrekit.audio.decoder import Decoder
from genrekit.audio.stream import AudioStream
from genrekit.errors import AudioError


class BlocksOf:
    """A decoder of given samples in blocks of given lengths; the real ones cannot be told how long theirs are."""

    def __init__(self, samples: np.ndarray, sr: int, lengths: list[int]) -> None:
        self.sr, self.duration_s, self.warnings = sr, None, []
        self._samples, self._lengths = samples, lengths

    def blocks(self):
        start = 0
        for length in [*self._lengths, len(self._samples)]:
            if start < len(self._samples):
                yield self._samples[start : start + length, None]
            start += length

    def close(self) -> None: ...


@settings(max_examples=60)
@given(
    rates=st.sampled_from([(44_100, 22_050), (48_000, 22_050), (8_000, 22_050), (22_050, 16_000), (192_000, 22_050)]),
    n_samples=st.integers(20, 60_000),
    lengths=st.lists(st.integers(1, 20_000), max_size=12),
)
def test_resampling_does_not_depend_on_the_blocks(rates: tuple[int, int], n_samples: int, lengths: list[int]) -> None:
    source_sr, sr = rates
    samples = np.random.default_rng(n_samples).uniform(-1, 1, n_samples).astype(np.float32)
    decoder: Decoder = BlocksOf(samples, source_sr, lengths)
    streamed = np.concatenate(list(AudioStream(decoder, sr=sr, name="test")))
    expected = soxr.resample(samples, source_sr, sr, quality="HQ")
    assert streamed.shape == expected.shape
    assert streamed.dtype == np.float32
    np.testing.assert_allclose(streamed, expected, atol=1e-6)


@pytest.mark.parametrize("n_channels", [1, 2, 3, 6, 8])
def test_mono_is_the_mean_of_all_channels(n_channels: int, tmp_path: Path) -> None:
    samples = music(0.5, n_channels=n_channels)
    path = write_soundfile(tmp_path / "music.wav", samples, format="WAV", subtype="FLOAT")
    expected = samples.astype(np.float64).mean(axis=1)
    np.testing.assert_allclose(load_audio(path, sr=SR), expected, atol=1e-7)
    np.testing.assert_allclose(load_audio(samples, sr=SR, source_sr=SR), expected, atol=1e-7)


@pytest.mark.parametrize("sr", [8_000, 192_000])
def test_unusual_sample_rates(sr: int, tmp_path: Path) -> None:
    samples = music(1.0, sr=sr, n_channels=8)
    path = write_soundfile(tmp_path / "music.wav", samples, sr, format="WAV", subtype="PCM_16")
    assert load_audio(path, sr=22_050).size == 22_050


@pytest.mark.parametrize("source_sr", [8_000, 22_050, 44_100, 192_000])
def test_one_sample_is_enough(source_sr: int, tmp_path: Path) -> None:
    path = write_soundfile(tmp_path / "one.wav", np.full((1, 1), 0.5), source_sr, format="WAV", subtype="PCM_16")
    decoded = load_audio(path, sr=22_050)
    assert 1 <= decoded.size <= 3
    assert np.isfinite(decoded).all()


def test_zeros_stay_zeros(tmp_path: Path) -> None:
    path = write_soundfile(tmp_path / "zeros.flac", np.zeros((SR, 2)), format="FLAC", subtype="PCM_16")
    with open_audio(path, sr=22_050) as stream:
        np.testing.assert_array_equal(np.concatenate(list(stream)), np.zeros(22_050, np.float32))
        assert stream.warnings == []


def test_nan_and_infinity_become_zero_and_are_counted(tmp_path: Path) -> None:
    samples = music(1.0)
    clean = samples.copy()
    samples[100, 0], samples[200, 1], samples[300] = np.nan, np.inf, (-np.inf, np.inf)
    clean[100, 0], clean[200, 1], clean[300] = 0, 0, 0
    path = write_soundfile(tmp_path / "nan.wav", samples, format="WAV", subtype="FLOAT")
    for source, source_sr in ((path, None), (samples, SR)):
        with open_audio(source, sr=SR, source_sr=source_sr) as stream:
            np.testing.assert_allclose(np.concatenate(list(stream)), clean.mean(axis=1), atol=1e-7)
            assert stream.warnings == ["4 samples were NaN or infinite and set to 0"]


@pytest.mark.parametrize(
    ("second", "cancels"), [(-1.0, True), (-0.999, True), (-0.5, False), (0.0, False), (1.0, False)]
)
def test_channels_that_cancel_each_other_out_are_told(second: float, cancels: bool) -> None:
    mono = music(1.0, n_channels=1)
    with open_audio(np.hstack([mono, second * mono]), sr=SR, source_sr=SR) as stream:
        list(stream)
        assert len(stream.warnings) == cancels
        assert all(warning.startswith("its channels cancel each other out") for warning in stream.warnings)


@pytest.mark.parametrize("n_channels", [1, 2, 16])
def test_silence_and_unlike_channels_do_not_cancel(n_channels: int) -> None:
    noise = np.random.default_rng(0).standard_normal((SR, n_channels)).astype(np.float32)
    for samples in (0.1 * noise, 0 * noise):
        with open_audio(samples, sr=SR, source_sr=SR) as stream:
            list(stream)
            assert stream.warnings == []


def test_loud_float_samples_are_kept(tmp_path: Path) -> None:
    samples = np.full((100, 2), 3e38, np.float32)
    path = write_soundfile(tmp_path / "loud.wav", samples, format="WAV", subtype="FLOAT")
    np.testing.assert_allclose(load_audio(path, sr=SR), samples[:, 0], rtol=1e-6)


def test_blocks_are_the_readers_own(tmp_path: Path) -> None:
    samples = music(9.0, n_channels=1)
    path = write_soundfile(tmp_path / "music.wav", samples, format="WAV", subtype="FLOAT")
    for source, source_sr in ((path, None), (samples, SR)):
        with open_audio(source, sr=SR, source_sr=source_sr) as stream:
            kept = list(stream)
        assert len(kept) > 1
        np.testing.assert_array_equal(np.concatenate(kept), samples[:, 0])
        assert not any(np.shares_memory(block, samples) for block in kept)


def test_stream_counts_and_can_be_read_once(tmp_path: Path) -> None:
    path = write_soundfile(tmp_path / "music.wav", music(3.0), format="WAV", subtype="PCM_16")
    with open_audio(path, sr=22_050) as stream:
        assert (stream.sr, stream.source_sr, stream.duration_s, stream.n_samples) == (22_050, SR, 3.0, 0)
        assert sum(block.size for block in stream) == stream.n_samples == 66_150
        with pytest.raises(AudioError, match="read once"):
            iter(stream)


def test_a_stream_need_not_be_read_to_its_end(tmp_path: Path) -> None:
    for suffix, format, subtype in ((".wav", "WAV", "PCM_16"), (".ogg", "OGG", "VORBIS")):
        path = write_soundfile(tmp_path / f"music{suffix}", music(9.0), format=format, subtype=subtype)
        with open_audio(path, sr=22_050) as stream:
            next(iter(stream))
        path.unlink()


EXCERPTED = music(7.0, sr=16_000)
EXCERPTED_WHOLE = soxr.resample(EXCERPTED.mean(axis=1), 16_000, 8_000, quality="HQ")


@settings(max_examples=60)
@given(start_s=st.floats(0, 6.99), duration_s=st.one_of(st.none(), st.floats(0.001, 9)))
def test_an_excerpt_is_a_slice_of_the_whole(start_s: float, duration_s: float | None) -> None:
    samples, whole = EXCERPTED, EXCERPTED_WHOLE
    start = round(start_s * 8_000)
    if start >= whole.size:
        return
    stop = None if duration_s is None else start + round(duration_s * 8_000)
    excerpt = load_audio(samples, sr=8_000, source_sr=16_000, start_s=start_s, duration_s=duration_s)
    assert excerpt.shape == whole[start:stop].shape
    np.testing.assert_allclose(excerpt, whole[start:stop], atol=1e-6)


def test_excerpt_of_a_file_has_exactly_the_samples_asked_for(tmp_path: Path) -> None:
    path = write_soundfile(tmp_path / "music.ogg", music(8.0), format="OGG", subtype="VORBIS")
    whole = load_audio(path, sr=22_050)
    excerpt = load_audio(path, sr=22_050, start_s=2.5, duration_s=3.0)
    assert excerpt.size == 66_150
    np.testing.assert_array_equal(excerpt, whole[55_125 : 55_125 + 66_150])
    assert load_audio(path, sr=22_050, start_s=7.0, duration_s=3.0).size == 22_050


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start_s": 2.0}, "the recording is 2.000 s long"),
        ({"start_s": 99.0, "duration_s": 1.0}, "the recording is 2.000 s long"),
        ({"start_s": -0.1}, "0 or later"),
        ({"start_s": float("nan")}, "0 or later"),
        ({"duration_s": 0.0}, "above 0"),
        ({"duration_s": float("inf")}, "above 0"),
    ],
)
def test_excerpts_out_of_range(arguments: dict[str, float], message: str, tmp_path: Path) -> None:
    path = write_soundfile(tmp_path / "music.wav", music(2.0), format="WAV", subtype="PCM_16")
    with pytest.raises(AudioError, match=message):
        load_audio(path, sr=22_050, **arguments)


@pytest.mark.parametrize(
    ("dtype", "full_scale"),
    [("float16", 1), ("float64", 1), ("int8", 2**7), ("int16", 2**15), ("int32", 2**31)],
)
def test_arrays_of_any_number_format(dtype: str, full_scale: int) -> None:
    samples = music(0.1)
    array = (samples.astype(np.float64) * full_scale).astype(dtype)
    tolerance = {"float16": 1e-3, "int8": 2**-7}.get(dtype, 2**-15)
    np.testing.assert_allclose(load_audio(array, sr=SR, source_sr=SR), samples.mean(axis=1), atol=tolerance)


@pytest.mark.parametrize("bits", [8, 16])
def test_unsigned_arrays_are_silent_in_the_middle(bits: int) -> None:
    array = np.array([0, 2 ** (bits - 1), 2**bits - 1], f"uint{bits}")
    expected = [-1, 0, 1 - 2.0 ** (1 - bits)]
    np.testing.assert_allclose(load_audio(array, sr=SR, source_sr=SR), expected, atol=1e-7)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(100, np.int64), "int64 and uint32 have no usual full scale"),
        (np.zeros(100, bool), "dtype bool"),
        (np.zeros(100, complex), "dtype complex128"),
        (np.zeros((2, 3, 100)), r"shape \(2, 3, 100\)"),
        (np.float32(1), r"shape \(\)"),
        (np.zeros((2, 44_100)), "array.T"),
        (np.zeros((100, 0)), "0 channels"),
        (np.zeros(0), "holds no audio"),
        (np.zeros((0, 2)), "holds no audio"),
    ],
)
def test_arrays_that_are_no_audio(array: np.ndarray, message: str) -> None:
    with pytest.raises(AudioError, match=message):
        open_audio(array, sr=22_050, source_sr=SR)


def test_the_sample_rate_belongs_to_arrays(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="Give it, in Hz"):
        open_audio(np.zeros(100), sr=22_050)
    path = write_soundfile(tmp_path / "music.wav", music(0.1), format="WAV", subtype="PCM_16")
    with pytest.raises(AudioError, match="for arrays only"):
        open_audio(path, sr=22_050, source_sr=SR)


@pytest.mark.parametrize("sr", [0, -1, 22_050.0, "22050", True, None, 10**9])
def test_rates_that_are_none(sr: object) -> None:
    with pytest.raises(AudioError, match=r"^sr is"):
        open_audio(np.zeros(100), sr=sr, source_sr=SR)  # type: ignore[arg-type]
    with pytest.raises(AudioError, match="sample rate"):
        open_audio(np.zeros(100), sr=SR, source_sr=sr)  # type: ignore[arg-type]


@pytest.mark.parametrize(("format", "subtype"), [("WAV", "PCM_16"), ("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III")])
def test_file_objects(format: str, subtype: str, tmp_path: Path) -> None:
    path = write_soundfile(tmp_path / "music.bin", music(3.0), format=format, subtype=subtype)
    expected = load_audio(path, sr=22_050)
    buffer = io.BytesIO(path.read_bytes())
    buffer.seek(1000)  # read from its beginning all the same
    np.testing.assert_array_equal(load_audio(buffer, sr=22_050), expected)
    np.testing.assert_array_equal(load_audio(buffer, sr=22_050), expected)  # left open
    with path.open("rb") as file:
        np.testing.assert_array_equal(load_audio(file, sr=22_050), expected)


def test_file_objects_that_cannot_seek(tmp_path: Path) -> None:
    path = write_soundfile(tmp_path / "music.flac", music(2.0), format="FLAC", subtype="PCM_16")
    read_end, write_end = os.pipe()

    def feed() -> None:
        with os.fdopen(write_end, "wb") as pipe:
            pipe.write(path.read_bytes())

    feeder = threading.Thread(target=feed)
    feeder.start()
    with os.fdopen(read_end, "rb") as pipe:
        np.testing.assert_array_equal(load_audio(pipe, sr=22_050), load_audio(path, sr=22_050))
    feeder.join()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are a thing of POSIX")
def test_named_pipe(tmp_path: Path) -> None:
    path = write_soundfile(tmp_path / "music.flac", music(2.0), format="FLAC", subtype="PCM_16")
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    feeder = threading.Thread(target=lambda: fifo.write_bytes(path.read_bytes()))
    feeder.start()
    np.testing.assert_array_equal(load_audio(fifo, sr=22_050), load_audio(path, sr=22_050))
    feeder.join()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are a thing of POSIX")
def test_a_named_pipe_may_take_its_time_once_somebody_writes_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_soundfile(tmp_path / "music.flac", music(2.0), format="FLAC", subtype="PCM_16")
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    monkeypatch.setattr("genrekit.audio.source.WRITER_WAIT_S", 0.2)

    def feed_slowly() -> None:
        with fifo.open("wb") as pipe:
            for half in (path.read_bytes()[:1000], path.read_bytes()[1000:]):
                time.sleep(0.5)
                pipe.write(half)
                pipe.flush()

    feeder = threading.Thread(target=feed_slowly)
    feeder.start()
    np.testing.assert_array_equal(load_audio(fifo, sr=22_050), load_audio(path, sr=22_050))
    feeder.join()


def test_load_audio_warns_of_what_is_missing(tmp_path: Path) -> None:
    path = write_pyav(tmp_path / "cut.mp3", music(6.0), container="mp3", codec="libmp3lame", sample_format="fltp")
    path.write_bytes(path.read_bytes()[:50_000])
    with pytest.warns(AudioWarning, match=r"cut\.mp3: ends early"):
        load_audio(path, sr=22_050)


MEASURE = """
import re, sys
from pathlib import Path
from genrekit.audio import iter_windows, open_audio
with open_audio(sys.argv[1], sr=22_050) as stream:
    n_windows = sum(1 for _ in iter_windows(stream, window_samples=220_500, hop_samples=110_250))
peak_kib = re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())
print(n_windows, int(peak_kib[1]) // 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".wav", ".mp3"])
def test_memory_of_two_hours(suffix: str, tmp_path: Path) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("peak memory is read from /proc")
    path = tmp_path / f"long{suffix}"
    if suffix == ".wav":
        write_soundfile(path, np.zeros((1, 2)), format="WAV", subtype="PCM_16")
        data_bytes = 7200 * SR * 4
        header = bytearray(path.read_bytes()[:44])
        header[4:8], header[40:44] = (data_bytes + 36).to_bytes(4, "little"), data_bytes.to_bytes(4, "little")
        path.write_bytes(header)
        os.truncate(path, 44 + data_bytes)
    else:
        minute = write_pyav(
            tmp_path / "minute.mp3",
            music(60.0),
            container="mp3",
            codec="libmp3lame",
            sample_format="fltp",
            container_options={"write_xing": "0", "id3v2_version": "0"},
        )
        path.write_bytes(minute.read_bytes() * 120)
    done = subprocess.run([sys.executable, "-c", MEASURE, path], capture_output=True, text=True, check=True)
    n_windows, peak_mib = map(int, done.stdout.split())
    assert n_windows == pytest.approx(7200 / 5 - 1, abs=3)
    assert peak_mib < 200
