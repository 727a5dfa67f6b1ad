"""Runs every experiment of the two reports that these data allow, and keeps what each figure can be computed from.

    python scripts/run_reports.py --gtzan DIR [--folds 0] [--jobs 2] [--only NAME]

DIR holds logmel.npz, the public feature tables and, for GTZAN-6, audio/. Each run is one `genrekit experiment`, as many
side by side as there are jobs: stopped at any moment, the same command goes on; nothing is trained twice, what
results/reports holds from another machine included. After each run it is copied, without weights, to results/reports,
and the page that sets all beside the printed figures is written anew. `--folds 0` is the quickest look at every system.
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from report_matrix import STEPS, Step

from genrekit.data.splits.makers import SPLITS
from genrekit.experiments.plan import parse_folds
from genrekit.training.recipes.recipe import load_recipe
from genrekit.training.run import Run

REPOSITORY = Path(__file__).parents[1]
RECIPES = REPOSITORY / "recipes"
RESULTS = REPOSITORY / "results" / "reports"
# Report B's splits have the most.
MAX_FOLDS = 10


@dataclass(frozen=True)
class Task:
    """One recipe of a step on one fold."""

    step: Step
    recipe: str
    fold: int

    @property
    def path(self) -> Path:
        return RECIPES / f"{self.recipe}.yaml"

    @property
    def name(self) -> str:
        return " ".join((self.recipe, f"fold {self.fold}", *self.step.overrides))


def genrekit(*arguments: object, log: Path | None = None) -> bool:
    """Run the command that anyone can type, and say whether it did; what fails is told, and does not stop the rest."""
    command = [sys.executable, "-m", "genrekit", *(str(argument) for argument in arguments)]
    print(" ".join(command), flush=True)
    with log.open("a") if log else nullcontext() as output:
        code = subprocess.run(command, check=False, stdout=output, stderr=output).returncode
    if code:
        print(f"exit code {code}{f', see {log}' if log else ''}: {' '.join(command)}", flush=True)
    return code == 0


def lacking(folds: Iterable[int], *, only: str = "", steps: Sequence[Step] = STEPS) -> list[Task]:
    """What results/reports lacks, fold by fold: the recipes with `only` in their name whose split has the fold."""
    published = {file.parent.name for file in RESULTS.glob("*/*/*/run.json")}
    tasks = []
    for fold, step in itertools.product(folds, steps):
        for task in (Task(step, recipe, fold) for recipe in step.recipes if only in recipe):
            recipe = load_recipe(task.path, (*step.overrides, f"split.fold={fold}"))
            has_fold = fold < SPLITS[recipe.split.name or ""].n_folds
            if has_fold and Run.of(recipe, RESULTS).folder.name not in published:
                tasks.append(task)
    return tasks


class Reports:
    """Runs tasks side by side; publishing is one at a time."""

    def __init__(self, gtzan: Path, work: Path) -> None:
        self._gtzan, self._work = gtzan, work
        self._table = work / "gtzan6_3s_hop_3s.parquet"
        self._publishing = threading.Lock()

    def prepare(self, tasks: list[Task]) -> None:
        """Make the table of handcrafted features, if a task needs it and it is not there."""
        (self._work / "logs").mkdir(parents=True, exist_ok=True)
        if any(task.step.data == "table" for task in tasks) and not self._table.exists():
            windows = ("--window-s", 3, "--hop-s", 3)
            genrekit("data", "prepare", "features", "gtzan6", "--root", self._gtzan, "-o", self._table, *windows)

    def run(self, task: Task) -> bool:
        """Train and publish; whether it worked."""
        data = self._table if task.step.data == "table" else self._gtzan
        arguments: list[object] = [task.path, "--root", data, "--folds", task.fold, "--runs", self._work]
        arguments += ["--jobs", 1, "--threads-per-job", 1]
        for override in task.step.overrides:
            arguments += ["--set", override]
        log = self._work / "logs" / f"{task.name.replace(' ', '-')}.log"
        if not genrekit("experiment", *arguments, log=log):
            return False
        with self._publishing:
            return self.publish()

    def publish(self) -> bool:
        """Keep what is finished, and write the page anew; whether that worked."""
        publish = [sys.executable, str(REPOSITORY / "scripts" / "publish_runs.py"), str(self._work)]
        subprocess.run([*publish, "--to", str(RESULTS)], check=True)
        return genrekit("analyse", "replication", RESULTS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gtzan", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("runs/reports"), help="folder for runs, weights included")
    parser.add_argument(
        "--folds", default="all", help="all, or such as 0 or 0-4; each fold of every step before the next fold"
    )
    parser.add_argument("--jobs", type=int, default=2, help="runs side by side, one thread each")
    parser.add_argument("--only", default="", help="only recipes that have this in their name")
    given = parser.parse_args()
    try:
        folds = parse_folds(given.folds) or range(MAX_FOLDS)
    except ValueError as error:
        parser.error(str(error))
    # Where nothing is lacking, the page is written all the same.
    genrekit("analyse", "replication", RESULTS)
    tasks = lacking(folds, only=given.only)
    reports = Reports(given.gtzan, given.work)
    reports.prepare(tasks)
    with ThreadPoolExecutor(given.jobs) as pool:
        runs = {pool.submit(reports.run, task): task for task in tasks}
        failed = []
        try:
            for n_ended, run in enumerate(as_completed(runs), 1):
                done = run.result()
                failed += [] if done else [runs[run].name]
                print(f"{n_ended} of {len(runs)} {'done' if done else 'failed'}: {runs[run].name}", flush=True)
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            parser.exit(130, "interrupted; the same command goes on\n")
    if failed:
        parser.exit(1, f"{len(failed)} of {len(runs)} failed: {'; '.join(failed)}\n")


if __name__ == "__main__":
    main()
