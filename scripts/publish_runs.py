"""Copies finished runs without their weights: what every figure can be computed from again, and no more.

    python scripts/publish_runs.py RUNS... --to results/reports

A run is a folder of `genrekit train`; RUNS may be folders of runs. Places on this machine are left out of the recipes,
and of the predictions the test part alone is kept. What is there already and has not changed is left as it is.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from genrekit.evaluation import Predictions
from genrekit.training.run import Run

KEPT = ("split.json", "metrics.csv", "environment.json", "run.json", "readings.jsonl")


def publish(run: Run, to: Path) -> Path:
    """Copy one run below `to`, in a folder of its recipe."""
    recipe = run.recipe()
    folder = to / recipe.name / run.folder.name
    folder.mkdir(parents=True, exist_ok=True)
    placeless = recipe.model_copy(update={"data": recipe.data.model_copy(update={"root": None})})
    if placeless.negatives is not None:
        placeless = placeless.model_copy(update={"negatives": placeless.negatives.model_copy(update={"root": None})})
    members = [
        member.model_copy(update={"negatives": member.negatives.model_copy(update={"root": None})})
        if member.negatives is not None
        else member
        for member in placeless.ensemble
    ]
    placeless = placeless.model_copy(update={"ensemble": tuple(members)})
    if placeless.distillation is not None:
        placeless = placeless.model_copy(
            update={"distillation": placeless.distillation.model_copy(update={"runs": None})}
        )
    (folder / "recipe.yaml").write_text(placeless.to_yaml(), encoding="utf-8")
    for name in KEPT:
        if (run.folder / name).is_file():
            shutil.copyfile(run.folder / name, folder / name)
    Predictions.read_parquet(run.predictions_path).select(part="test").write_parquet(folder / "predictions.parquet")
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--to", type=Path, required=True)
    given = parser.parse_args()
    folders = [
        folder for root in given.runs for folder in ([root] if (root / "run.json").is_file() else root.iterdir())
    ]
    for folder in sorted(folders):
        run = Run(folder)
        # Members of ensembles have no predictions of their own.
        if run.done and run.predictions_path.is_file() and run.recipe().split.name != "all":
            print(publish(run, given.to))


if __name__ == "__main__":
    main()
