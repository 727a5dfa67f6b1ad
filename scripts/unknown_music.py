"""How well music of a genre that a model was never taught is told from music of those that it was.

    python scripts/unknown_music.py --gtzan DIR --negatives FILE [--work runs/left_out] [--jobs 2] [--fold 0] \\
        [--genres blues,classical]

For each genre, the bundled model is trained without it on a strictly artist-disjoint fold. Its confidence on the test
part, by artists that it never heard, is set against its confidence on all tracks of the genre that it was not taught:
area under the ROC curve, and the share of the unknown that gets no answer at the threshold that answers 90 % of the
known. Beside confidence, which decides in use, stand two scores of the embedding against that of the training tracks:
relative Mahalanobis distance (Ren et al. 2021, arXiv 2106.09022), and the cosine to the 20th nearest (Sun et al. 2022,
arXiv 2204.06507). Finished runs are not trained again, and what was found of genres that are not asked for stays.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from default_model_scores import RECIPE, RESULTS
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf
from sklearn.metrics import roc_auc_score

from genrekit.data import Dataset, load_dataset
from genrekit.models import load_weights
from genrekit.training.material.sources import ArchiveSource
from genrekit.training.recipes.recipe import Recipe, load_recipe
from genrekit.training.run import Run

OUTPUT = RESULTS / "unknown_music.json"
COVERAGE = 0.9
N_NEIGHBOURS = 20


def overrides_for(genre: str, fold: int) -> tuple[str, ...]:
    split = ("split.name=artist_disjoint", f"split.fold={fold}", "split.validation=none")
    return (*split, f"data.left_out=[{genre}]")


def train(genre: str, given: argparse.Namespace) -> None:
    """Train by the command that anyone can type, on one thread."""
    command = [sys.executable, "-m", "genrekit", "train", str(RECIPE), "--root", str(given.gtzan)]
    command += ["--negatives", str(given.negatives), "--runs", str(given.work), "--threads", "1"]
    for override in overrides_for(genre, given.fold):
        command += ["--set", override]
    done = subprocess.run(
        command, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"{genre} failed:\n{done.stderr}")
    print(f"trained without {genre}", flush=True)


class Heard(NamedTuple):
    """Of each track: probabilities [n, n_genres] and embedding [n, size], means over the windows that are scored."""

    probabilities: NDArray[np.float64]
    embedding: NDArray[np.float64]


def hear(source: ArchiveSource, rows: list[int], run: Run, recipe: Recipe) -> Heard:
    """What a run's network makes of the tracks in these rows."""
    network, _ = load_weights(run.weights_path)
    window, hop = source.steps(recipe.excerpts.window_s), source.steps(recipe.excerpts.hop_s)
    place = torch.tensor(rows)
    embeddings, said = [], []
    for start in range(0, int(source.n_steps[place].min()) - window + 1, hop):
        with torch.no_grad():
            cut = source.cut(place, torch.full((len(rows),), start), window)
            embeddings.append(network.forward_features(source.features(cut)))
            said.append(network.forward_head(embeddings[-1]).double().softmax(1))
    return Heard(torch.stack(said).mean(0).numpy(), torch.stack(embeddings).double().mean(0).numpy())


