"""Climbs the ladder of ablations of the default model, one change a rung, and writes its table.

    python scripts/run_ladder.py --gtzan DIR --negatives FILE [--work runs/ladder] [--jobs 2] [--only RUNG ...]
    python scripts/run_ladder.py --report

Rungs are told in recipes/ladder/rungs.yaml. Each is trained on three artist-disjoint folds of the training and
validation parts of the fault-filtered split, so that no test track is in any of them. The folds are kept in
recipes/ladder/folds: they were made before all names of a text counted as artists, and rungs are compared on the same.
What is done is not trained twice, the seeds in results/ladder included: remove a rung's files there to train it anew.
The file-wise predictions go there, and its README is written from them alone.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from default_model_scores import pooled

from genrekit.evaluation.fusion import fuse
from genrekit.evaluation.paired import PairedComparison, compare
from genrekit.evaluation.predictions import Predictions
from genrekit.models import load_weights
from genrekit.strict_yaml import load_strict_yaml
from genrekit.suggestion import unknown_name
from genrekit.training.recipes.recipe import Recipe, load_recipe
from genrekit.training.run import Run

REPOSITORY = Path(__file__).parents[1]
RECIPES = REPOSITORY / "recipes"
LADDER = RECIPES / "ladder"
RESULTS = REPOSITORY / "results" / "ladder"
FOLDS = LADDER / "folds"
N_FOLDS = 3
BOOTSTRAP_SEED = 0
# The public table of features has a track that the archive has not; rungs are compared on the same tracks.
NOT_IN_THE_ARCHIVE = "jazz.00054"
HEAD = """# The ladder

How the bundled model's recipe was chosen. Each rung is one change of another rung, trained on three artist-disjoint
folds (many rungs on the first alone) of the training and validation parts of the fault-filtered split: {n_tracks}
tracks, none of the test part. The folds are kept (recipes/ladder/folds), as they were made when a text of several
artists counted as one: 12 of the tracks share an artist, whom the index names beside another, with their training part.
Epochs are fixed, accuracy is file-wise; gains are paired by track, with a 95 % bootstrap interval over artists.
Training seconds are of one fold on one core of two that both were busy, of the first seed, and of several machines:
those of bare, fine, p2_fine, crop_5 and all that end at 8.9 or 9.9 kHz come from a processor without AVX-512, where the
same training takes some three times as long, those of ensemble_cnn, of what stands on it, and of one network
texture_..., from one with AMX on which more was running, now less, now more; those of bbnn and of who learns from
others from one without AMX, busy likewise. Rungs whose name begins with p2 are scored on a validation part, a quarter
of the training part of report A's first fold, where artists are on both sides: what makes a model sturdier need not
help there.

Each step that is kept has three seeds, most others have one, so that what one of these gains may be luck of its seed.
"Kept" means that the bundled model stands on it.

