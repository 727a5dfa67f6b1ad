"""Load on `genrekit serve`: requests per second and 95th percentile for 30 s recordings, with bad uploads in between.

    python benchmarks/service_load.py                       # recordings made of the examples
    python benchmarks/service_load.py --seconds 600         # a soak

Every answer is compared with the one that its file got alone, so that a lost or mixed-up one ends the run.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import soundfile

from genrekit.audio import load_audio

EXAMPLES = Path(__file__).parents[1] / "examples"
SR = 22_050
DURATION_S = 30.0
N_RECORDINGS = 12
BAD_SHARE = 0.1
BAD = {"empty.mp3": b"", "text.mp3": b"no music\n" * 500, "zeros.mp3": bytes(100_000)}


def recordings() -> dict[str, bytes]:
    """Mono Ogg Vorbis files of 30 s, each another cut of the examples."""
    sources = [load_audio(path, sr=SR) for path in sorted(EXAMPLES.glob("*.ogg"))]
    files = {}
    for index in range(N_RECORDINGS):
        y = np.roll(np.concatenate([sources[index % len(sources)]] * 2), -index * SR)[: round(DURATION_S * SR)]
        buffer = io.BytesIO()
        soundfile.write(buffer, y, SR, format="OGG", subtype="VORBIS")
        files[f"{index}.ogg"] = buffer.getvalue()
    return files


def start() -> tuple[subprocess.Popen[str], str]:
    """The service and its address."""
    program = "import sys; from genrekit.cli.main import main; sys.exit(main())"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "serve", "--port", "0"], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"serving at (\S+)", line):
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return process, found[1]
    raise SystemExit("the service did not start")


def memory_mb(pid: int) -> float:
    """Resident memory of the service itself, without its workers."""
    status = Path(f"/proc/{pid}/status")
    found = re.search(r"VmRSS:\s+(\d+)", status.read_text()) if status.exists() else None
    return int(found[1]) / 1000 if found else float("nan")


def main() -> None:
    """Run it at 1, 4 and 16 clients and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="for each number of clients")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 16])
    arguments = parser.parse_args()
    files = recordings()
    process, url = start()
    try:
        with httpx.Client(base_url=url, timeout=120, limits=httpx.Limits(max_connections=64)) as client:

            def send(name: str, content: bytes) -> tuple[int, dict[str, object]]:
                answer = client.post("/v1/classify", files={"file": (name, content)})
                return answer.status_code, answer.json()

            alone = {name: send(name, content) for name, content in files.items()}
            print(
                f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before; memory {memory_mb(process.pid):.0f} MB"
            )
            for n_clients in arguments.clients:
                began_s = time.perf_counter()
                times_s, n_bad = run(send, files, alone, n_clients, arguments.seconds)
                # The last answers come after the time is up.
                wall_s = time.perf_counter() - began_s
                print(
                    f"{n_clients:2d} clients: {len(times_s) / wall_s:5.1f} recordings/s, median "
                    f"{np.median(times_s):.3f} s, 95th percentile {np.quantile(times_s, 0.95):.3f} s, "
                    f"{len(times_s)} right and {n_bad} bad uploads refused, none lost or mixed up; "
                    f"memory {memory_mb(process.pid):.0f} MB"
                )
    finally:
        process.terminate()
        print(f"stopped with exit code {process.wait(60)}")


def run(send: object, files: dict[str, bytes], alone: dict[str, object], n_clients: int, seconds: float) -> tuple:
    """Answer times in s of the good files, and how many bad ones were refused."""
    end = time.perf_counter() + seconds
    names, bad_names = sorted(files), sorted(BAD)

    def one(client: int) -> tuple[list[float], int]:
        rng = np.random.default_rng(client)
        times_s, n_bad = [], 0
        while time.perf_counter() < end:
            if rng.random() < BAD_SHARE:
                name = bad_names[rng.integers(len(bad_names))]
                status, answer = send(name, BAD[name])
                if status != 422 or answer["path"] != name:
                    raise SystemExit(f"{name}: {status} {answer}")
                n_bad += 1
                continue
            name = names[rng.integers(len(names))]
            start_s = time.perf_counter()
            if (answer := send(name, files[name])) != alone[name]:
                raise SystemExit(f"{name}: {answer} is not {alone[name]}")
            times_s.append(time.perf_counter() - start_s)
        return times_s, n_bad

    with ThreadPoolExecutor(n_clients) as pool:
        done = list(pool.map(one, range(n_clients)))
    return [time_s for times_s, _ in done for time_s in times_s], sum(n_bad for _, n_bad in done)


if __name__ == "__main__":
    main()
