from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

GENRES = ("blues", "jazz", "pop")
OF = {"recipe": "0123", "fold": 0}


@pytest.fixture(scope="module")
def unknown_music(load_script):
    return load_script("unknown_music")


def found(genre: str, auroc: float) -> dict[str, Any]:
    return {"genre": genre, "auroc": {"confidence": auroc}}


def test_what_was_found_of_other_genres_stays(unknown_music, tmp_path: Path) -> None:
    path = tmp_path / "unknown_music.json"
    assert unknown_music.known_before(path, OF) == {}
    first = {**OF, **unknown_music.together({"pop": found("pop", 0.6), "jazz": found("jazz", 0.8)}, GENRES)}
    assert first["not_run"] == ["blues"]
    path.write_text(json.dumps(first))
    kept = unknown_music.known_before(path, OF)
    assert unknown_music.known_before(path, {**OF, "fold": 1}) == {}, "another fold is another experiment"
    assert unknown_music.known_before(path, {**OF, "recipe": "of another model"}) == {}
    both = unknown_music.together({**kept, "blues": found("blues", 0.7), "pop": found("pop", 0.9)}, GENRES)
    assert [one["genre"] for one in both["genres"]] == list(GENRES)
    assert both["not_run"] == []
    assert both["mean_auroc"]["confidence"] == pytest.approx(0.8)
