"""Files that are missing, empty, damaged, or no audio: the message names the file, and standard error stays quiet."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from audio.encoding import SR, cut_end, damage_middle, music, write_pyav, write_soundfile
from audio.permissions import as_nobody, open_the_way_to
from genrekit.audio import load_audio, open_audio
from genrekit.audio.ffmpeg_file import open_with_ffmpeg
from genrekit.errors import AudioError


@pytest.fixture(autouse=True)
def quiet(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """The C libraries must not write to standard error past Python."""
    yield
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


def write_mp3(path: Path, duration_s: float = 20.0) -> Path:
    return write_pyav(path, music(duration_s), container="mp3", codec="libmp3lame", sample_format="fltp")


def refusal(source: object, *, source_sr: int | None = None) -> str:
    with pytest.raises(AudioError) as caught:
        open_audio(source, sr=22_050, source_sr=source_sr)  # type: ignore[arg-type]
    message = str(caught.value)
    assert message.isprintable()  # one line, whatever the name
    return message


def test_missing(tmp_path: Path) -> None:
    assert refusal(tmp_path / "no.mp3") == f"{tmp_path}/no.mp3: no such file. Check the path."
    assert refusal(str(tmp_path / "no.mp3" / "deeper.mp3")).endswith("no such file. Check the path.")
    assert "local files" in refusal("https://example.org/song.mp3")
    assert "null" in refusal("a\0b.mp3")


def test_a_film_without_sound(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "film.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width = stream.height = 32
        for _ in range(5):
            picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    assert "film.mp4: has no sound: it is an MP4 file with no sound track (FFmpeg: " in refusal(tmp_path / "film.mp4")


def test_a_wav_without_channels(tmp_path: Path) -> None:
    whole = write_soundfile(tmp_path / "whole.wav", music(1.0), format="WAV", subtype="PCM_16").read_bytes()
    (tmp_path / "none.wav").write_bytes(whole[:22] + b"\0\0" + whole[24:])
    assert "none.wav: is not audio that can be decoded" in refusal(tmp_path / "none.wav")


def test_packets_for_which_no_decoder_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Undecodable:
        def __init__(self, packet: Any) -> None:
            pass

        def decode(self) -> list[Any]:
            raise ValueError("cannot decode unknown codec")  # as PyAV 19 has it

    class Container:
        def __init__(self, source: Any) -> None:
            self._opened = open_with_ffmpeg(source)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._opened, name)

        def demux(self, stream: Any) -> Iterator[Undecodable]:
            return map(Undecodable, self._opened.demux(stream))

    monkeypatch.setattr("genrekit.audio.pyav_decoder.open_with_ffmpeg", Container)
    path = write_pyav(tmp_path / "a.m4a", music(1.0), container="mp4", codec="aac", sample_format="fltp")
    assert "FFmpeg: cannot decode unknown codec in " in refusal(path)


def test_broken_links(tmp_path: Path) -> None:
    (tmp_path / "link.mp3").symlink_to("gone\n.mp3")
    assert "link.mp3: is a broken link to gone\\n.mp3" in refusal(tmp_path / "link.mp3")
    (tmp_path / "loop.mp3").symlink_to("loop.mp3")
    assert "leads back to itself" in refusal(tmp_path / "loop.mp3")


def test_folders(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no music")
    assert "is a folder without any audio file" in refusal(tmp_path)
    (tmp_path / "song.mp3").touch()
    message = refusal(tmp_path)
    assert "is a folder, not a file" in message
    module, _, name = re.search(r"genrekit[\w.]*\w", message)[0].rpartition(".")  # type: ignore[index]
    assert list(getattr(import_module(module), name)(tmp_path)) == [tmp_path / "song.mp3"]


def test_devices() -> None:
    assert "is a device" in refusal("/dev/null")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are a thing of POSIX")
def test_a_named_pipe_that_nobody_writes_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genrekit.audio.source.WRITER_WAIT_S", 0.1)
    os.mkfifo(tmp_path / "pipe.mp3")
    assert "pipe.mp3: is a named pipe that nobody writes to" in refusal(tmp_path / "pipe.mp3")


@pytest.mark.skipif(not Path("/dev/fd").is_dir(), reason="open files have names on POSIX only")
def test_an_open_pipe_whose_writer_is_gone_is_an_empty_file() -> None:
    read_end, write_end = os.pipe()
    os.close(write_end)
    try:
        assert "is empty (0 bytes)" in refusal(f"/dev/fd/{read_end}")
    finally:
        os.close(read_end)


def test_permission(tmp_path: Path) -> None:
    path = tmp_path / "locked.wav"
    path.write_bytes(b"RIFF")
    path.chmod(0)
    open_the_way_to(tmp_path)
    with as_nobody():
        message = refusal(path)
    assert "locked.wav" in message and "permission denied" in message


@pytest.mark.parametrize("name", ["empty.wav", "empty.mp3", "empty"])
def test_empty(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    assert "is empty (0 bytes)" in refusal(tmp_path / name)
    assert refusal(io.BytesIO()).startswith("The file object: is empty")


@pytest.mark.parametrize(("format", "subtype"), [("WAV", "PCM_16"), ("AIFF", "PCM_16"), ("AU", "PCM_16")])
def test_header_without_samples(format: str, subtype: str, tmp_path: Path) -> None:
    path = write_soundfile(tmp_path / "header.bin", np.zeros((0, 1)), format=format, subtype=subtype)
    if format == "WAV":
        assert path.stat().st_size == 44
    assert "header.bin: holds no audio" in refusal(path)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"Dear listener,\nthis is a letter. " * 100, "it is text, beginning 'Dear listener"),
        (b"ffconcat version 1.0\nfile other.wav\n", "it is text"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nother.wav\n#EXT-X-ENDLIST\n", "it is text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), "it is a PNG image"),
        (b"%PDF-1.4 " + bytes(500), "it is a PDF document"),
        (b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0", "it is MIDI notes"),
        (bytes(5000), "it begins with the bytes 00 00"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "it begins as a WAV or AIFF file, and is cut off or damaged"),
        (b"\0\0\0\x1cftypM4A \0\0\2\0" + bytes(50), "it begins as an MP4 file, and is cut off or damaged"),
        (b"RIFF\x24\0\0\0AVI LIST", "it begins with the bytes 52 49"),
        (b"\xff\xfb", "it begins with the bytes ff fb"),
        (b"\xff", "it begins with the bytes ff"),
        (b"ID3", "it is text, beginning 'ID3'"),
        (b"OggS", "it is text"),
    ],
)
@pytest.mark.parametrize("suffix", [".mp3", ".wav", ".flac", ".txt", ".raw"])
def test_other_files_renamed(content: bytes, found: str, suffix: str, tmp_path: Path) -> None:
    # A playlist must not be followed, even though its target is there.
    write_soundfile(tmp_path / "other.wav", music(1.0), format="WAV", subtype="PCM_16")
    path = tmp_path / f"file{suffix}"
    path.write_bytes(content)
    message = refusal(path)
    assert message.startswith(f"{path}: is not audio that can be decoded; {found}")


@pytest.mark.parametrize("magic", [b"", b"\xff\xfb\x90\x64", b"ID3\x04\0\0\0\0\0\0", b"fLaC", b"OggS", b"RIFF"])
@pytest.mark.parametrize("seed", range(4))
def test_noise_is_not_taken_for_music(magic: bytes, seed: int, tmp_path: Path) -> None:
    path = tmp_path / "noise.mp3"
    path.write_bytes(magic + np.random.default_rng(seed).bytes(200_000))
    assert "is not audio that can be decoded" in refusal(path)


@pytest.mark.parametrize("suffix", [".mp3", ".flac", ".ogg", ".opus", ".wav", ".aiff", ".au", ".mka"])
def test_cut_off_files_give_what_there_is(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"cut{suffix}"
    samples = music(20.0, sr=48_000)
    if suffix == ".mp3":
        write_pyav(path, samples, 48_000, container="mp3", codec="libmp3lame", sample_format="fltp")
    elif suffix == ".mka":
        write_pyav(path, samples, 48_000, container="matroska", codec="flac", sample_format="s16")
    else:
        format = {".ogg": "OGG", ".opus": "OGG"}.get(suffix, suffix[1:].upper())
        subtype = {".ogg": "VORBIS", ".opus": "OPUS"}.get(suffix, "PCM_16")
        write_soundfile(path, samples, 48_000, format=format, subtype=subtype)
    whole = load_audio(path, sr=22_050)
    cut_end(path)
    with open_audio(path, sr=22_050) as stream:
        decoded = np.concatenate(list(stream))
        assert sum(warning.startswith("ends early: ") for warning in stream.warnings) == 1
    assert 10 < decoded.size / 22_050 < 14
    # Equal up to where resampling would look beyond the cut.
    np.testing.assert_allclose(decoded[:200_000], whole[:200_000], atol=1e-6)


@pytest.mark.parametrize(
    ("format", "sizes"),
    [
        ("WAV", {4: 0x7FFFF024, 40: 0x7FFFF000}),  # SoX
        ("WAV", {4: 0x7FFFFFFF, 40: 0x7FFFFFFF - 36}),
        ("WAV", {4: 0xFFFFFFFF, 40: 0xFFFFFFFF}),  # FFmpeg
        ("AIFF", {4: 0x7F000046}),  # SoX
        ("AU", {8: 0xFFFFFFFF}),  # both
    ],
)
def test_a_file_from_a_pipe_whose_writer_did_not_know_its_size_is_whole(
    format: str, sizes: dict[int, int], tmp_path: Path
) -> None:
    path = write_soundfile(tmp_path / "piped.bin", music(1.0), format=format, subtype="PCM_16")
    data = bytearray(path.read_bytes())
    for place, size in sizes.items():
        data[place : place + 4] = size.to_bytes(4, "little" if format == "WAV" else "big")
    path.write_bytes(data)
    with open_audio(path, sr=SR) as stream:
        assert sum(block.size for block in stream) == SR
        assert stream.warnings == []


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")  # a traceback, outside of pytest
@pytest.mark.parametrize(("format", "place", "byte"), [("W64", 101, 70), ("RF64", 35, 122), ("AIFF", 41, 56)])
@pytest.mark.parametrize("in_memory", [False, True])
def test_a_header_that_leads_outside_the_file_is_no_fault_of_the_disk(
    format: str, place: int, byte: int, in_memory: bool, tmp_path: Path
) -> None:
    path = write_soundfile(tmp_path / "damaged.bin", music(2.0), format=format, subtype="PCM_16")
    data = bytearray(path.read_bytes())
    data[place] = byte
    path.write_bytes(data)
    source = io.BytesIO(data) if in_memory else path
    if format == "AIFF":
        assert "is not audio that can be decoded" in refusal(source)
        return
    with open_audio(source, sr=SR) as stream:
        assert sum(block.size for block in stream) == 2 * SR
        assert stream.warnings == []


def test_damaged_mp3_goes_on_behind_the_damage(tmp_path: Path) -> None:
    path = write_mp3(tmp_path / "damaged.mp3")
    damage_middle(path)
    with open_audio(path, sr=22_050) as stream:
        decoded_s = sum(block.size for block in stream) / 22_050
        assert 17 < decoded_s < 20
        assert stream.warnings


def test_damaged_flac_gives_what_is_before_the_damage(tmp_path: Path) -> None:
    path = write_soundfile(tmp_path / "damaged.flac", music(20.0), format="FLAC", subtype="PCM_16")
    damage_middle(path)
    with open_audio(path, sr=22_050) as stream:
        decoded_s = sum(block.size for block in stream) / 22_050
        assert 8 < decoded_s < 12
        assert any(warning.startswith("ends early") for warning in stream.warnings)


@pytest.mark.parametrize(
    "name", ["new\nline.mp3", "tab\t.mp3", "🎸 rock.mp3", "naïve ☂.mp3", "-rf.mp3", "http:x.mp3", "a%d.mp3"]
)
def test_names(name: str, tmp_path: Path) -> None:
    path = write_mp3(tmp_path / name, 1.0)
    assert load_audio(path, sr=22_050).size > 20_000
    path.write_bytes(b"text")
    assert "is not audio" in refusal(path)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc to count open files")
def test_a_rate_that_cannot_be_is_told_and_the_file_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "fast.wav"
    write_soundfile(path, music(0.1), format="WAV", subtype="PCM_16")
    data = bytearray(path.read_bytes())
    data[24:28] = (3_500_000).to_bytes(4, "little")
    path.write_bytes(data)
    n_open = len(list(Path("/proc/self/fd").iterdir()))
    # The error holds its frames, so that nothing in them is closed by being forgotten.
    with pytest.raises(AudioError, match="a sample rate of 3500000 Hz") as caught:
        open_audio(path, sr=SR)
    assert len(list(Path("/proc/self/fd").iterdir())) == n_open, caught


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    source = write_soundfile(tmp_path / "a.wav", music(1.0), format="WAV", subtype="PCM_16")
    path = os.fsencode(tmp_path) + b"/\xff\xfe.wav"
    try:
        os.rename(os.fsencode(source), path)  # noqa: PTH104 - a name of bytes
    except OSError:
        pytest.skip("this file system has only UTF-8 names")
    assert load_audio(os.fsdecode(path), sr=22_050).size == 22_050
    Path(os.fsdecode(path)).write_bytes(b"text")
    assert "\\udcff\\udcfe.wav: is not audio" in refusal(os.fsdecode(path))


def test_sources_of_another_kind(tmp_path: Path) -> None:
    path = write_soundfile(tmp_path / "a.wav", music(0.1), format="WAV", subtype="PCM_16")
    assert "io.BytesIO" in refusal(path.read_bytes())
    assert "is a int; expected a path" in refusal(3)
    for source_sr in (None, SR):
        assert "is a list; expected a path" in refusal([0.0, 0.1], source_sr=source_sr)
        assert "numpy.asarray" in refusal([0.0, 0.1], source_sr=source_sr)
    assert "but a file states its own" in refusal(path, source_sr=SR)
    assert "but a file states its own" in refusal(io.BytesIO(path.read_bytes()), source_sr=SR)
    with path.open() as text:
        assert "rb" in refusal(text)
    assert "rb" in refusal(io.StringIO("text"))
    closed = io.BytesIO(path.read_bytes())
    closed.close()
    assert "closed file" in refusal(closed)
    with (tmp_path / "write.wav").open("wb") as write_only:
        assert "open for reading" in refusal(write_only)


class FailingDisk(io.BytesIO):
    """Raises an input/output error behind a given byte, like a scratched disc."""

    def __init__(self, data: bytes, fails_at: int) -> None:
        super().__init__(data)
        self._fails_at = fails_at

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > self._fails_at:
            raise OSError(5, "Input/output error")
        return super().read(size)


@pytest.mark.parametrize("suffix", [".wav", ".mp3"])
def test_a_disk_that_fails_while_reading(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"music{suffix}"
    if suffix == ".wav":
        write_soundfile(path, music(20.0), format="WAV", subtype="PCM_16")
    else:
        write_mp3(path)
    data = path.read_bytes()
    with open_audio(FailingDisk(data, len(data) // 2), sr=SR) as stream:
        decoded_s = sum(block.size for block in stream) / SR
        assert 8 < decoded_s < 12
        assert [warning for warning in stream.warnings if "Input/output error" in warning]
    assert "Input/output error" in refusal(FailingDisk(data, -1))