Rungs on log-mels to 8.9 or 9.9 kHz are not there to gain: the highest bins tell where GTZAN's files are from, and so
something of their genre ("What a file tells of where it is from", docs/research/leaks.md). What such a rung loses to
the same with all bins is what a test part of GTZAN cannot tell from music. Version 5 of the bundled model was
texture_ensemble_cnn, two networks on all bins; on 9.9 kHz the second of them adds nothing (texture_cnn_10_khz), so
that version 6 was one, texture_9_khz_dropout, whose score does not lean on the edge. Version 7 is texture_9_khz_short,
which is not there to gain on whole tracks either: a second of music, repeated to fill the window, was no music to
version 6 (benchmarks/short_recordings.py tells what it is now). Version 8 is texture_9_khz_narrow, on
texture_9_khz_bounded: both are for bands that are all but empty, as a telephone leaves them ("Changes that should not
matter", docs/accuracy.md).

Without a rung: jitter of level (log-mels are relative to the track's maximum, so that level changes nothing), and
averaging at test time, since a track's answer is the mean over its windows in every rung.
{averaging}

`python scripts/run_ladder.py --report` writes this page from the predictions beside it.

| rung | change | against | accuracy, % | gain, points (95 %) | log loss | folds | seeds | parameters | seconds | kept |
|---|---|---|---|---|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Rung:
    """One change of another rung.

    on, against : the rung that it changes, and the one that its gain is counted from
    file : of the recipe that it stands on, in the folder of recipes
    overrides : from that recipe on, those of the rungs below included
    part : whose predictions are compared
    together : rungs whose networks answer together, by the geometric mean of their probabilities; nothing is trained
    teachers : rungs whose networks it learns from, each fold and seed from its own; they are trained before it
    """

    name: str
    on: str | None
    against: str | None
    change: str
    file: str
    overrides: tuple[str, ...]
    folds: tuple[int, ...]
    seeds: tuple[int, ...]
    part: str
    kept: bool
    together: tuple[str, ...]
    teachers: tuple[Rung, ...]

    @property
    def path(self) -> Path:
        return RECIPES / self.file

    def changes(self, fold: int) -> list[str]:
        """What is changed of the recipe for a fold: the ladder's own where the rung names none of another split."""
        split = [f"split.fold={fold}"]
        if not any(change.startswith("split.name=") for change in self.overrides):
            file = (FOLDS / f"{fold}.json").relative_to(REPOSITORY).as_posix()
            split += ["split.name=null", "split.validation=inner", f"split.file={file}"]
        taught = [f"distillation.teachers=[{', '.join(one.run_name(fold) for one in self.teachers)}]"]
        return [*self.overrides, *split, *(taught if self.teachers else [])]

    def recipe(self, *, fold: int = 0, seed: int = 0) -> Recipe:
        return load_recipe(self.path, [*self.changes(fold), f"seed={seed}"])

    def run_name(self, fold: int) -> str:
        """Of its run folders of a fold, without fold and seed."""
        return Run.of(self.recipe(fold=fold), Path()).folder.name.removesuffix(f"-fold{fold}-seed0")

    def runs(self, work: Path) -> list[Run]:
        return [Run.of(self.recipe(fold=fold, seed=seed), work) for seed in self.seeds for fold in self.folds]


def read_rungs() -> dict[str, Rung]:
    """All rungs in the order of the file; each stands on one above it."""
    rungs: dict[str, Rung] = {}
    for name, values in load_strict_yaml((LADDER / "rungs.yaml").read_text(encoding="utf-8")).items():
        on = values.get("from")
        below = rungs[on].overrides if on else ()
        rungs[name] = Rung(
            name=name,
            on=on,
            against=values.get("against", on),
            change=values["change"],
            file=values.get("recipe", rungs[on].file if on else "ladder/base.yaml"),
            overrides=(*below, *values.get("set", ())),
            folds=tuple(range(values.get("folds", N_FOLDS))),
            seeds=tuple(range(values.get("seeds", 1))),
            part=values.get("part", "test"),
            kept=values.get("kept", False),
            together=tuple(values.get("together", ())),
            teachers=tuple(rungs[teacher] for teacher in values.get("teachers", ())),
        )
    return rungs


def train(rung: Rung, gtzan: Path, negatives: Path, work: Path, jobs: int) -> None:
    """Train by the command that anyone can type here, fold by fold; what is done is not trained again."""
    for teacher in rung.teachers:
        train(replace(teacher, folds=rung.folds, seeds=rung.seeds), gtzan, negatives, work, jobs)
    for fold in rung.folds:
        command = [sys.executable, "-m", "genrekit", "experiment", str(rung.path), "--root", str(gtzan)]
        command += ["--negatives", str(negatives), "--runs", str(work), "--jobs", str(jobs), "--threads-per-job", "1"]
        command += ["--seeds", "".join(f"{seed}," for seed in rung.seeds), "--folds", str(fold)]
        for change in rung.changes(fold):
            command += ["--set", change]
        print(" ".join(command), flush=True)
        # The path of a split's file is part of a recipe's hash: from here, it is the same in every checkout.
        subprocess.run(command, check=True, cwd=REPOSITORY)


def lacking(rung: Rung) -> Rung:
    """The rung with the seeds alone that results/ladder lacks on any of its folds."""
    stored: set[tuple[int, int]] = set()
    if _is_done(rung.name):
        table = _stored(rung)
        stored = set(zip(table.seed.tolist(), table.fold.tolist(), strict=True))
    return replace(
        rung, seeds=tuple(seed for seed in rung.seeds if any((seed, fold) not in stored for fold in rung.folds))
    )


def publish(rung: Rung, work: Path) -> None:
    """Keep a rung's file-wise predictions beside those of its other seeds, and what it costs."""
    if rung.together:
        if all(_is_done(name) for name in rung.together):
            publish_together(rung)
        return
    runs = rung.runs(work)
    if not runs or not all(run.complete for run in runs):
        return
    tables = [Predictions.read_parquet(run.predictions_path).select(part=rung.part) for run in runs]
    RESULTS.mkdir(parents=True, exist_ok=True)
    fused = fuse(Predictions.concatenate(tables), "mean")
    fused = fused.take(np.flatnonzero(fused.track != NOT_IN_THE_ARCHIVE))
    if _is_done(rung.name):
        # What it costs is known.
        stored = _stored(rung)
        others = stored.take(np.flatnonzero(~np.isin(stored.seed, rung.seeds)))
        kept = [others] if len(others) else []
        Predictions.concatenate([*kept, fused]).write_parquet(RESULTS / f"{rung.name}.parquet")
        return
    network, _ = load_weights(runs[0].weights_path)
    seconds = [_seconds(run, work) for run in runs]
    known = [value for value in seconds if value is not None]
    cost = {
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "training_s": round(float(np.mean(known))) if known else None,
    }
    (RESULTS / f"{rung.name}.json").write_text(json.dumps(cost) + "\n", encoding="utf-8")
    # Last, since it says that the rung is done.
    fused.write_parquet(RESULTS / f"{rung.name}.parquet")


def publish_together(rung: Rung) -> None:
    """Keep what finished rungs say together, track by track."""
    tables = [Predictions.read_parquet(RESULTS / f"{name}.parquet") for name in rung.together]
    costs = [json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8")) for name in rung.together]
    seeds = set.intersection(*(set(table.seed.tolist()) for table in tables))
    tables = [table.take(np.flatnonzero(np.isin(table.seed, sorted(seeds)))) for table in tables]
    tables = [table.take(np.lexsort((table.track, table.seed))) for table in tables]
    if any(not np.array_equal(table.track, tables[0].track) for table in tables):
        raise SystemExit(f"{rung.name}: {', '.join(rung.together)} are not of the same tracks")
    logarithms = np.mean([np.log(np.maximum(table.probabilities, 1e-12)) for table in tables], axis=0)
    p = np.exp(logarithms - logarithms.max(1, keepdims=True))
    together = replace(tables[0], probabilities=(p / p.sum(1, keepdims=True)).astype(np.float32))
    together.write_parquet(RESULTS / f"{rung.name}.parquet")
    cost = {key: sum(each[key] or 0 for each in costs) for key in ("parameters", "training_s")}
    (RESULTS / f"{rung.name}.json").write_text(json.dumps(cost) + "\n", encoding="utf-8")


def _seconds(run: Run, work: Path) -> float | None:
    """How long the journal says that a run was trained."""
    for line in (work / "journal.jsonl").read_text(encoding="utf-8").splitlines():
        event: dict[str, Any] = json.loads(line)
        if event.get("event") == "finished" and event["run"] == run.folder.name:
            return float(event["seconds"])
    return None


def report(rungs: dict[str, Rung]) -> str:
    """The ladder's table in Markdown, from the stored predictions."""
    done = {name: Predictions.read_parquet(RESULTS / f"{name}.parquet") for name in rungs if _is_done(name)}
    n_tracks = len(np.unique(next(iter(done.values())).track)) if done else 0
    lines = HEAD.format(n_tracks=n_tracks, averaging=averaging_at_test_time()).splitlines()
    for name, table in done.items():
        rung = rungs[name]
        cost = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
        gain = ""
        if rung.against in done:
            # A rung of fewer folds is compared on the tracks of those.
            against = done[rung.against]
            against = against.take(np.flatnonzero(np.isin(against.track, table.track)))
            found = compare(table, against, generator=np.random.default_rng(BOOTSTRAP_SEED))
            gain = _gain(found)
        right = table.probabilities[np.arange(len(table)), table.label]
        log_loss = float(-np.log(np.maximum(right, 1e-6)).mean())
        cells = [
            name,
            rung.change,
            rung.against or "",
            f"{100 * table.correct.mean():.1f}",
            gain,
            f"{log_loss:.3f}",
            str(len(np.unique(table.fold))),
            str(len(np.unique(table.seed))),
            f"{cost['parameters']:,}",
            str(cost["training_s"] or ""),
            "yes" if rung.kept else "no",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    missing = [name for name in rungs if name not in done]
    if missing:
        lines += ["", f"Not run yet: {', '.join(missing)}."]
    return "\n".join(lines) + "\n"


def averaging_at_test_time() -> str:
    """What the other windows of a track are worth, by the bundled model's stored predictions."""
    windows = pooled("p4")
    starts_s = np.unique(windows.start_s)
    middle = windows.take(np.flatnonzero(windows.start_s == starts_s[len(starts_s) // 2]))
    all_of_them, one = fuse(windows, "mean"), fuse(middle, "mean")
    found = compare(all_of_them, one, generator=np.random.default_rng(BOOTSTRAP_SEED))
    return (
        f"The bundled model under P4 (results/default_model/p4) knows {100 * one.correct.mean():.1f} % of the tracks "
        f"by their middle window alone, and {100 * all_of_them.correct.mean():.1f} % by all {len(starts_s)}, "
        f"{_gain(found)} points."
    )


def _stored(rung: Rung) -> Predictions:
    return Predictions.read_parquet(RESULTS / f"{rung.name}.parquet")


def _is_done(name: str) -> bool:
    return (RESULTS / f"{name}.parquet").is_file()


def _gain(found: PairedComparison) -> str:
    low, high = 100 * found.interval.low, 100 * found.interval.high
    return f"{100 * found.difference:+.1f} ({low:+.1f} to {high:+.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gtzan", type=Path, help="folder that holds logmel.npz")
    parser.add_argument("--negatives", type=Path, help="archive of sounds that are no music")
    parser.add_argument("--work", type=Path, default=Path("runs/ladder"), help="folder for runs, weights included")
    parser.add_argument("--jobs", type=int, default=2, help="runs side by side, one thread each")
    parser.add_argument("--only", nargs="+", metavar="RUNG", help="rungs to train; all without it")
    parser.add_argument("--report", action="store_true", help="train nothing; publish what is done and write the page")
    given = parser.parse_args()
    rungs = read_rungs()
    for name in given.only or ():
        if name not in rungs:
            parser.error(f"there is no rung {unknown_name(name, rungs)}")
    if not given.report and (given.gtzan is None or given.negatives is None):
        parser.error("training needs --gtzan and --negatives")
    for rung in map(lacking, rungs.values()):
        if rung.seeds and not rung.together and not given.report and (not given.only or rung.name in given.only):
            train(rung, given.gtzan.resolve(), given.negatives.resolve(), given.work.resolve(), given.jobs)
        if given.work.is_dir():
            publish(rung, given.work)
    (RESULTS / "README.md").write_text(report(rungs), encoding="utf-8")


if __name__ == "__main__":
    main()
