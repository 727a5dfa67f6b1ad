"""Makes the bundled model from GTZAN's log-mel archive, with every figure that its card states.

    python scripts/build_default_model.py --gtzan DIR --work runs/default [--jobs 2]

Trains under three protocols to know how good the recipe is, then on all tracks for use; nothing is trained twice, and a
killed build goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from default_model_scores import GROUPS, HOP_S, RECIPE, RESULTS, file_confidence, pooled
from publish_runs import publish
from sklearn.metrics import roc_auc_score
from write_results import ASSET, describe_default_model, list_errors, write_report_cards

from genrekit.data import Dataset, load_dataset
from genrekit.data.preparation.negatives import write_negatives
from genrekit.evaluation.predictions import Predictions
from genrekit.export.calibration import Calibration, fit_calibration, fit_short_temperatures
from genrekit.export.onnx_export import export_onnx
from genrekit.file_identity import file_sha256
from genrekit.inference import ModelCard
from genrekit.models import load_weights
from genrekit.training.material.sources import ArchiveSource
from genrekit.training.recipes.recipe import load_recipe
from genrekit.training.run import Run

# Of recordings of up to a minute; see `HOP_S`.
SHORT_HOP_S = 5.0
# Up to a window, a recording is heard as one; from there to GTZAN's tracks, `ModelCard.temperature_of_s` interpolates.
# Columns of less than 2 s, repeated to fill a window, are copies to the last digit, which repeated sound is not: of
# such copies the network is less sure than of sound (16 % of half a second, 43 % of the same from audio), so that less
# has the temperature of 2 s.
SHORT_DURATIONS_S = (2.0, 5.0, 10.0)
TRACK_S = 30.0
MODEL_NAME = "gtzan-texture-8"
WITHOUT_VALIDATION = ("split.validation=none",)
CPU = torch.device("cpu")
BATCH = 64
SEEDS = range(3)
# The model that is bundled has this seed, and is calibrated by models of P4 that have it.
SEED = 0
# Of sounds that are no music, which have a label because a table has one; it is not read.
NO_LABEL = 0


@dataclass(frozen=True)
class Job:
    """One run: what it is for, and how it differs from the recipe."""

    group: str
    overrides: tuple[str, ...]
    seed: int = SEED

    def run(self, work: Path) -> Run:
        return Run.of(load_recipe(RECIPE, self.settings), work / self.group)

    @property
    def settings(self) -> tuple[str, ...]:
        return (*self.overrides, f"seed={self.seed}")


def folds(group: str, split: str, n_folds: int) -> tuple[Job, ...]:
    """All folds of a split with every seed."""
    return tuple(
        Job(group, (f"split.name={split}", f"split.fold={fold}", *WITHOUT_VALIDATION), seed)
        for seed in SEEDS
        for fold in range(n_folds)
    )


JOBS = (
    *(Job("a_folds", ("split.name=a_folds", f"split.fold={fold}", *WITHOUT_VALIDATION)) for fold in range(5)),
    *folds("random_folds", "random_folds", 10),
    *(Job("p3", (), seed) for seed in SEEDS),
    Job("all", ("split.name=all", *WITHOUT_VALIDATION)),
    *folds("p4", "artist_disjoint", 3),
)
CALIBRATING = tuple(job for job in JOBS if job.group == "p4" and job.seed == SEED)


def train(job: Job, gtzan: Path, work: Path) -> None:
    """Train one run by the command that anyone can type, on one thread: several runs side by side waste less."""
    command = [sys.executable, "-m", "genrekit", "train", str(RECIPE), "--root", str(gtzan)]
    command += ["--negatives", str(work / "negatives.npz"), "--runs", str(work / job.group), "--threads", "1"]
    for setting in job.settings:
        command += ["--set", setting]
    print(" ".join(command), flush=True)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{job} failed:\n{done.stderr}")


def store(group: str, work: Path) -> None:
    """Keep the runs of a group without their weights; those of a model before go."""
    output = RESULTS / group
    runs = [job.run(work) for job in JOBS if job.group == group]
    for stored in output.glob("*/recipe.yaml"):
        # A run's own record of readings is gone on with.
        if stored.parent.name not in {run.folder.name for run in runs}:
            shutil.rmtree(stored.parent)
    for run in runs:
        publish(run, output / run.folder.name)


def answers(job: Job, work: Path, dataset: Dataset, rows: Sequence[int], length_s: float) -> Predictions:
    """What a run says of excerpts of `length_s` of an archive's rows, every `SHORT_HOP_S`; one that is shorter than its
    window is repeated to fill it, as in use."""
    network, header = load_weights(job.run(work).weights_path)
    recipe = load_recipe(RECIPE, job.settings)
    genres = header.genres
    source = ArchiveSource(dataset, header.features, CPU)
    window, length = source.steps(header.window_s), source.steps(length_s)
    assert length <= window, "more than one window"
    tracks = [dataset.tracks[row] for row in rows]
    tables = []
    for start in range(0, int(source.n_steps.min()) - length + 1, source.steps(SHORT_HOP_S)):
        probabilities = []
        for first in range(0, len(rows), BATCH):
            batch = torch.tensor(rows[first : first + BATCH])
            excerpt = source.features(source.cut(batch, torch.full((len(batch),), start), length))
            filled = excerpt.repeat(1, 1, math.ceil(window / length))[:, :, :window]
            with torch.no_grad():
                probabilities.append(network(filled).double().softmax(1).float())
        n = len(tracks)
        tables.append(
            Predictions(
                genres=genres,
                track=np.array([track.track_id for track in tracks]),
                start_s=np.full(n, start * source.step_s),
                part=np.full(n, "test"),
                fold=np.full(n, recipe.split.fold),
                seed=np.full(n, recipe.seed),
                label=np.array([genres.index(track.genre) if track.genre in genres else NO_LABEL for track in tracks]),
                probabilities=torch.cat(probabilities).numpy(),
                protocol="P4",
                contaminated=False,
                recipe=recipe.name,
                dataset=dataset.name,
            )
        )
    return Predictions.concatenate(tables)


def negative_predictions(work: Path) -> Predictions:
    """What the artist-disjoint models say of negatives that none of them was trained on, as one table."""
    dataset = load_dataset("archive", work / "negatives-held-out.npz")
    window_s = load_recipe(RECIPE).excerpts.window_s
    everything = range(len(dataset))
    return Predictions.concatenate([answers(job, work, dataset, everything, window_s) for job in CALIBRATING])


def short_temperatures(work: Path, gtzan: Path, calibration: Calibration) -> tuple[tuple[float, float], ...]:
    """How much less sure to be of short recordings, from excerpts of tracks that artist-disjoint models never heard."""
    dataset = load_dataset("gtzan_archive", gtzan)
    row = {track.track_id: number for number, track in enumerate(dataset.tracks)}
    by_duration_s = {}
    for duration_s in SHORT_DURATIONS_S:
        tables = []
        for job in CALIBRATING:
            scored = Predictions.read_parquet(job.run(work).predictions_path).select(part="test")
            rows = [row[track] for track in sorted(set(scored.track.tolist()))]
            tables.append(answers(job, work, dataset, rows, duration_s))
        by_duration_s[duration_s] = Predictions.concatenate(tables)
    return (*fit_short_temperatures(calibration, by_duration_s), (TRACK_S, 1.0))


def calibrate(work: Path) -> tuple[Calibration, dict[str, Any]]:
    """Calibrate on artists that no model knew, since a user's artists are not GTZAN's; and what needs the models."""
    known, negatives = pooled("p4").select(seed=SEED), negative_predictions(work)
    calibration = fit_calibration(known, negatives)
    of_known, of_negatives = (file_confidence(table, calibration)[0] for table in (known, negatives))
    is_known = np.repeat([1, 0], [len(of_known), len(of_negatives)])
    return calibration, {
        **asdict(calibration),
        "negatives_auroc": float(roc_auc_score(is_known, np.concatenate([of_known, of_negatives]))),
        "negatives_unknown": float((of_negatives < calibration.unknown_threshold).mean()),
    }


def export(work: Path, gtzan: Path) -> None:
    """Calibrate, and write the model trained on all tracks, which is checked."""
    calibration, fit = calibrate(work)
    fit["short_temperatures"] = short = short_temperatures(work, gtzan, calibration)
    run = next(job.run(work) for job in JOBS if job.group == "all")
    network, header = load_weights(run.weights_path)
    card = ModelCard(
        name=MODEL_NAME,
        genres=header.genres,
        sr=header.features.sr,
        window_s=header.window_s,
        hop_s=HOP_S,
        short_hop_s=SHORT_HOP_S,
        file_temperature=calibration.file_temperature,
        short_temperatures=short,
        unknown_threshold=calibration.unknown_threshold,
        features=header.features.to_dict(),
        model=header.model.to_dict(),
        trained_on={"dataset": "gtzan_archive", "tracks": 999, "recipe": run.recipe().hash},
    )
    made = export_onnx(network, header, card=card, path=ASSET, window_temperature=calibration.window_temperature)
    print(f"wrote {made.path} ({made.size_bytes / 1e6:.2f} MB)")
    trained = [job.run(work) for job in JOBS if job.group == "a_folds"]
    # What was measured from audio counts for the weights that it was measured with.
    weights = {run.folder.name: file_sha256(run.weights_path) for run in trained if run.done}
    for name, values in (("calibration.json", fit), ("weights_sha256.json", weights)):
        (RESULTS / name).write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gtzan", type=Path, required=True, help="folder that holds logmel.npz")
    parser.add_argument("--work", type=Path, default=Path("runs/default"), help="folder for runs and negatives")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="runs side by side, one thread each")
    parser.add_argument(
        "--as-it-is", action="store_true", help="train nothing; protocols whose runs are not finished get no score"
    )
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    for name, seed, count in (("negatives.npz", 0, 400), ("negatives-held-out.npz", 1, 150)):
        if not (given.work / name).exists():
            write_negatives(given.work / name, count=count, seed=seed)
    needed = [job for job in JOBS if job.group in ("p3", "p4", "all")]
    if given.as_it_is and not all(job.run(given.work).done for job in needed):
        parser.error(
            f"a model is made of all tracks, calibrated on P4 and checked on P3: some of {len(needed)} runs are missing"
        )
    if not given.as_it_is:
        with ThreadPoolExecutor(given.jobs) as pool:
            list(pool.map(lambda job: train(job, given.gtzan, given.work), JOBS))
    for group in GROUPS:
        if all(job.run(given.work).done for job in JOBS if job.group == group):
            store(group, given.work)
        else:
            # What lies there is of the model before.
            shutil.rmtree(RESULTS / group, ignore_errors=True)
    export(given.work, given.gtzan)
    write_report_cards()
    list_errors()
    describe_default_model()


if __name__ == "__main__":
    main()
