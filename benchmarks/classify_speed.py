"""Speed of the classifier on one core, each ratio's two sides interleaved in this one run.

    python benchmarks/classify_speed.py SONG.mp3 [--model FILE] [--repeats 7]

Give a song of about three minutes. Prints medians: start of the program, first result, and seconds a song as a ratio to
merely decoding and resampling it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path


def seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("song", type=Path)
    parser.add_argument("--model", default="default")
    parser.add_argument("--repeats", type=int, default=7)
    given = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    import genrekit
    from genrekit.audio import load_audio

    program = [str(Path(sys.executable).with_name("genrekit"))]
    short = Path(__file__).parents[1] / "examples"
    recording = next(iter(sorted(short.glob("*.ogg"))))

    def run(*arguments: str) -> Callable[[], object]:
        return lambda: subprocess.run([*program, *arguments], check=True, capture_output=True)

    classifier = genrekit.load(given.model)
    duration_s = classifier.classify(given.song).duration_s
    measured: dict[str, list[float]] = {"help": [], "first": [], "decode": [], "classify": []}
    actions = {
        "help": run("--help"),
        "first": run("classify", str(recording), "--model", given.model),
        "decode": lambda: load_audio(given.song, sr=22_050),
        "classify": lambda: classifier.classify(given.song),
    }
    for repeat in range(given.repeats + 1):
        for name, action in actions.items():
            taken = seconds(action)
            if repeat:  # the first round warms the file cache
                measured[name].append(taken)
    median = {name: statistics.median(values) for name, values in measured.items()}
    ratios = [c / d for c, d in zip(measured["classify"], measured["decode"], strict=True)]
    print(f"genrekit --help                    {median['help']:.3f} s")
    print(f"first result ({recording.name})    {median['first']:.3f} s")
    print(f"decode and resample {duration_s:.0f} s of audio {median['decode']:.3f} s")
    print(f"classify it                        {median['classify']:.3f} s")
    print(f"ratio, median of pairs             {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
