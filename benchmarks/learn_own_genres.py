"""Six genres of GTZAN from ten tracks each, on the embedding of a model that knows none of the tracks or their artists.

    python benchmarks/learn_own_genres.py --gtzan DIR --runs RUNS_OF_ARTIST_DISJOINT_FOLDS [--draws 5]

For each fold, ten tracks a genre are drawn from its test part and learnt by `genrekit.learning`; all its other tracks
whose artist is not among them are scored from audio by the model file. Beside it: the base model, trained on hundreds
of tracks of ten genres, with its answer restricted to the six.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
from archive_agreement import classifier_of

from genrekit.data import load_dataset
from genrekit.inference import Classifier, Result
from genrekit.learning.own_genres import learn

GENRES = ("blues", "classical", "country", "jazz", "metal", "pop")
N_SONGS = 10


def right(classifier: Classifier, tracks: list[tuple[str, Path]]) -> tuple[float, float, list[float]]:
    """Accuracy of the best of the six genres, share answered, confidence of each."""
    hits, answered, confidence = 0, 0, []
    for (genre, _), outcome in zip(tracks, classifier.classify_many([path for _, path in tracks]), strict=True):
        assert isinstance(outcome, Result), outcome
        of_six = {name: outcome.probabilities[name] for name in GENRES}
        hits += max(of_six, key=lambda name: of_six[name]) == genre
        answered += outcome.genre != "unknown"
        confidence.append(outcome.confidence)
    return hits / len(tracks), answered / len(tracks), confidence


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gtzan", type=Path, required=True)
    parser.add_argument("--runs", type=Path, nargs="+", required=True, help="run folders, one a fold")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--hop", type=float, default=10.0, help="seconds from one window to the next")
    given = parser.parse_args()
    artist = {track.track_id: track.artist for track in load_dataset("gtzan", given.gtzan).tracks}
    audio = {path.stem: path for genre in GENRES for path in sorted((given.gtzan / "audio" / genre).glob("*.ogg"))}
    rows = []
    with tempfile.TemporaryDirectory(prefix="genrekit-learn-") as scratch:
        for run in given.runs:
            test = [track for track in json.loads((run / "split.json").read_text())["parts"]["test"] if track in audio]
            base = classifier_of(run, given.hop, Path(scratch))
            for draw in range(given.draws):
                generator = np.random.default_rng(draw)
                folder = Path(scratch) / f"{run.name}-{draw}"
                lines, chosen = ["file,artist"], set()
                for genre in GENRES:
                    (folder / genre).mkdir(parents=True)
                    of_genre = [track for track in test if audio[track].parent.name == genre]
                    for track in generator.permutation(of_genre)[:N_SONGS].tolist():
                        chosen.add(track)
                        (folder / genre / audio[track].name).symlink_to(audio[track].resolve())
                        if artist[track]:
                            lines.append(f'"{genre}/{audio[track].name}","{artist[track].replace(chr(34), "")}"')
                (folder / "artists.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
                heard = {artist[track] for track in chosen} - {None}
                others = [track for track in test if track not in chosen and artist[track] not in heard]
                scored = [(audio[track].parent.name, audio[track]) for track in others]
                started = time.perf_counter()
                learned = learn(folder, model=base.model_file.path, n_jobs=1, cache=Path(scratch) / "cache")
                seconds = time.perf_counter() - started
                made = Classifier(learned.write(folder / "own.onnx").path)
                own, answered, confidence = right(made, scored)
                restricted, _, _ = right(base, scored)
                checked = learned.cross_validated
                rows.append((own, restricted, checked.scores.accuracy, answered, float(np.mean(confidence)), seconds))
                print(
                    f"{run.name} draw {draw}: {len(scored)} tracks of other artists: learnt {100 * own:.1f} %, base "
                    f"restricted {100 * restricted:.1f} %; cross-validated {100 * checked.scores.accuracy:.1f} %, "
                    f"answered {100 * answered:.0f} %, mean confidence {100 * np.mean(confidence):.1f} %, "
                    f"no music told {learned.negatives_unknown:.2f}, {seconds:.1f} s",
                    flush=True,
                )
    names = ("learnt", "base restricted", "cross-validated", "answered", "mean confidence", "seconds")
    for name, values in zip(names, np.array(rows).T, strict=True):
        scale = 1 if name == "seconds" else 100
        print(f"{name}: {scale * values.mean():.1f} ± {scale * values.std(ddof=1):.1f} over {len(rows)} draws")


if __name__ == "__main__":
    main()
