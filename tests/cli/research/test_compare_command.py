from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from stored_splits import write_split

from genrekit.cli.main import main
from genrekit.evaluation.predictions import Predictions


def write_run(folder: Path, *, recipe: str, n_right: int, n_tracks: int = 60, protocol: str = "P2") -> str:
    """Tracks of one excerpt, of which the first `n_right` are right."""
    label = np.arange(n_tracks) % 2
    right = np.arange(n_tracks) < n_right
    folder.mkdir(parents=True)
    Predictions(
        genres=("jazz", "rock"),
        track=np.array([f"t{i:05d}" for i in range(n_tracks)]),
        start_s=np.zeros(n_tracks),
        part=np.full(n_tracks, "test"),
        fold=np.zeros(n_tracks, dtype=int),
        seed=np.zeros(n_tracks, dtype=int),
        label=label,
        probabilities=np.eye(2)[np.where(right, label, 1 - label)],
        protocol=protocol,
        contaminated=protocol == "P1",
        recipe=recipe,
        dataset="gtzan_archive",
    ).write_parquet(folder / "predictions.parquet")
    return str(folder)


def test_two_runs_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [write_run(tmp_path / "a", recipe="good", n_right=54), write_run(tmp_path / "b", recipe="bad", n_right=42)]
    assert main(["compare", *runs]) == 0
    out, err = capsys.readouterr()
    assert "90.00 %  good" in out and "70.00 %  bad" in out and "+20.00" in out
    assert "12 tracks only the first has right, 0 only the second, p = 0.0005" in out
    assert "Artists were not recorded" in err
    assert main(["compare", *runs, "--format", "json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["difference"] == pytest.approx(0.2)
    assert values["mcnemar"]["p_value"] == pytest.approx(2 * 0.5**12)


def test_different_tracks_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [
        write_run(tmp_path / "a", recipe="x", n_right=50),
        write_run(tmp_path / "b", recipe="y", n_right=40, n_tracks=58),
    ]
    assert main(["compare", *runs]) == 1
    assert "needs the same tracks" in capsys.readouterr().err


def test_an_unfair_comparison_warns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [
        write_run(tmp_path / "a", recipe="clean", n_right=40),
        write_run(tmp_path / "b", recipe="leaky", n_right=58, protocol="P1"),
    ]
    assert main(["compare", *runs]) == 0
    assert "CONTAMINATED: leaky has heard the test tracks" in capsys.readouterr().err


def test_a_run_that_was_stopped_on_the_scored_part_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [write_run(tmp_path / name, recipe="x", n_right=n) for name, n in (("a", 40), ("b", 44))]
    write_split(tmp_path / "b", validation="test")
    assert main(["compare", *runs]) == 0
    out, err = capsys.readouterr()
    assert "x (gtzan_archive, P2)" in out and "x (gtzan_archive, P2, stopped on test)" in out
    assert "training of the second was stopped on the very part that is scored" in err


def test_two_runs_are_needed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", write_run(tmp_path / "a", recipe="x", n_right=5)]) == 2
    assert "Missing argument" in capsys.readouterr().err
