"""Peak memory of classifying a two-hour recording, for three formats that this script makes from noise and chords.

python benchmarks/peak_memory.py [--hours 2] [--model FILE]
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

SR = 44_100
CHILD = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
assert done.returncode == 0, done.stderr
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""


def write(path: Path, hours: float) -> None:
    """Stereo, in blocks of ten seconds."""
    rng = np.random.default_rng(0)
    time_s = np.arange(10 * SR) / SR
    with soundfile.SoundFile(path, "w", SR, 2) as file:
        for _ in range(round(hours * 360)):
            chord = sum(np.sin(2 * np.pi * f0 * time_s) for f0 in 110 * 2 ** (rng.integers(0, 36, 3) / 12))
            block = 0.1 * chord[:, None] + 0.02 * rng.standard_normal((len(time_s), 2))
            file.write(block.astype(np.float32))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--model", default="default")
    given = parser.parse_args()
    program = str(Path(sys.executable).with_name("genrekit"))
    with tempfile.TemporaryDirectory(prefix="genrekit-memory-") as folder:
        for suffix in ("flac", "mp3", "ogg"):
            path = Path(folder) / f"long.{suffix}"
            write(path, given.hours)
            # A process of its own for each, since the peak of children is that of the largest so far.
            command = [program, "classify", str(path), "--model", given.model, "--format", "json"]
            child = [sys.executable, "-c", CHILD, *command]
            peak_mb = float(subprocess.run(child, capture_output=True, text=True, check=True).stdout)
            print(f"{given.hours:g} h of {suffix} ({path.stat().st_size / 1e6:.0f} MB): {peak_mb:.0f} MB peak")
            path.unlink()
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"(this script itself: {own:.0f} MB)")


if __name__ == "__main__":
    main()
