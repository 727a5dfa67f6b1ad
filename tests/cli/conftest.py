"""The command line as a person has it, with a tiny model and a good file at hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

SR = 22050


@pytest.fixture
def classify(genrekit_cli: Callable, tiny_model_path: Path) -> Callable:
    def run(*arguments: object, **options: Any) -> Any:
        return genrekit_cli("classify", "--model", tiny_model_path, *arguments, **options)

    return run


@pytest.fixture
def good(write_tone: Callable[..., Path]) -> Path:
    return write_tone("good.wav")


def write_noise(path: Path, seed: int, duration_s: float = 6.0) -> None:
    """Noise whose level changes ten times a second, so that no two seeds are one recording."""
    rng = np.random.default_rng(seed)
    y = rng.standard_normal(round(duration_s * SR)) * np.repeat(rng.uniform(0, 0.2, round(duration_s * 10)), SR // 10)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, y, SR)


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Two genres of two files."""
    root = tmp_path / "music"
    for number, name in enumerate(("polka/a.wav", "polka/b.wav", "waltz/c.wav", "waltz/d.wav")):
        write_noise(root / name, number)
    return root


@pytest.fixture(autouse=True)
def no_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GENREKIT_DATA", raising=False)
