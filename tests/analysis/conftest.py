"""Predictions, run folders and recordings that are small, and whose figures are known."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from stored_splits import write_split

from genrekit.analysis.picture import Picture, write_picture
from genrekit.evaluation.predictions import Predictions

GENRES = ("blues", "jazz", "rock")


def write_run(
    folder: Path,
    *,
    fold: int = 0,
    seed: int = 0,
    recipe: str = "se_cnn",
    protocol: str = "P2",
    n_right: int = 24,
    first_track: int = 0,
    title: str = "",
    n_folds: int = 0,
    n_unsure: int = 0,
    dataset: str = "gtzan_archive",
) -> Path:
    """A run folder with predictions: thirty tracks of two excerpts, the first `n_right` right with 0.8.

    The first `n_unsure` tracks have 0.5 in place of 0.8. A recipe and a split are there where `title` or `n_folds` is.
    """
    label = np.repeat(np.arange(30) % 3, 2)
    answer = np.where(np.repeat(np.arange(30) < n_right, 2), label, (label + 1) % 3)
    confidence = np.where(np.repeat(np.arange(30) < n_unsure, 2), 0.5, 0.8)
    probabilities = np.repeat((1 - confidence[:, None]) / 2, 3, axis=1)
    probabilities[np.arange(60), answer] = confidence
    folder.mkdir(parents=True, exist_ok=True)
    if title:
        (folder / "recipe.yaml").write_text(f"name: {recipe}\ntitle: {title}\n")
    if n_folds:
        unit = "excerpt" if protocol == "P1" else "track"
        write_split(folder, protocol=protocol, unit=unit, fold=fold, n_folds=n_folds)
    Predictions(
        genres=GENRES,
        track=np.array([f"{GENRES[i % 3]}.{first_track + i:05d}" for i in np.repeat(np.arange(30), 2)]),
        start_s=np.tile([0.0, 5.0], 30),
        part=np.full(60, "test"),
        fold=np.full(60, fold),
        seed=np.full(60, seed),
        label=label,
        probabilities=probabilities,
        protocol=protocol,
        contaminated=protocol == "P1",
        recipe=recipe,
        dataset=dataset,
        artist=np.array([f"artist {i // 2}" for i in np.repeat(np.arange(30), 2)]),
    ).write_parquet(folder / "predictions.parquet")
    return folder


def write_metrics(
    folder: Path,
    *,
    accuracy: list[float],
    fold: int = 0,
    protocol: str = "P2",
    learning_rate: float = 0.001,
    valid: bool = True,
    validation: str = "inner",
    dataset: str = "gtzan_archive",
    n_folds: int | None = None,
) -> Path:
    """What the curves are read from: metrics.csv, recipe.yaml and split.json; the loss is 1 - accuracy."""
    folder.mkdir(parents=True)
    lines = ["epoch,train_loss,train_accuracy,valid_loss,valid_accuracy,valid_file_accuracy"]
    for epoch, value in enumerate(accuracy):
        last = f"{1 - value + 0.1:.3f},{value - 0.1:.3f},{value:.3f}" if valid else ",,"
        lines.append(f"{epoch},{1 - value:.3f},{value:.3f},{last}")
    (folder / "metrics.csv").write_text("\n".join(lines) + "\n")
    (folder / "recipe.yaml").write_text(
        f"name: se_cnn\ntitle: SE-CNN\nseed: 0\ndata: {{dataset: {dataset}, root: /somewhere/{fold}}}\n"
        f"split: {{name: {protocol}, fold: {fold}}}\noptimisation: {{learning_rate: {learning_rate}}}\n"
    )
    unit = "excerpt" if protocol == "P1" else "track"
    split = {"protocol": protocol, "unit": unit, "fold": fold, "n_folds": n_folds, "validation": validation}
    (folder / "split.json").write_text(json.dumps(split))
    return folder


@pytest.fixture(name="write_run", scope="session")
def write_run_fixture() -> Callable[..., Path]:
    return write_run


@pytest.fixture(name="write_metrics", scope="session")
def write_metrics_fixture() -> Callable[..., Path]:
    return write_metrics


@pytest.fixture
def table_of(tmp_path: Path) -> Callable[[Picture], list[dict[str, str]]]:
    """Writes a picture, checks that its files are what they should be, and returns the rows of its CSV."""

    def write(picture: Picture) -> list[dict[str, str]]:
        paths = write_picture(picture, tmp_path / "figures", dpi=80)
        svg, png, table, facts = paths
        assert svg.read_bytes().startswith(b"<?xml") and png.read_bytes().startswith(b"\x89PNG")
        assert json.loads(facts.read_text(encoding="utf-8"))["caption"] == picture.caption
        with table.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return write


@dataclass(frozen=True)
class Trained:
    """Own music in folders, and the runs of the first two folds of a random split of it."""

    music: Path
    runs: Path


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Two genres that differ in colour, twenty recordings each; a tiny network trained on two folds of ten."""
    pytest.importorskip("torch")
    import soundfile
    import torch

    from genrekit.training.preparation import prepare
    from genrekit.training.recipes.recipe import parse_recipe
    from genrekit.training.trainer import train

    root = tmp_path_factory.mktemp("trained")
    rng = np.random.default_rng(0)
    for genre, smooth in (("bright", 1), ("dark", 30)):
        (root / "music" / genre).mkdir(parents=True)
        for k in range(20):
            # Of some, the last window lacks a little: its end is held.
            y = np.convolve(rng.standard_normal(22_050 * 4), np.ones(smooth) / smooth, "same")
            y = y[: -1_000 if k % 2 else None]
            soundfile.write(root / "music" / genre / f"{k:02d}.flac", 0.1 * y / y.std(), 22_050)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    for fold in range(2):
        recipe = parse_recipe(
            {
                "name": "tiny",
                "data": {"dataset": "folder", "root": str(root / "music")},
                "split": {"name": "random_folds", "fold": fold, "valid_fraction": 0.25},
                "excerpts": {"window_s": 3.0, "hop_s": 0.5},
                "features": "archive_log_mel",
                "model": {"name": "res_cnn", "options": {"width": 2}},
                "optimisation": {"learning_rate": 0.01, "batch_size": 8, "max_epochs": 4},
            },
            source="test",
        )
        train(prepare(recipe), root / "runs")
    torch.set_num_threads(before)
    return Trained(root / "music", root / "runs")


@pytest.fixture
def own_runs(trained: Trained, tmp_path: Path) -> Path:
    """A copy of the runs, since readings are recorded in them."""
    return Path(shutil.copytree(trained.runs, tmp_path / "runs"))
