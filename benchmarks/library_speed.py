"""Speed and memory over a library of three-minute mp3, flac and m4a on all cores, sides interleaved in one run.

    python benchmarks/library_speed.py RECORDING... [--songs 24] [--rounds 3] [--model FILE] [--many 600]

The songs are made from the given recordings with FFmpeg's program: repeated to three minutes, stereo, 44.1 kHz. Prints
files per second, starting the processes included, the ratio to decoding and resampling alone in as many processes that
are up already, to threads, and to a plain script that takes librosa and the model file by file; and the memory over
many files.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

SONG_S = 180
SR = 22_050
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


def decode(song: Path) -> int:
    """The samples of a song at the model's rate, mono; the least that any classifier does."""
    from genrekit.audio import open_audio

    with open_audio(song, sr=SR) as stream:
        return sum(map(len, stream))


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


def memory_mb() -> float:
    """Memory of this process and its children, what they share counted once."""
    tree = [os.getpid(), *(child.pid for child in multiprocessing.active_children())]
    texts = [Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines() for pid in tree]
    return sum(int(line.split()[1]) for text in texts for line in text if line.startswith("Pss:")) * 1024 / 1e6


def memory(songs: list[Path], model: str, n_files: int) -> None:
    """Runs in a process of its own: memory after a hundredth, a tenth and all of the files."""
    import genrekit

    endless = (songs[number % len(songs)] for number in range(n_files))
    start = time.perf_counter()
    for number, _ in enumerate(genrekit.load(model).classify_many(endless, processes=True), start=1):
        if number in (n_files // 100, n_files // 10, n_files):
            print(
                f"{number} files: {memory_mb():.0f} MB, {number / (time.perf_counter() - start):.2f} files/s",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", type=Path, nargs="+")
    parser.add_argument("--songs", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--many", type=int, default=600)
    parser.add_argument("--model", default="default")
    given = parser.parse_args()

    import genrekit

    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        songs = make_library(given.recordings, Path(folder), given.songs)
        classifier = genrekit.load(given.model)
        assert classifier.card.sr == SR
        with ProcessPoolExecutor(n_cores, context) as pool:
            sides: dict[str, Callable[[], object]] = {
                "genrekit": lambda: list(classifier.classify_many(songs, processes=True)),
                "decoding": lambda: list(pool.map(decode, songs)),
                "threads": lambda: list(classifier.classify_many(songs)),
            }
            taken: dict[str, list[float]] = {side: [] for side in sides}
            for number in range(given.rounds + 1):
                for side, action in sides.items():
                    start = time.perf_counter()
                    action()
                    if number:  # the first round warms the file cache and starts the decoding processes
                        taken[side].append(time.perf_counter() - start)
        few = songs[: 2 * len(ENCODINGS)]
        start = time.perf_counter()
        list(plain(few, given.model))
        plain_s = (time.perf_counter() - start) / len(few)
        seconds = {side: statistics.median(values) / len(songs) for side, values in taken.items()}
        print(f"{len(songs)} songs of {SONG_S} s on {n_cores} cores: {1 / seconds['genrekit']:.2f} files/s")
        print(f"ratio to decoding and resampling alone: {seconds['genrekit'] / seconds['decoding']:.2f}")
        print(f"threads instead of processes: {seconds['threads'] / seconds['genrekit']:.2f} times the time")
        print(f"a plain script with librosa: {plain_s / seconds['genrekit']:.1f} times the time")
        sys.stdout.flush()
        process = context.Process(target=memory, args=(songs, given.model, given.many))
        process.start()
        process.join()


if __name__ == "__main__":
    main()
