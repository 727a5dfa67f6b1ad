"""Collections of tones, which the tiny model hears as low or high."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

SR = 8000


def write_song(path: Path, seed: int, low_hz: float, high_hz: float) -> Path:
    """Four seconds of tones at random moments, different for each seed, so that no two songs are one recording."""
    rng = np.random.default_rng(seed)
    n = 4 * SR
    t = np.arange(n) / SR
    y = 0.002 * rng.standard_normal(n)
    for _ in range(12):
        start_s, frequency_hz = rng.uniform(-0.2, 3.6), rng.uniform(low_hz, high_hz)
        envelope = np.exp(-0.5 * ((t - start_s - 0.3) / rng.uniform(0.05, 0.3)) ** 2)
        y += rng.uniform(0.05, 0.3) * envelope * np.sin(2 * np.pi * frequency_hz * t)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, y / np.abs(y).max() * 0.8, SR)
    return path


@pytest.fixture
def make_collection(tmp_path: Path) -> Callable[..., Path]:
    """Writes ``folder/low`` and ``folder/high`` with `n` songs each."""

    def make(n: int = 10, name: str = "own") -> Path:
        folder = tmp_path / name
        for k in range(n):
            write_song(folder / "low" / f"{k:02}.wav", k, 100, 700)
            write_song(folder / "high" / f"{k:02}.wav", 1000 + k, 2200, 3500)
        return folder

    return make
