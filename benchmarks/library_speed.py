"""Speed and memory over a library of three-minute mp3, flac and m4a on all cores, sides interleaved in one run.

    python benchmarks/library_speed.py RECORDING... [--songs 24] [--rounds 3] [--model FILE] [--many 600]

The songs are made from the given recordings with FFmpeg's program: repeated to three minutes, stereo, 44.1 kHz. Prints
files per second, the ratio to decoding and resampling alone on as many cores, to spawned processes with a model each,
and to a plain script that takes librosa and the model file by file; and the memory after a tenth and after all of many
files.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

SONG_S = 180
ENCODINGS = {
    "mp3": ("-c:a", "libmp3lame", "-b:a", "192k"),
    "flac": ("-c:a", "flac", "-sample_fmt", "s16"),
    "m4a": ("-c:a", "aac", "-b:a", "192k"),
}


def make_library(recordings: list[Path], folder: Path, n_songs: int) -> list[Path]:
    songs = []
    for number in range(n_songs):
        suffix, encoding = list(ENCODINGS.items())[number % len(ENCODINGS)]
        song = folder / f"{number:04}.{suffix}"
        recording = recordings[number // len(ENCODINGS) % len(recordings)]
        options = ("-vn", "-t", str(SONG_S), "-ac", "2", "-ar", "44100", *encoding)
        command = ["ffmpeg", "-v", "error", "-stream_loop", "-1", "-i", str(recording), *options, str(song)]
        subprocess.run(command, check=True)
        songs.append(song)
    return songs


_own: dict[str, object] = {}


def start_process(model: str) -> None:
    import genrekit

    _own["classifier"] = genrekit.load(model)


def classify_in_process(song: Path) -> object:
    (outcome,) = _own["classifier"].classify_many([song], n_jobs=1)  # type: ignore[attr-defined]
    return outcome


def plain(songs: list[Path], model: str) -> Iterator[object]:
    """What one writes in ten minutes: librosa loads, the model takes the windows of a song at once."""
    import librosa
    import numpy as np
    import onnxruntime

    import genrekit

    file = genrekit.load(model).model_file
    card = file.card
    session = onnxruntime.InferenceSession(str(file.path))
    for song in songs:
        y, _ = librosa.load(song, sr=card.sr, mono=True)
        n, hop = round(card.window_s * card.sr), round(card.hop_s * card.sr)
        starts = range(0, len(y) - n + 1, hop)
        windows = np.stack([y[start : start + n] for start in starts])
        yield session.run(["probabilities"], {"waveform": windows})[0].mean(axis=0)


def memory_mb(kind: str) -> float:
    """`VmRSS` now or `VmHWM`, the most so far; getrusage would tell the parent's peak too."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(kind)) * 1024 / 1e6


def memory(songs: list[Path], model: str, n_files: int) -> None:
    """Runs in a process of its own: memory after a tenth of the files, after all, and at its peak."""
    import genrekit

    endless = (songs[number % len(songs)] for number in range(n_files))
    for number, _ in enumerate(genrekit.load(model).classify_many(endless), start=1):
        if number in (n_files // 10, n_files):
            print(f"{number} files: {memory_mb('VmRSS'):.0f} MB resident, {memory_mb('VmHWM'):.0f} MB at the peak")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", type=Path, nargs="+")
    parser.add_argument("--songs", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--many", type=int, default=600)
    parser.add_argument("--model", default="default")
    given = parser.parse_args()

    import os

    import genrekit
    from genrekit.audio import open_audio

    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        songs = make_library(given.recordings, Path(folder), given.songs)
        classifier = genrekit.load(given.model)
        sr = classifier.card.sr

        def decode(song: Path) -> int:
            with open_audio(song, sr=sr) as stream:
                return sum(map(len, stream))

        with (
            ThreadPoolExecutor(n_cores) as threads,
            ProcessPoolExecutor(n_cores, context, start_process, (given.model,)) as processes,
        ):
            sides: dict[str, Callable[[], object]] = {
                "genrekit": lambda: list(classifier.classify_many(songs)),
                "decoding": lambda: list(threads.map(decode, songs)),
                "processes": lambda: list(processes.map(classify_in_process, songs)),
            }
            taken: dict[str, list[float]] = {side: [] for side in sides}
            for number in range(given.rounds + 1):
                for side, action in sides.items():
                    start = time.perf_counter()
                    action()
                    if number:  # the first round warms the file cache and starts the processes
                        taken[side].append(time.perf_counter() - start)
        few = songs[: 2 * len(ENCODINGS)]
        start = time.perf_counter()
        list(plain(few, given.model))
        plain_s = (time.perf_counter() - start) / len(few)
        seconds = {side: statistics.median(values) / len(songs) for side, values in taken.items()}
        print(f"{len(songs)} songs of {SONG_S} s on {n_cores} cores: {1 / seconds['genrekit']:.2f} files/s")
        print(f"ratio to decoding and resampling alone: {seconds['genrekit'] / seconds['decoding']:.2f}")
        print(f"spawned processes instead of threads: {seconds['processes'] / seconds['genrekit']:.2f} times the time")
        print(f"a plain script with librosa: {plain_s / seconds['genrekit']:.1f} times the time")
        sys.stdout.flush()
        process = context.Process(target=memory, args=(songs, given.model, given.many))
        process.start()
        process.join()


if __name__ == "__main__":
    main()
