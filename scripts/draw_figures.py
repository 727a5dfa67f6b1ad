"""Draws the figures of results/figures anew, from stored predictions and metrics, by the commands that anyone can type.

    python scripts/draw_figures.py [--gtzan DIR]

Those of report A's features need the public table, below DIR. The embedding (report A's figure 5) is drawn anew from
the points that lie beside it; new points need the weights of a run, which are not stored: `genrekit analyse embedding
RUN --output results/figures/se_cnn_gap`.

Metrics per fold are drawn of the protocols of which two folds or more were run: one fold is no spread.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from genrekit.analysis.embedding_figure import draw_plane, load_plane
from genrekit.analysis.picture import write_picture

REPOSITORY = Path(__file__).parents[1]
RESULTS = REPOSITORY / "results" / "reports"
FIGURES = REPOSITORY / "results" / "figures"

# folder -> (runs by protocol, whole first, what is contaminated last)
SYSTEMS = {
    "se_cnn": ("a_se_cnn_archive/p2", "a_se_cnn_archive/p4", "a_se_cnn_contaminated_archive/p1"),
    "se_cnn_gap": ("a_se_cnn_gap_archive/p2", "a_se_cnn_gap_archive/p4", "a_se_cnn_gap_contaminated_archive/p1"),
    "se_cnn_augmented": (
        "a_se_cnn_augmented_archive/p2",
        "a_se_cnn_augmented_archive/p4",
        "a_se_cnn_augmented_archive/p1",
    ),
    "se_cnn_gap_augmented": (
        "a_se_cnn_gap_augmented_archive/p2",
        "a_se_cnn_gap_augmented_archive/p4",
        "a_se_cnn_gap_augmented_archive/p1",
    ),
    "resnet": ("a_resnet_archive/p2",),
    "cnn_lstm": ("cnn_lstm_archive/p2",),
    "transformer": ("transformer_archive/p2",),
    "mlp_30s": ("a_mlp_30s/p2", "a_mlp_30s/p4"),
    "mlp_3s": ("a_mlp_3s/p2", "a_mlp_3s/p4", "a_mlp_3s_contaminated/p1"),
    "mlp_10s": ("a_mlp_10s/p2", "a_mlp_10s/p4", "a_mlp_10s_contaminated/p1"),
    "rgluformer": ("b_rgluformer_archive/p2", "b_rgluformer_archive/p4", "b_rgluformer_contaminated_archive/p1"),
    "rglu_lstm": ("b_rglu_lstm_archive/p2", "b_rglu_lstm_archive/p4", "b_rglu_lstm_contaminated_archive/p1"),
    "rglu_gru": ("b_rglu_gru_archive/p2",),
    "rglu_bilstm": ("b_rglu_bilstm_archive/p2",),
    "sincnet": ("sincnet/p2",),
}
# Training curves of several systems in one picture: report A's figures 1 and 4, and that its ResNet overfits.
COMPARED = {
    "report_a": (
        "a_se_cnn_archive/p2_stopped_on_test",
        "a_se_cnn_augmented_archive/p2_stopped_on_test",
        "a_se_cnn_gap_archive/p2_stopped_on_test",
        "a_se_cnn_gap_augmented_archive/p2_stopped_on_test",
        "a_se_cnn_archive/p2",
        "a_se_cnn_augmented_archive/p2",
        "a_se_cnn_gap_archive/p2",
        "a_se_cnn_gap_augmented_archive/p2",
        "a_se_cnn_contaminated_archive/p1",
        "a_se_cnn_gap_contaminated_archive/p1",
        "a_se_cnn_augmented_archive/p1",
        "a_se_cnn_gap_augmented_archive/p1",
    ),
    "resnet_beside_se_cnn": ("a_se_cnn_archive/p2", "a_resnet_archive/p2"),
}


def draw(verb: str, *what: str | Path, to: str) -> None:
    command = [sys.executable, "-m", "genrekit", "analyse", verb, *map(str, what), "--output", str(FIGURES / to)]
    print(" ".join(command[2:]), flush=True)
    subprocess.run(command, check=True)


def with_several_folds(folders: Sequence[Path]) -> list[Path]:
    """Those of folders of runs in which two folds or more were run."""

    def folds(folder: Path) -> set[int]:
        return {json.loads(path.read_text(encoding="utf-8"))["fold"] for path in folder.glob("*/split.json")}

    return [folder for folder in folders if len(folds(folder)) > 1]


def draw_folds(folders: Sequence[Path], *options: str, to: str) -> None:
    """Draw metrics per fold where there are several; without any, what was drawn before goes."""
    several = with_several_folds(folders)
    if several:
        draw("folds", *several, *options, to=to)
        return
    for path in (FIGURES / to).glob("folds.*"):
        print(f"removed {path}: one fold", flush=True)
        path.unlink()


def _those_there(names: Sequence[str]) -> list[Path]:
    return [RESULTS / name for name in names if (RESULTS / name).is_dir()]


def redraw_embedding(folder: Path) -> None:
    """Draw an embedding anew from the numbers that lie beside it."""
    for picture in draw_plane(load_plane(folder)):
        print(*write_picture(picture, folder), sep="\n", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gtzan", type=Path, help="folder that holds features_30_sec.csv")
    given = parser.parse_args()
    for folder, names in COMPARED.items():
        draw("curves", *_those_there(names), to=folder)
    for system, names in SYSTEMS.items():
        there = _those_there(names)
        if not there:
            continue
        # One decision a track as the report makes it; a vote has no confidence of its own.
        fusion = ("--fusion", "vote" if system.startswith("rglu") else "mean")
        draw("curves", *there, to=system)
        draw_folds(there, *fusion, to=system)
        # One protocol: of the first, by tracks.
        draw("confusion", there[0], *fusion, to=system)
        draw("reliability", there[0], to=system)
    for numbers in sorted(FIGURES.glob("*/embedding.csv")):
        redraw_embedding(numbers.parent)
    if given.gtzan:
        draw("pca", given.gtzan / "features_30_sec.csv", to="features")


if __name__ == "__main__":
    main()
