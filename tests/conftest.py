"""Fixtures that more than one room uses."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).parents[1]

# How long an example takes says how busy the machine is.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def _cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is remembered from one run to the next must not decide a test."""
    os.environ["XDG_CACHE_HOME"] = os.environ["LOCALAPPDATA"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def gtzan_root() -> Path:
    """The real data: the folder named by GENREKIT_GTZAN, or one beside the checkout; skips where it is missing."""
    root = Path(os.environ.get("GENREKIT_GTZAN") or REPOSITORY.parent / "shared" / "gtzan")
    if not (root / "logmel.npz").is_file():
        pytest.skip(f"GTZAN is not at {root}; set GENREKIT_GTZAN to the folder that holds logmel.npz")
    return root


@pytest.fixture(scope="session")
def tiny_model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real model file of a few kilobytes; see tiny_model.py."""
    pytest.importorskip("onnx")
    from tiny_model import write_tiny_model

    return write_tiny_model(tmp_path_factory.mktemp("model") / "tiny.onnx")


@pytest.fixture
def write_tone(tmp_path: Path) -> Callable[..., Path]:
    """Writes a sine to an audio file and returns its path."""

    def write(
        name: str, *, frequency_hz: float = 100.0, duration_s: float = 3.0, sr: int = 8000, channels: int = 1
    ) -> Path:
        import soundfile

        t = np.arange(round(duration_s * sr)) / sr
        y = 0.5 * np.sin(2 * np.pi * frequency_hz * t)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # Encoded to bytes of our own, since libsndfile cannot open every name that a file system allows.
        with path.open("wb") as file:
            suffix = path.suffix.lstrip(".").upper()
            soundfile.write(file, np.repeat(y[:, None], channels, axis=1), sr, format=suffix)
        return path

    return write


@dataclass(frozen=True)
class Finished:
    """What a run of the command line gave."""

    code: int
    out: str
    err: str


@pytest.fixture
def genrekit_cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Finished]:
    """Runs the command line in this process: arguments in, exit code and both streams out."""
    from genrekit.cli.main import main

    def run(*arguments: object, stdin: bytes = b"") -> Finished:
        capfd.readouterr()
        with monkeypatch.context() as patch:
            patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            patch.setenv("COLUMNS", "200")
            code = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return Finished(code, out, err)

    return run


@pytest.fixture(scope="session")
def genrekit_program() -> list[str]:
    """The start of a command line that runs genrekit in a process of its own."""
    return [sys.executable, "-c", "import sys; from genrekit.cli.main import main; sys.exit(main())"]
