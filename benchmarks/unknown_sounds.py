"""What the classifier says of sounds that are no music, from makers that its training never heard.

    python benchmarks/unknown_sounds.py [--model FILE]

Needs the programs sox, flite and espeak-ng (Debian: apt install sox flite espeak-ng). Training heard noise, tones and
espeak-ng's voices in other languages and words, made by genrekit's own code; flite's voices and sox's sounds are new.
The sawtooth and the plucked string, which gtzan-ensemble-4 took for music, led to the reach of `TextureMLP`.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

import genrekit
from genrekit.inference import Failure

TEXT = (
    "The library opens at nine in the morning and closes at six in the evening. Please return all books to the desk "
    "near the entrance. Visitors may use the reading room on the second floor, where silence is asked for. On Sundays "
    "the building is closed, but the garden behind it stays open for everybody until sunset."
)
SOX = {
    "white noise": "synth 25 whitenoise",
    "pink noise": "synth 25 pinknoise",
    "brown noise": "synth 25 brownnoise",
    "tremolo noise": "synth 25 brownnoise tremolo 0.3 70",
    "sine 440": "synth 25 sine 440",
    "sine 1000 quiet": "synth 25 sine 1000 gain -30",
    "square 220": "synth 25 square 220",
    "sawtooth 110": "synth 25 sawtooth 110",
    "sweep": "synth 25 sine 100:6000",
    "fast sweeps": "synth 1 sine 300:3000 repeat 24",
    "pluck": "synth 2 pluck 196 repeat 12",
    "two tones": "synth 25 sine 697 sine 1209 remix -",
    "silence": "trim 0 25",
    "dithered silence": "trim 0 25 dither",
}
FLITE_VOICES = ("slt", "rms", "awb", "kal16")
ESPEAK_VOICES = ("en-us+m2", "en-gb+f3", "de+f5", "ru+m4", "cs+f1", "el+m6")


def make(folder: Path) -> dict[str, Path]:
    made = {}
    for name, effect in SOX.items():
        path = folder / f"{name.replace(' ', '_')}.wav"
        subprocess.run(["sox", "-n", "-r", "44100", "-b", "16", path, *effect.split()], check=True)
        made[f"sox: {name}"] = path
    for voice in FLITE_VOICES if shutil.which("flite") else ():
        path = folder / f"flite_{voice}.wav"
        subprocess.run(["flite", "-voice", voice, "-t", TEXT, "-o", path], check=True)
        made[f"flite: {voice}"] = path
    for voice in ESPEAK_VOICES if shutil.which("espeak-ng") else ():
        path = folder / f"espeak_{voice}.wav"
        subprocess.run(["espeak-ng", "-v", voice, "-w", path, TEXT], check=True)
        made[f"espeak-ng: {voice}"] = path
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="default")
    given = parser.parse_args()
    classifier = genrekit.load(given.model)
    unknown: Counter[str] = Counter()
    total: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="genrekit-sounds-") as folder:
        sounds = make(Path(folder))
        for name, outcome in zip(sounds, classifier.classify_many(sounds.values()), strict=True):
            maker = name.split(":")[0]
            total[maker] += 1
            if isinstance(outcome, Failure):
                print(f"{name:28} failed: {outcome.error}")
                continue
            unknown[maker] += outcome.genre == "unknown"
            best = max(outcome.probabilities, key=lambda genre: outcome.probabilities[genre])
            print(f"{name:28} {outcome.genre:10} {outcome.confidence:.2f} (nearest {best})")
    print("; ".join(f"{maker}: {unknown[maker]} of {total[maker]} unknown" for maker in total))


if __name__ == "__main__":
    main()
