"""The bundled model's accuracy under each protocol, computed anew from its stored test predictions.

    python benchmarks/default_model_accuracy.py

Each with a 95 % bootstrap interval over artists, and how often the test part was read for it. The predictions are those
of `scripts/build_default_model.py`: no model saw the tracks that it is scored on.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from genrekit.evaluation import Predictions
from genrekit.evaluation.report_content import spread_text
from genrekit.evaluation.summary import evaluate_predictions

RESULTS = Path(__file__).parents[1] / "results" / "default_model"


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    for folder in sorted(path.parent for path in RESULTS.glob("*/predictions.parquet")):
        card = evaluate_predictions(Predictions.read_parquet(folder / "predictions.parquet"))
        files = next(view for view in card.views if view.name == "file-wise, mean")
        accuracy, interval = files.scores.accuracy, files.intervals["accuracy"]
        readings = json.loads((folder / "scores.json").read_text(encoding="utf-8"))["n_readings"]
        print(
            f"{card.protocol} ({folder.name}): {100 * accuracy:.1f} % of {card.n_tracks} tracks "
            f"({100 * interval.low:.1f} to {100 * interval.high:.1f}); {len(card.runs)} runs, "
            f"{spread_text(card.spread['accuracy'])}; {sum(readings)} readings of test parts"
        )


if __name__ == "__main__":
    main()
