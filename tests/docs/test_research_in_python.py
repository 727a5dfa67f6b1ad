"""The page on experiments in Python, run on sound: a collection of two genres with six artists each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("torch")

PAGE = Path(__file__).parents[2] / "docs" / "research" / "python.md"
SR = 22050


@pytest.fixture
def listings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The page's programs, in a folder with ``My Music`` beside it."""
    rng = np.random.default_rng(0)
    rows = ["file,artist"]
    for genre, low_hz in (("drone", 110.0), ("noise", 0.0)):
        (tmp_path / "My Music" / genre).mkdir(parents=True)
        for number in range(6):
            t = np.arange(int(4.5 * SR)) / SR
            tone = np.sin(2 * np.pi * low_hz * (number + 1) * t) if low_hz else rng.normal(size=t.size)
            sound = 0.2 * tone + 0.01 * rng.normal(size=t.size)
            soundfile.write(tmp_path / "My Music" / genre / f"{number}.wav", sound, SR)
            rows.append(f"{genre}/{number}.wav,artist {genre} {number}")
    (tmp_path / "My Music" / "artists.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    text = PAGE.read_text(encoding="utf-8")
    programs = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(programs) == 4
    # One epoch shows as well as thirty that the calls fit together.
    assert "max_epochs=30" in programs[0]
    return [program.replace("max_epochs=30", "max_epochs=1") for program in programs]


def test_the_page_runs(listings: list[str], tmp_path: Path) -> None:
    names: dict[str, object] = {"__name__": "a_program"}
    for program in listings[:3]:
        exec(program, names)
    assert names["prepared"].proof.n_test_touched == 0
    assert names["run"].complete and (tmp_path / "card" / "report.html").is_file()
    (reading,) = names["find_runs"](names["run"].folder)[0].readings("test")
    assert reading.command == "evaluate_runs"
    assert (tmp_path / "split.json").is_file() and (tmp_path / "predictions.parquet").is_file()
    one, other = (names["fuse"](names[name], "mean") for name in ("good", "poor"))
    assert names["compare"](one, other, generator=names["rng"]).difference > 0


@pytest.mark.slow
def test_many_runs_of_the_page(listings: list[str], tmp_path: Path) -> None:
    names: dict[str, object] = {"__name__": "a_program"}
    exec(listings[0], names)
    exec(listings[3].replace('if __name__ == "__main__":', "if True:"), names)
    assert not names["finished"].failed and len(names["finished"].complete) == 2
