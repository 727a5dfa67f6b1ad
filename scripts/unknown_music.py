"""How well music of a genre that a model was never taught is told from music of those that it was.

    python scripts/unknown_music.py --gtzan DIR --negatives FILE [--work runs/left_out] [--jobs 2] [--fold 0]

For each genre, the bundled model is trained without it on a strictly artist-disjoint fold. Its confidence on the test
part, by artists that it never heard, is set against its confidence on all tracks of the genre that it was not taught:
area under the ROC curve, and the share of either that gets an answer at the threshold that answers 90 % of the known.
Finished runs are not trained again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from genrekit.data import load_dataset
from genrekit.evaluation import Predictions
from genrekit.evaluation.fusion import fuse
from genrekit.models import load_weights
from genrekit.training.recipe import Recipe, load_recipe
from genrekit.training.run import Run
from genrekit.training.sources import ArchiveSource

REPOSITORY = Path(__file__).parents[1]
RECIPE = REPOSITORY / "recipes" / "default_model.yaml"
RESULTS = REPOSITORY / "results" / "default_model"
COVERAGE = 0.9


def overrides_for(genre: str, fold: int) -> tuple[str, ...]:
    split = ("split.name=artist_disjoint", f"split.fold={fold}", "split.validation=none")
    return (*split, f"data.left_out=[{genre}]")


def train(genre: str, given: argparse.Namespace) -> None:
    """Train by the command that anyone can type, on one thread."""
    command = [sys.executable, "-m", "genrekit", "train", str(RECIPE), "--data", str(given.gtzan)]
    command += ["--negatives", str(given.negatives), "--runs", str(given.work), "--threads", "1"]
    for override in overrides_for(genre, given.fold):
        command += ["--set", override]
    done = subprocess.run(
        command, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"{genre} failed:\n{done.stderr}")
    print(f"trained without {genre}", flush=True)


def confidence_on(genre: str, source: ArchiveSource, rows: list[int], run: Run, recipe: Recipe) -> NDArray[np.float64]:
    """Highest mean probability of each track of the genre [n], from the windows that a test part is scored on."""
    network, _ = load_weights(run.weights_path)
    window, hop = source.steps(recipe.excerpts.window_s), source.steps(recipe.excerpts.hop_s)
    place = torch.tensor(rows)
    said = []
    for start in range(0, int(source.n_steps[place].min()) - window + 1, hop):
        with torch.no_grad():
            cut = source.cut(place, torch.full((len(rows),), start), window)
            said.append(network(source.features(cut)).double().softmax(1))
    return np.asarray(torch.stack(said).mean(0).amax(1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gtzan", type=Path, required=True, help="folder that holds logmel.npz")
    parser.add_argument("--negatives", type=Path, required=True, help="archive of sounds that are no music")
    parser.add_argument("--work", type=Path, default=Path("runs/left_out"), help="folder for runs")
    parser.add_argument("--jobs", type=int, default=2, help="runs side by side, one thread each")
    parser.add_argument("--fold", type=int, default=0, help="of the artist-disjoint folds")
    given = parser.parse_args()
    dataset = load_dataset("gtzan_archive", given.gtzan)
    with ThreadPoolExecutor(given.jobs) as pool:
        list(pool.map(lambda genre: train(genre, given), dataset.genres))
    source = ArchiveSource(dataset, torch.device("cpu"))
    found = []
    for genre in dataset.genres:
        recipe = load_recipe(RECIPE, overrides_for(genre, given.fold))
        run = Run.of(recipe, given.work)
        test = fuse(Predictions.read_parquet(run.predictions_path).select(part="test"), "mean")
        known = np.asarray(test.probabilities.max(1), dtype=np.float64)
        rows = [row for row, track in enumerate(dataset.tracks) if track.genre == genre]
        unknown = confidence_on(genre, source, rows, run, recipe)
        threshold = float(np.quantile(known, 1 - COVERAGE))
        label = np.repeat([1, 0], [len(known), len(unknown)])
        found.append(
            {
                "genre": genre,
                "auroc": float(roc_auc_score(label, np.concatenate([known, unknown]))),
                "accuracy_known": float(test.correct.mean()),
                "unknown_not_answered": float((unknown < threshold).mean()),
                "n_known": len(known),
                "n_unknown": len(unknown),
            }
        )
        print(json.dumps(found[-1]), flush=True)
    mean = float(np.mean([one["auroc"] for one in found]))
    print(f"mean area under the ROC curve {mean:.3f}")
    values = {"fold": given.fold, "coverage": COVERAGE, "mean_auroc": mean, "genres": found}
    (RESULTS / "unknown_music.json").write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
