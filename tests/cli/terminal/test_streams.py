"""What becomes of a run whose output nobody reads any more."""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from genrekit.cli.terminal.streams import lasting_streams, nobody_reads
from genrekit.results.writers import csv_line


@pytest.fixture
def unread() -> Iterator[int]:
    """A pipe whose reader is gone."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@pytest.fixture(params=["", "1"], ids=["buffered", "unbuffered"], autouse=True)
def buffering(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", request.param)


@pytest.fixture
def music(tmp_path: Path, write_tone: Callable[..., Path]) -> Path:
    for i in range(3):
        write_tone(f"music/{i}.wav")
    (tmp_path / "music" / "broken.wav").write_bytes(b"no music" * 100)
    return tmp_path / "music"


def test_results_are_written_though_nobody_reads_messages(
    genrekit_program: list[str], tiny_model_path: Path, music: Path, tmp_path: Path, unread: int
) -> None:
    output = tmp_path / "results.json"
    command = [*genrekit_program, "classify", music, "--model", tiny_model_path, "--output", output]
    finished = subprocess.run(command, stdout=unread, stderr=unread)
    assert finished.returncode == 1  # as one file is broken
    assert len([json.loads(line) for line in output.read_text().splitlines()]) == 4


@pytest.mark.parametrize("wants_page", [False, True])
def test_who_has_enough_ends_a_run_that_writes_nothing_else(
    genrekit_program: list[str], tiny_model_path: Path, music: Path, tmp_path: Path, unread: int, wants_page: bool
) -> None:
    page = tmp_path / "page.html"
    command = [*genrekit_program, "classify", music, "--model", tiny_model_path]
    command += ["--summary", page] if wants_page else []
    finished = subprocess.run(command, stdout=unread, stderr=subprocess.PIPE, text=True)
    assert finished.returncode == (1 if wants_page else 0)
    assert ("broken.wav" in finished.stderr) is page.is_file() is wants_page
    assert "ipe" not in finished.stderr


def test_pictures_are_drawn_though_nobody_reads_their_names(
    genrekit_program: list[str], tiny_model_path: Path, music: Path, tmp_path: Path, unread: int
) -> None:
    pytest.importorskip("matplotlib")
    command = [*genrekit_program, "picture", music, "--model", tiny_model_path, "--output", tmp_path, "-f", "svg"]
    finished = subprocess.run(command, stdout=unread, stderr=subprocess.PIPE, text=True)
    assert finished.returncode == 1
    assert "1 of 4 could not be drawn" in finished.stderr
    assert len(list(tmp_path.glob("*.svg"))) == 3


def test_another_pipe_that_breaks_is_told(genrekit_cli: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    def doctor() -> None:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr("genrekit.cli.doctor_command.doctor", doctor)
    finished = genrekit_cli("doctor")
    assert finished.code == 1
    assert "unexpected ConnectionError: [Errno 32] Broken pipe" in finished.err


def test_lines_end_as_in_files_on_every_system(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    # As Windows opens it.
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="cp1252", newline="\r\n"))
    with lasting_streams():
        sys.stdout.write(csv_line(["ä", "b\r\nc"]))
        sys.stdout.flush()
    assert written.getvalue() == 'ä,"b\r\nc"\n'.encode()


@pytest.mark.parametrize(
    ("error", "platform", "gone"),
    [
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), "linux", True),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), "win32", True),
        (OSError(errno.EINVAL, "Invalid argument"), "win32", True),
        (OSError(errno.EINVAL, "Invalid argument"), "linux", False),
        (OSError(errno.ENOSPC, "No space left on device"), "win32", False),
    ],
)
def test_how_a_system_says_that_nobody_reads(error: OSError, platform: str, gone: bool) -> None:
    assert nobody_reads(error, platform) is gone
