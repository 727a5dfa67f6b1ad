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
import string
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from default_model_evidence import agreement_text, errors_text, robustness_text
from publish_runs import publish
from sklearn.metrics import roc_auc_score

from genrekit.analysis.beside_published import OwnFigure, draw_beside_published, table_beside_published
from genrekit.analysis.picture import write_picture
from genrekit.data import Dataset, load_dataset
from genrekit.data.negatives import write_negatives
from genrekit.evaluation.calibration import apply_temperature, expected_calibration_error
from genrekit.evaluation.fusion import fuse
from genrekit.evaluation.predictions import Predictions
from genrekit.export.calibration import Calibration, fit_calibration, fit_short_temperatures
from genrekit.export.onnx_export import export_onnx
from genrekit.features import ARCHIVE_LOG_MEL
from genrekit.file_identity import file_sha256
from genrekit.inference import ModelCard
from genrekit.models import load_weights
from genrekit.training.recipe import load_recipe
from genrekit.training.run import Run
from genrekit.training.sources import ArchiveSource

REPOSITORY = Path(__file__).parents[1]
RECIPE = REPOSITORY / "recipes" / "default_model.yaml"
ASSET = REPOSITORY / "src" / "genrekit" / "assets" / "default.onnx"
RESULTS = REPOSITORY / "results" / "default_model"
DOUBTED_LABELS = RESULTS / "doubted_labels.csv"
# Windows of long recordings do not overlap: it halves the time, and costs well under a point. Those of recordings of up
# to a minute do, as in evaluation: of GTZAN's tracks, what is used is what is scored.
HOP_S = 10.0
SHORT_HOP_S = 5.0
# Up to a window, a recording is heard as one; from there to GTZAN's tracks, `ModelCard.temperature_of_s` interpolates.
SHORT_DURATIONS_S = (0.5, 1.0, 2.0, 5.0, 10.0)
TRACK_S = 30.0
MODEL_NAME = "gtzan-ensemble-5"
# Groups of runs whose test parts are scored; P4's also calibrate.
SCORED = ("p3", "p4", "a_folds")
WITHOUT_VALIDATION = ("split.validation=none",)
CPU = torch.device("cpu")
# Of sounds that are no music, which have a label because a table has one; it is not read.
NO_LABEL = 0


@dataclass(frozen=True)
class Job:
    """One run: what it is for, and how it differs from the recipe."""

    group: str
    overrides: tuple[str, ...]

    def run(self, work: Path) -> Run:
        return Run.of(load_recipe(RECIPE, self.overrides), work / self.group)


JOBS = (
    *(Job("a_folds", ("split.name=a_folds", f"split.fold={fold}", *WITHOUT_VALIDATION)) for fold in range(5)),
    *(Job("p3", (f"seed={seed}",)) for seed in range(3)),
    Job("all", ("split.name=all", *WITHOUT_VALIDATION)),
    *(Job("p4", ("split.name=artist_disjoint", f"split.fold={fold}", *WITHOUT_VALIDATION)) for fold in range(3)),
)


def train(job: Job, gtzan: Path, work: Path) -> None:
    """Train one run by the command that anyone can type, on one thread: several runs side by side waste less."""
    command = [sys.executable, "-m", "genrekit", "train", str(RECIPE), "--root", str(gtzan)]
    command += ["--negatives", str(work / "negatives.npz"), "--runs", str(work / job.group), "--threads", "1"]
    for override in job.overrides:
        command += ["--set", override]
    print(" ".join(command), flush=True)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{job} failed:\n{done.stderr}")


def pooled(group: str, work: Path) -> Predictions:
    """Test predictions of all runs of a group."""
    tables = [Predictions.read_parquet(job.run(work).predictions_path) for job in JOBS if job.group == group]
    return Predictions.concatenate([table.select(part="test") for table in tables])


def as_long(table: Predictions) -> Predictions:
    """The windows that a long recording would get: every `HOP_S`, out of the more that were predicted."""
    return table.take(np.flatnonzero(table.start_s % HOP_S == 0))


def evaluate(group: str, work: Path) -> dict[str, Any]:
    """The report card of a group, by the command that anyone can type, beside its runs without their weights."""
    output = RESULTS / group
    runs = [job.run(work) for job in JOBS if job.group == group]
    for stored in output.glob("*/recipe.yaml"):
        # Of a model before; a run's own record of readings is gone on with.
        if stored.parent.name not in {run.folder.name for run in runs}:
            shutil.rmtree(stored.parent)
    for run in runs:
        publish(run, output / run.folder.name)
    command = [sys.executable, "-m", "genrekit", "evaluate", str(output), "--output", str(output)]
    print(" ".join(command), flush=True)
    subprocess.run(command, check=True)
    scores: dict[str, Any] = json.loads((output / "scores.json").read_text())
    return scores


