"""Lists of paths on standard input."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from audio.encoding import music
from audio.test_formats import FORMATS
from hypothesis import assume, given
from hypothesis import strategies as st

from genrekit.cli.arguments.inputs import NoPathListError, read_path_list

# Any name that a POSIX file system allows: bytes but NUL, decoded as Python decodes names.
paths = st.binary(min_size=1, max_size=30).filter(lambda name: b"\0" not in name).map(os.fsdecode)


@given(st.lists(paths, max_size=6))
def test_a_list_with_nul_gives_any_names_back(names: list[str]) -> None:
    data = b"".join(os.fsencode(name) + b"\0" for name in names)
    # What begins as text in UTF-16 or UTF-8 with a mark is read as that; so is what has a NUL behind each character.
    assume(not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")) and any(len(name) > 1 for name in names))
    assert read_path_list(io.BytesIO(data)) == names


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (b"", []),
        (b"\xef\xbb\xbfa b\0c\0", ["a b", "c"]),
        (b"a\n\nb", ["a", "b"]),
        (b"a\r\nb c\r\n", ["a", "b c"]),
        (b"a\nb\0c", ["a\nb", "c"]),
    ],
)
def test_a_list_of_lines(data: bytes, names: list[str]) -> None:
    assert read_path_list(io.BytesIO(data)) == names


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-16-le"])
def test_a_list_as_powershell_writes_it(encoding: str) -> None:
    mark = "\ufeff" if encoding in ("utf-16-be", "utf-16-le") else ""
    data = f"{mark}Möte/a.mp3\r\nC:\\日本\\b c.flac\r\n".encode(encoding)
    assert read_path_list(io.BytesIO(data)) == ["Möte/a.mp3", "C:\\日本\\b c.flac"]


@pytest.mark.parametrize("data", ["a.mp3\n".encode("utf-16-le"), "x/y".encode("utf-16-le"), b"\xff\xfea"])
def test_half_of_utf_16_is_no_list(data: bytes) -> None:
    with pytest.raises(NoPathListError, match=r"utf-16|UTF-16"):
        read_path_list(io.BytesIO(data))


def test_a_name_that_the_system_cannot_hold_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsdecode", lambda name: name.decode("utf-8"))  # as on Windows
    with pytest.raises(NoPathListError, match=r"lists 'M\\\\xf6te.mp3', which is not in UTF-8; write the list in that"):
        read_path_list(io.BytesIO("ä.mp3\n".encode() + "Möte.mp3\n".encode("latin-1")))


@pytest.mark.parametrize("name", ["RIFF.wav", "fLaC/a.flac", "OggS.ogg", "ID3/song.mp3"])
def test_names_of_formats_are_names(name: str) -> None:
    assert read_path_list(io.BytesIO(name.encode() + b"\n")) == [name]


@pytest.mark.parametrize("name", ["wav 16 bit", "aiff", "flac 16 bit", "ogg vorbis", "m4a aac", "mp3"])
def test_audio_is_no_list(name: str, tmp_path: Path) -> None:
    kind = FORMATS[name]
    data = kind.write(tmp_path / f"music{kind.suffix}", music(0.2), kind.sr).read_bytes()
    with pytest.raises(NoPathListError, match=r"begins like an? .* file, and '-' reads a list of paths"):
        read_path_list(io.BytesIO(data))
