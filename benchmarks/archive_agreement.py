"""Whether the archive's accuracy holds for audio: out-of-fold models on recordings, from audio and from the archive.

    python benchmarks/archive_agreement.py --gtzan DIR --runs runs/default/a_folds/default_model-* [--output FILE.json]

Each recording below DIR/audio is classified from audio, by `genrekit.Classifier`, with the model that did not train on
it; the decision is compared with that of the same network on the archive's levels, from the run's stored predictions.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from genrekit.evaluation.fusion import fuse
from genrekit.evaluation.predictions import Predictions
from genrekit.export.onnx_export import export_onnx
from genrekit.file_identity import file_sha256
from genrekit.inference import Classifier, ModelCard, Result
from genrekit.models import load_weights


def classifier_of(run: Path, hop_s: float, folder: Path) -> Classifier:
    network, header = load_weights(run / "weights.safetensors")
    card = ModelCard(
        name=run.name,
        genres=header.genres,
        sr=header.features.sr,
        window_s=header.window_s,
        hop_s=hop_s,
        file_temperature=1.0,
        unknown_threshold=0.0,
        features=header.features.to_dict(),
        model=header.model.to_dict(),
        trained_on={},
        evaluation={},
        text=run.name,
    )
    made = export_onnx(network, header, card=card, path=folder / f"{run.name}.onnx", window_temperature=1.0)
    return Classifier(made.path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gtzan", type=Path, required=True)
    parser.add_argument("--runs", type=Path, nargs="+", required=True, help="the runs of all folds")
    parser.add_argument("--hop", type=float, default=5.0, help="seconds from one window to the next")
    parser.add_argument("--output", type=Path, help="JSON file for the figures")
    given = parser.parse_args()
    audio = {path.stem: path for path in sorted((given.gtzan / "audio").glob("*/*.ogg"))}
    same = right_audio = right_archive = total = 0
    differing: Counter[tuple[str, ...]] = Counter()
    with tempfile.TemporaryDirectory(prefix="genrekit-agreement-") as folder:
        for run in sorted(given.runs):
            table = Predictions.read_parquet(run / "predictions.parquet").select(part="test")
            # The same windows on both sides: the archive's predictions hold more.
            stored = fuse(table.take(np.flatnonzero(table.start_s % given.hop == 0)), "mean")
            archive = dict(zip(stored.track.tolist(), stored.predicted.tolist(), strict=True))
            label = dict(zip(stored.track.tolist(), stored.label.tolist(), strict=True))
            tracks = sorted(set(archive) & set(audio))
            classifier = classifier_of(run, given.hop, Path(folder))
            outcomes = classifier.classify_many([audio[track] for track in tracks])
            for track, outcome in zip(tracks, outcomes, strict=True):
                assert isinstance(outcome, Result), outcome
                probabilities = outcome.probabilities
                index = stored.genres.index(max(probabilities, key=lambda genre: probabilities[genre]))
                total += 1
                same += index == archive[track]
                right_audio += index == label[track]
                right_archive += archive[track] == label[track]
                if index != archive[track]:
                    differing[tuple(stored.genres[i] for i in (label[track], archive[track], index))] += 1
            print(f"{run.name}: {same} of {total} decisions are the same so far", flush=True)
    print(f"{total} recordings: {same} ({100 * same / total:.1f} %) have the archive's decision")
    print(
        f"accuracy from audio {100 * right_audio / total:.1f} %, from the archive {100 * right_archive / total:.1f} %"
    )
    for (truth, from_archive, from_audio), count in differing.most_common(8):
        print(f"  {count} of {truth}: {from_archive} from the archive, {from_audio} from audio")
    if given.output:
        values = {
            "runs": {run.name: file_sha256(run / "weights.safetensors") for run in given.runs},
            "n_recordings": total,
            "same": same / total,
            "accuracy_audio": right_audio / total,
            "accuracy_archive": right_archive / total,
        }
        given.output.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