def scores(train: Heard, label: NDArray[np.int64]) -> dict[str, Callable[[Heard], NDArray[np.float64]]]:
    """Scores by name, higher the more a track is like the training tracks, whose genres are `label`."""
    mean, deviation = train.embedding.mean(0), train.embedding.std(0) + 1e-6

    def standardised(heard: Heard) -> NDArray[np.float64]:
        return np.asarray((heard.embedding - mean) / deviation)

    def directions(heard: Heard) -> NDArray[np.float64]:
        z = standardised(heard)
        return np.asarray(z / np.linalg.norm(z, axis=1, keepdims=True))

    z, known = standardised(train), directions(train)
    centres = np.stack([z[label == genre].mean(0) for genre in range(label.max() + 1)])
    within, all_of_them = LedoitWolf().fit(z - centres[label]), LedoitWolf().fit(z)

    def relative_mahalanobis(heard: Heard) -> NDArray[np.float64]:
        z = standardised(heard)
        to_a_genre = np.min([within.mahalanobis(z - centre) for centre in centres], axis=0)
        return np.asarray(all_of_them.mahalanobis(z) - to_a_genre)

    return {
        "confidence": lambda heard: heard.probabilities.max(1),
        "relative_mahalanobis": relative_mahalanobis,
        "nearest_neighbours": lambda heard: np.sort(directions(heard) @ known.T, axis=1)[:, -N_NEIGHBOURS],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gtzan", type=Path, required=True, help="folder that holds logmel.npz")
    parser.add_argument("--negatives", type=Path, required=True, help="archive of sounds that are no music")
    parser.add_argument("--work", type=Path, default=Path("runs/left_out"), help="folder for runs")
    parser.add_argument("--jobs", type=int, default=2, help="runs side by side, one thread each")
    parser.add_argument("--fold", type=int, default=0, help="of the artist-disjoint folds")
    parser.add_argument("--genres", default="", help="left out in turn, with commas; all of them unless given")
    given = parser.parse_args()
    dataset = load_dataset("gtzan_archive", given.gtzan)
    genres = tuple(given.genres.split(",")) if given.genres else dataset.genres
    if unknown := set(genres) - set(dataset.genres):
        parser.error(f"no genres of GTZAN: {', '.join(sorted(unknown))}")
    with ThreadPoolExecutor(given.jobs) as pool:
        list(pool.map(lambda genre: train(genre, given), genres))
    source = ArchiveSource(dataset, load_recipe(RECIPE).front_end, torch.device("cpu"))
    of = {"recipe": load_recipe(RECIPE).hash, "fold": given.fold}
    by_genre = known_before(OUTPUT, of)
    for genre in genres:
        by_genre[genre] = without(genre, dataset, source, given)
        print(json.dumps(by_genre[genre]), flush=True)
    values = {**of, **together(by_genre, dataset.genres)}
    means = ", ".join(f"{name} {mean:.3f}" for name, mean in values["mean_auroc"].items())
    print("mean area under the ROC curve:", means)
    OUTPUT.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def known_before(path: Path, of: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What an earlier call found of this recipe and fold, by genre."""
    if not path.is_file():
        return {}
    stored = json.loads(path.read_text(encoding="utf-8"))
    same = all(stored.get(name) == value for name, value in of.items())
    return {one["genre"]: one for one in stored["genres"]} if same else {}


def together(by_genre: dict[str, dict[str, Any]], genres: Sequence[str]) -> dict[str, Any]:
    """All genres that were left out, in their order, with the means over them."""
    found = [by_genre[genre] for genre in genres if genre in by_genre]
    means = {name: float(np.mean([one["auroc"][name] for one in found])) for name in found[0]["auroc"]}
    not_run = [genre for genre in genres if genre not in by_genre]
    return {"coverage": COVERAGE, "mean_auroc": means, "not_run": not_run, "genres": found}


def without(genre: str, dataset: Dataset, source: ArchiveSource, given: argparse.Namespace) -> dict[str, Any]:
    """How well the model that was not taught a genre tells its tracks from the others'."""
    recipe = load_recipe(RECIPE, overrides_for(genre, given.fold))
    run = Run.of(recipe, given.work)
    row_of = {track.track_id: row for row, track in enumerate(dataset.tracks)}
    split, taught = run.split(), [name for name in dataset.genres if name != genre]
    train_rows, test_rows = ([row_of[name] for name in split.tracks(part)] for part in ("train", "test"))
    train_label, test_label = (
        np.array([taught.index(dataset.tracks[row].genre) for row in rows]) for rows in (train_rows, test_rows)
    )
    unknown_rows = [row for row, track in enumerate(dataset.tracks) if track.genre == genre]
    train, known, unknown = (hear(source, rows, run, recipe) for rows in (train_rows, test_rows, unknown_rows))
    is_known = np.repeat([1, 0], [len(test_rows), len(unknown_rows)])
    auroc, not_answered = {}, {}
    for name, score in scores(train, train_label).items():
        of_known, of_unknown = score(known), score(unknown)
        auroc[name] = float(roc_auc_score(is_known, np.concatenate([of_known, of_unknown])))
        not_answered[name] = float((of_unknown < np.quantile(of_known, 1 - COVERAGE)).mean())
    return {
        "genre": genre,
        "auroc": auroc,
        "unknown_not_answered": not_answered,
        "accuracy_known": float((known.probabilities.argmax(1) == test_label).mean()),
        "n_known": len(test_rows),
        "n_unknown": len(unknown_rows),
    }


if __name__ == "__main__":
    main()
