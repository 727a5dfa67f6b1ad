"""How sure the bundled model is of short recordings, and how often it is right: excerpts of recordings, from audio.

    python benchmarks/short_recordings.py --gtzan DIR --runs runs/default/p4/default_model-*-seed0 [--output FILE.json]

The middle of each recording below DIR/audio is classified by `genrekit.Classifier` with the network that did not train
on its artist, and with the bundled model's temperatures and threshold, with and without those for short recordings.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

import genrekit
from genrekit.audio import load_audio
from genrekit.evaluation.calibration import expected_calibration_error
from genrekit.evaluation.predictions import Predictions
from genrekit.export.onnx_export import export_onnx
from genrekit.inference import UNKNOWN, Classifier
from genrekit.models import load_weights

DURATIONS_S = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 20.0, 30.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gtzan", type=Path, required=True)
    parser.add_argument("--runs", type=Path, nargs="+", required=True, help="the runs of all folds")
    parser.add_argument("--output", type=Path, help="JSON file for what the bundled model's temperatures give")
    given = parser.parse_args()
    bundled = genrekit.load()
    fit = bundled.card.evaluation["calibration"]
    audio = {path.stem: path for path in sorted((given.gtzan / "audio").glob("*/*.ogg"))}
    if not audio:
        parser.error(f"there is no recording below {given.gtzan / 'audio'}")
    variants = {"as bundled": bundled.card, "one temperature": replace(bundled.card, short_temperatures=())}
    # (variant, seconds) -> of each recording: confidence, whether the best genre is right, whether it is given
    found: dict[tuple[str, float], list[tuple[float, bool, bool]]] = {}
    with tempfile.TemporaryDirectory(prefix="genrekit-short-") as folder:
        for run in sorted(given.runs):
            network, header = load_weights(run / "weights.safetensors")
            table = Predictions.read_parquet(run / "predictions.parquet").select(part="test")
            classifiers = {}
            for number, (variant, card) in enumerate(variants.items()):
                path = Path(folder) / f"{run.name}-{number}.onnx"
                export_onnx(network, header, card=card, path=path, window_temperature=fit["window_temperature"])
                classifiers[variant] = Classifier(path)
            for track in sorted(set(table.track.tolist()) & set(audio)):
                y = load_audio(audio[track], sr=bundled.card.sr)
                for duration_s in DURATIONS_S:
                    n = min(len(y), round(duration_s * bundled.card.sr))
                    excerpt = y[(len(y) - n) // 2 :][:n]
                    for variant, classifier in classifiers.items():
                        result = classifier.classify(excerpt, sr=bundled.card.sr)
                        is_right = next(iter(result.probabilities)) == track.split(".")[0]
                        one = (result.confidence, is_right, result.genre != UNKNOWN)
                        found.setdefault((variant, duration_s), []).append(one)
    header_line = f"{'seconds':>8} {'right, %':>9} {'sure, %':>8} {'calibration error':>18} {'answered, %':>12}"
    for variant in variants:
        print(f"{variant}, {len(found[variant, DURATIONS_S[0]])} recordings\n{header_line} {'of these right, %':>18}")
        for duration_s in DURATIONS_S:
            one = summary(found[variant, duration_s])
            print(
                f"{duration_s:8g} {100 * one['right']:9.1f} {100 * one['confidence']:8.1f} "
                f"{one['calibration_error']:18.3f} {100 * one['answered']:12.1f} {100 * one['right_of_answered']:18.1f}"
            )
    if given.output is not None:
        values = {
            "recipe": bundled.card.trained_on["recipe"],
            "n_recordings": len(found["as bundled", DURATIONS_S[0]]),
            "durations": [{"seconds": s, **summary(found["as bundled", s])} for s in DURATIONS_S],
        }
        given.output.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def summary(found: list[tuple[float, bool, bool]]) -> dict[str, float]:
    """Shares 0..1 of recordings: confidence, whether the best genre is right and whether it is given, of each."""
    confidence, is_right, answered = (np.array(column) for column in zip(*found, strict=True))
    return {
        "right": float(is_right.mean()),
        "confidence": float(confidence.mean()),
        "calibration_error": expected_calibration_error(confidence, is_right),
        "answered": float(answered.mean()),
        "right_of_answered": float(is_right[answered].mean()) if answered.any() else 0.0,
    }


if __name__ == "__main__":
    main()