def list_errors(work: Path) -> None:
    """Tracks that models which never heard them take for another genre, by the command that anyone can type."""
    folders = [str(job.run(work).folder) for job in JOBS if job.group in ("p3", "p4") and job.run(work).done]
    command = [sys.executable, "-m", "genrekit", "analyse", "labels", *folders, "--output", str(DOUBTED_LABELS)]
    print(" ".join(command), flush=True)
    subprocess.run(command, check=True)


def answers(job: Job, work: Path, dataset: Dataset, rows: Sequence[int], length_s: float) -> Predictions:
    """What a run says of excerpts of `length_s` of an archive's rows, every `SHORT_HOP_S`; one that is shorter than its
    window is repeated to fill it, as in use."""
    network, header = load_weights(job.run(work).weights_path)
    recipe = load_recipe(RECIPE, job.overrides)
    genres = header.genres
    source = ArchiveSource(dataset, CPU)
    window, length = source.steps(header.window_s), source.steps(length_s)
    assert length <= window, "more than one window"
    tracks = [dataset.tracks[row] for row in rows]
    tables = []
    for start in range(0, int(source.n_steps.min()) - length + 1, source.steps(SHORT_HOP_S)):
        probabilities = []
        for batch in torch.tensor(rows).split(64):
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
    jobs = [job for job in JOBS if job.group == "p4"]
    return Predictions.concatenate([answers(job, work, dataset, range(len(dataset)), window_s) for job in jobs])


def short_temperatures(work: Path, gtzan: Path, calibration: Calibration) -> tuple[tuple[float, float], ...]:
    """How much less sure to be of short recordings, from excerpts of tracks that artist-disjoint models never heard."""
    dataset = load_dataset("gtzan_archive", gtzan)
    row = {track.track_id: number for number, track in enumerate(dataset.tracks)}
    by_duration_s = {}
    for duration_s in SHORT_DURATIONS_S:
        tables = []
        for job in JOBS:
            if job.group == "p4":
                scored = Predictions.read_parquet(job.run(work).predictions_path).select(part="test")
                rows = [row[track] for track in sorted(set(scored.track.tolist()))]
                tables.append(answers(job, work, dataset, rows, duration_s))
        by_duration_s[duration_s] = Predictions.concatenate(tables)
    return (*fit_short_temperatures(calibration, by_duration_s), (TRACK_S, 1.0))


def calibrate(work: Path) -> tuple[Calibration, dict[str, float]]:
    """Calibrate on artists that no model knew, since a user's artists are not GTZAN's; and say how well it fits."""
    known = pooled("p4", work)
    negatives = negative_predictions(work)
    calibration = fit_calibration(known, negatives)

    def confidence(table: Predictions) -> tuple[np.ndarray, np.ndarray]:
        warm = apply_temperature(table.probabilities, calibration.window_temperature).astype(np.float32)
        files = fuse(replace(table, probabilities=warm), "mean")
        return apply_temperature(files.probabilities, calibration.file_temperature).max(1), files.correct

    known_confidence, correct = confidence(known)
    elsewhere = pooled("p3", work)
    p3 = [confidence(elsewhere.select(seed=int(seed))) for seed in np.unique(elsewhere.seed)]
    negative_confidence, _ = confidence(negatives)
    answered = known_confidence >= calibration.unknown_threshold
    return calibration, {
        "window_temperature": calibration.window_temperature,
        "file_temperature": calibration.file_temperature,
        "unknown_threshold": calibration.unknown_threshold,
        "calibration_error": expected_calibration_error(known_confidence, correct),
        "calibration_error_p3": float(np.mean([expected_calibration_error(*one) for one in p3])),
        "accuracy_all": float(correct.mean()),
        "accuracy_answered": float(correct[answered].mean()),
        "share_answered": float(answered.mean()),
        "negatives_auroc": float(
            roc_auc_score(
                np.repeat([1, 0], [len(known_confidence), len(negative_confidence)]),
                np.concatenate([known_confidence, negative_confidence]),
            )
        ),
        "negatives_unknown": float((negative_confidence < calibration.unknown_threshold).mean()),
    }


