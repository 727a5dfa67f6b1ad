"""Makes tracks.csv, the facts about GTZAN that ship with the package, from their published sources.

    python scripts/make_gtzan_tables.py SOURCES

SOURCES holds ``sturm_index.txt``, ``wav_sha256.csv`` and ``splits/``.
No audio and nothing derived from audio samples is written, only hashes, sizes, names and list memberships.
"""

from __future__ import annotations

import argparse
import csv
import re
from pathlib import Path

TABLE = Path(__file__).parents[1] / "src/genrekit/data/sets/assets/gtzan/tracks.csv"
COLUMNS = ("track", "artist", "title", "wav_bytes", "wav_sha256", "filtered", "stratified", "artist_fold")


def read_index(path: Path) -> dict[str, tuple[str, str]]:
    """Artist and title of each track; "" where the index does not know."""
    index = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("##"):
            continue
        # A few lines have no blank before or after the separator.
        name, artist, title = (field.strip() for field in line.split(":::"))
        index[name.removesuffix(".wav")] = (artist, title)
    return index


def read_parts(folder: Path, suffix: str) -> dict[str, str]:
    """Part of each track that ``{part}_{suffix}.txt`` names."""
    parts = {}
    for part in ("train", "valid", "test"):
        for line in (folder / f"{part}_{suffix}.txt").read_text(encoding="utf-8").splitlines():
            parts[Path(line.strip()).stem] = part
    return parts


def read_artist_folds(folder: Path) -> dict[str, str]:
    """Fold (1 to 3) whose evaluation part holds the track; in the other two it is training."""
    folds = {}
    for fold in "123":
        for line in (folder / f"f{fold}_evaluate.txt").read_text(encoding="utf-8").splitlines():
            name = Path(line.split("\t")[0]).stem
            folds[re.sub(r"_(\d+)$", r".\1", name)] = fold
    return folds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", type=Path)
    sources = parser.parse_args().sources
    index = read_index(sources / "sturm_index.txt")
    filtered = read_parts(sources / "splits", "filtered")
    stratified = read_parts(sources / "splits", "stratified")
    folds = read_artist_folds(sources / "splits" / "artist_folds")
    with (sources / "wav_sha256.csv").open(encoding="utf-8", newline="") as handle:
        files = {row["track"]: row for row in csv.DictReader(handle)}
    if set(index) != set(files) or len(index) != 1000:
        raise SystemExit("the index and the list of hashes name different tracks")
    with TABLE.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(COLUMNS)
        for track in sorted(index):
            row = files[track]
            lists = (filtered.get(track, ""), stratified.get(track, ""), folds.get(track, ""))
            writer.writerow((track, *index[track], row["wav_bytes"], row["sha256"], *lists))


if __name__ == "__main__":
    main()
