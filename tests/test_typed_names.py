"""A misspelt name is an error to whoever checks the types of a program that uses this package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy")


def test_names_that_are_not_there_are_found(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import genrekit\nfrom genrekit import inference\n\n"
        "genre: str = genrekit.load().classify('song.mp3').genre\n"
        "genrekit.lod()\ninference.Clasifier\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(program)],
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [line.partition(": ")[2] for line in done.stdout.splitlines()[:-1]]
    assert len(errors) == 2, done.stdout
    assert 'no attribute "lod"' in errors[0] and 'no attribute "Clasifier"' in errors[1]
