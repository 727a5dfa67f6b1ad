"""The service with a model of somebody's own genres, as `genrekit learn` makes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("onnx")

from learning.conftest import write_song

from genrekit.learning.own_genres import learn
from serve.conftest import Running

DEEP, BRIGHT = "Früh Dub", "Acid & Bleep"


def test_own_genres_are_served(start_service: Callable[..., Running], tiny_model_path: Path, tmp_path: Path) -> None:
    for k in range(6):
        write_song(tmp_path / "own" / DEEP / f"{k}.wav", k, 100, 700)
        write_song(tmp_path / "own" / BRIGHT / f"{k}.wav", 1000 + k, 2200, 3500)
    model = learn(tmp_path / "own", model=tiny_model_path).write(tmp_path / "mine.onnx")
    songs = {
        DEEP: write_song(tmp_path / "a.wav", 77, 100, 700),
        BRIGHT: write_song(tmp_path / "b.wav", 1077, 2200, 3500),
    }
    running = start_service("--workers", 1, model=str(model.path))
    (served,) = httpx.get(f"{running.url}/v1/models").json()["models"]
    assert served["name"] == "mine" and set(served["genres"]) == set(songs)
    for genre, song in songs.items():
        files = {"file": (song.name, song.read_bytes())}
        answer = httpx.post(f"{running.url}/v1/classify", files=files, params={"timeline": "true"}, timeout=60)
        assert answer.status_code == 200, answer.text
        result = answer.json()
        assert (result["genre"], result["model"]) == (genre, "mine")
        assert set(result["probabilities"]) == set(songs)
        assert {part["genre"] for part in result["timeline"]} <= {*songs, "unknown"}
        assert result["timeline"][-1]["end_s"] == pytest.approx(4, abs=0.1)
    assert running.stop() == 0