def headline(scores: dict[str, Any], table: Predictions) -> dict[str, float]:
    """File-wise accuracy by mean fusion with its interval, out of a report's scores; and with fewer windows."""
    view = next(view for view in scores["views"] if view["name"] == "file-wise, mean")
    interval = view["intervals"]["accuracy"]
    return {
        "accuracy": view["accuracy"],
        "low": interval["low"],
        "high": interval["high"],
        "accuracy_as_long": float(fuse(as_long(table), "mean").correct.mean()),
    }


def card_text(figures: dict[str, dict[str, float]], fit: dict[str, float], work: Path) -> str:
    """The model card with all figures filled in."""
    values = {"n_readings": str(sum(job.group in figures for job in JOBS))}
    trained = [job.run(work) for job in JOBS if job.group == "a_folds"]
    folds = {run.folder.name: file_sha256(run.weights_path) for run in trained if run.done}
    values["agreement"] = agreement_text(RESULTS / "agreement.json", folds)
    values["errors"] = errors_text(DOUBTED_LABELS)
    values["robustness"] = robustness_text(RESULTS / "robustness" / "robustness.json", folds)
    for group in SCORED:
        found = figures.get(group)
        values[group] = f"{100 * found['accuracy']:.1f} %" if found else "not measured yet"
        values[f"{group}_interval"] = f"{100 * found['low']:.1f} to {100 * found['high']:.1f}" if found else ""
        values[f"{group}_long"] = f"{100 * found['accuracy_as_long']:.1f} %" if found else "(not measured yet)"
    for name in ("share_answered", "accuracy_answered", "negatives_unknown"):
        values[name] = f"{100 * fit[name]:.1f}"
    for name in ("calibration_error", "calibration_error_p3", "unknown_threshold", "negatives_auroc"):
        values[name] = f"{fit[name]:.3f}"
    template = (REPOSITORY / "scripts" / "default_model_card.md").read_text(encoding="utf-8")
    return string.Template(template).substitute(values)


def export(work: Path, gtzan: Path, figures: dict[str, dict[str, float]]) -> None:
    """Calibrate, and write the model trained on all tracks, which is checked; then what is said of it."""
    calibration, fit = calibrate(work)
    short = short_temperatures(work, gtzan, calibration)
    fit = {**fit, "short_temperatures": short}
    print(json.dumps(fit, indent=1))
    run = next(job.run(work) for job in JOBS if job.group == "all")
    network, header = load_weights(run.weights_path)
    text = card_text(figures, fit, work)
    card = ModelCard(
        name=MODEL_NAME,
        genres=header.genres,
        sr=ARCHIVE_LOG_MEL.sr,
        window_s=header.window_s,
        hop_s=HOP_S,
        short_hop_s=SHORT_HOP_S,
        file_temperature=calibration.file_temperature,
        short_temperatures=short,
        unknown_threshold=calibration.unknown_threshold,
        features=header.features.to_dict(),
        model=header.model.to_dict(),
        trained_on={"dataset": "gtzan_archive", "tracks": 999, "recipe": run.recipe().hash},
        evaluation={**figures, "calibration": fit},
        text=text,
    )
    made = export_onnx(network, header, card=card, path=ASSET, window_temperature=calibration.window_temperature)
    print(f"wrote {made.path} ({made.size_bytes / 1e6:.2f} MB)")
    (RESULTS / "calibration.json").write_text(json.dumps(fit, indent=1) + "\n")
    (RESULTS / "model_card.md").write_text(text, encoding="utf-8")


def set_beside_published(figures: dict[str, dict[str, float]]) -> None:
    """Picture and table of the published scores and ours."""
    splits = {
        "p3": ("P3", "443/197/290, 3 seeds"),
        "p4": ("P4", "3 folds"),
        "a_folds": ("P2", "5 folds, as report A's"),
    }
    own = [
        OwnFigure(f"genrekit ({MODEL_NAME})", splits[group][0], f["accuracy"], f["low"], f["high"], splits[group][1])
        for group, f in figures.items()
    ]
    write_picture(draw_beside_published(own), RESULTS)
    table = table_beside_published(own)
    (RESULTS / "beside_published.md").write_text(f"# Beside published systems\n\n{table}", encoding="utf-8")


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
    groups = [group for group in SCORED if all(job.run(given.work).done for job in JOBS if job.group == group)]
    figures = {group: headline(evaluate(group, given.work), pooled(group, given.work)) for group in groups}
    list_errors(given.work)
    export(given.work, given.gtzan, figures)
    set_beside_published(figures)
    for group in set(SCORED) - set(groups):
        # What lies there is of the model before.
        shutil.rmtree(RESULTS / group, ignore_errors=True)


if __name__ == "__main__":
    main()
