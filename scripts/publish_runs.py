"""Copies finished runs without their weights: what every figure can be computed from again, and no more.

    python scripts/publish_runs.py RUNS... --to results/reports

A run is a folder of `genrekit train`; RUNS may be folders of runs. What can be pooled comes to lie in one folder, of
its recipe and protocol. Places on this machine are left out of the recipes, and of the predictions the test part alone
is kept. Readings of it are kept of both sides.
"""

from __future__ import annotations

import argparse
import json
import shutil
from dataclasses import asdict
from pathlib import Path

from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.readings import READINGS_NAME, Reading, load_readings
from genrekit.training.run import Run


def folder_of(run: Run) -> Path:
    """Where a run comes to lie: recipe/protocol/run."""
    recipe = run.recipe()
    protocol = Predictions.read_parquet(run.predictions_path).protocol.lower()
    stopped = "_stopped_on_test" if recipe.split.validation == "test" else ""
    return Path(recipe.name, f"{protocol}{stopped}", run.folder.name)


def publish(run: Run, folder: Path) -> None:
    """Copy one run into `folder`."""
    published = Run(folder)
    predictions = Predictions.read_parquet(run.predictions_path).select(part="test")
    folder.mkdir(parents=True, exist_ok=True)
    published.recipe_path.write_text(run.recipe().without_places().to_yaml(), encoding="utf-8")
    for path in (run.split_path, run.metrics_path, run.environment_path, run.record_path):
        if path.is_file():
            shutil.copyfile(path, folder / path.name)
    merge_readings(run.folder, folder)
    predictions.write_parquet(published.predictions_path)


def merge_readings(run: Path, published: Path) -> None:
    """Write down what was read on either side, each reading once, as it was first made, oldest first."""
    readings: dict[str, Reading] = {}
    for reading in sorted((*load_readings(run), *load_readings(published)), key=lambda reading: reading.time_utc):
        readings.setdefault(reading.predictions_sha256, reading)
    if readings:
        lines = (json.dumps(asdict(reading), ensure_ascii=False) + "\n" for reading in readings.values())
        (published / READINGS_NAME).write_text("".join(lines), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--to", type=Path, required=True)
    given = parser.parse_args()
    folders = [folder for root in given.runs for folder in ([root] if Run(root).done else root.iterdir())]
    for folder in sorted(folders):
        run = Run(folder)
        # Members of ensembles have no predictions of their own.
        if run.done and run.predictions_path.is_file() and run.recipe().split.name != "all":
            folder = given.to / folder_of(run)
            publish(run, folder)
            print(folder)


if __name__ == "__main__":
    main()
