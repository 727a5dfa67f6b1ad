from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from genrekit.data.sets.artist_tags import tagged_artist


@pytest.mark.parametrize(("suffix", "codec"), [("flac", "flac"), ("mp3", "libmp3lame"), ("opus", "libopus")])
def test_the_artist_of_the_tags(tmp_path: Path, suffix: str, codec: str) -> None:
    path = tmp_path / f"song.{suffix}"
    _write(path, codec, " Señora Ñandú ")
    assert tagged_artist(path) == "Señora Ñandú"


@pytest.mark.parametrize("name", ["Unknown Artist", "VARIOUS ARTISTS", " various "])
def test_what_stands_for_no_artist_is_none(tmp_path: Path, name: str) -> None:
    _write(tmp_path / "song.flac", "flac", name)
    assert tagged_artist(tmp_path / "song.flac") is None


def _write(path: Path, codec: str, artist: str) -> None:
    with av.open(str(path), "w") as container:
        container.metadata["artist"] = artist
        stream = container.add_stream(codec, rate=48000)
        stream.layout = "stereo"
        n, name = 1024, stream.codec_context.format.name if stream.codec_context.format else "s16"
        planar = name.endswith("p")
        dtype = np.float32 if name.startswith("flt") else np.int32 if name.startswith("s32") else np.int16
        samples = np.zeros((2, n) if planar else (1, 2 * n), dtype)
        frame = av.AudioFrame.from_ndarray(samples, format=name, layout="stereo")
        frame.sample_rate = 48000
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)


def test_no_tags_and_no_audio_are_no_artist(tmp_path: Path) -> None:
    (tmp_path / "text.mp3").write_text("no music")
    assert tagged_artist(tmp_path / "text.mp3") is None
    assert tagged_artist(tmp_path / "missing.mp3") is None
